//! Modes and owners: what the permission rules make of a file, and of a
//! directory that several paths give.
//!
//! A file's rules are those of its path, one after the other. Where paths with
//! different rules give one directory, the rules of all of them apply to it,
//! each by its own source: those of the most specific path last, so that they
//! count. That is the path whose root is deepest in the image; of equal ones,
//! the one that comes later.

use std::collections::BTreeMap;

use super::{FileTree, Giver, NodeId, Origin};
use crate::Warning;
use crate::path_options::PermRule;
use crate::root_files::MadeEntry;

/// Mode and owner of an entry, after the permission rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attributes<'a> {
    pub(crate) mode: u32,
    pub(crate) uid: i64,
    pub(crate) gid: i64,
    pub(crate) uname: &'a str,
    pub(crate) gname: &'a str,
}

impl<'a> Attributes<'a> {
    /// Those of a file with this mode that no rule is for.
    pub(super) fn plain(mode: u32) -> Self {
        Attributes {
            mode,
            uid: 0,
            gid: 0,
            uname: "root",
            gname: "root",
        }
    }

    /// What the rules that match this source path make of them.
    pub(super) fn changed_by(mut self, rules: &'a [PermRule], source: &[u8]) -> Self {
        for rule in rules.iter().filter(|rule| rule.applies_to(source)) {
            let text = rule.text();
            self.uid = text.uid;
            self.gid = text.gid;
            self.mode = rule.mode().unwrap_or(self.mode);
            for (own, new) in [
                (&mut self.uname, &text.uname),
                (&mut self.gname, &text.gname),
            ] {
                if !new.is_empty() {
                    *own = new;
                }
            }
        }
        self
    }

    fn of_made(made: &'a MadeEntry) -> Self {
        Attributes {
            mode: made.mode,
            uid: made.uid.into(),
            gid: made.gid.into(),
            uname: &made.uname,
            gname: &made.gname,
        }
    }
}

impl FileTree {
    /// The permission rules of an origin; none for what is made.
    pub(super) fn rules_of(&self, origin: Origin) -> &[PermRule] {
        match origin.giver {
            Giver::Path(index) => &self.contents.paths()[index as usize].options().perms,
            Giver::Made(_) => &[],
        }
    }

    /// The attributes of a source alone, which has this mode.
    pub(super) fn attributes(&self, origin: Origin, mode: u32) -> Attributes<'_> {
        match self.made_by(origin) {
            Some(made) => Attributes::of_made(made),
            None => self.merged(&[origin], mode),
        }
    }

    /// The attributes of a node.
    pub(super) fn attributes_of(&self, id: NodeId) -> Attributes<'_> {
        let node = &self.nodes[id as usize];
        match (self.shared.get(&id), node.origin) {
            (Some(origins), _) => self.merged(origins, node.mode),
            (None, Some(origin)) => self.attributes(origin, node.mode),
            (None, None) => Attributes::plain(node.mode),
        }
    }

    fn merged(&self, origins: &[Origin], mode: u32) -> Attributes<'_> {
        origins.iter().fold(Attributes::plain(mode), |all, origin| {
            all.changed_by(self.rules_of(*origin), self.text(origin.source))
        })
    }

    /// Puts the rules of a path for a directory to those of the paths that
    /// give it already. What they differ in comes back if no rule settles it.
    pub(super) fn merge(
        &mut self,
        id: NodeId,
        old: Origin,
        new: Origin,
        mode: u32,
    ) -> Option<String> {
        let mut origins = self.shared.remove(&id).unwrap_or_else(|| vec![old]);
        let depth = self.depth_of_root(new);
        let at = origins.partition_point(|origin| self.depth_of_root(*origin) <= depth);
        self.warn_of_disagreement(id, &origins[..at], new, mode);
        origins.insert(at, new);
        let before = self.nodes[id as usize].mode;
        if before != mode && self.merged(&origins, before) != self.merged(&origins, mode) {
            return Some(format!("have modes {before:04o} and {mode:04o}"));
        }
        self.shared.insert(id, origins);
        None
    }

    /// The directories for which the rules of a lower layer's path do not
    /// count, as a higher layer's path gives them without any: one for each
    /// two paths. `layer_of` has the layer of each path.
    pub(crate) fn hidden_rules(&self, layer_of: &[usize]) -> Vec<Warning> {
        let layer = |origin: &Origin| match origin.giver {
            Giver::Path(index) => layer_of.get(index as usize).copied(),
            Giver::Made(_) => None,
        };
        let mut warnings: BTreeMap<_, String> = BTreeMap::new();
        for (id, origins) in &self.shared {
            let highest = origins.iter().map(layer).max().flatten();
            let (high, low): (Vec<Origin>, Vec<Origin>) =
                origins.iter().partition(|origin| layer(origin) == highest);
            let plain = Attributes::plain(self.nodes[*id as usize].mode);
            let is_ruled = |origin: &&Origin| self.attributes(**origin, plain.mode) != plain;
            let hidden = low.iter().rfind(is_ruled);
            if let (Some(first), Some(second), None) =
                (hidden, high.last(), high.iter().find(is_ruled))
            {
                let name = self.image_path(*id);
                let pair = (self.path_of(*first), self.path_of(*second));
                let known = warnings.entry(pair).or_insert_with(|| name.clone());
                if name < *known {
                    *known = name;
                }
            }
        }
        let warning = |((first, second), name)| Warning::HiddenRules {
            name,
            first,
            second,
        };
        warnings.into_iter().map(warning).collect()
    }

    /// The store path that gives an origin.
    fn path_of(&self, origin: Origin) -> String {
        match origin.giver {
            Giver::Path(index) => self.contents.paths()[index as usize].path().to_owned(),
            Giver::Made(_) => String::new(),
        }
    }

    /// Where a path's root is in the image: below so many directories.
    fn depth_of_root(&self, origin: Origin) -> usize {
        let Giver::Path(index) = origin.giver else {
            return 0;
        };
        let path = &self.contents.paths()[index as usize];
        let full = path.path().as_bytes();
        let rewrite = path.options().rewrite.as_ref();
        let name = rewrite.map_or(full.into(), |rewrite| rewrite.apply(full));
        let components = name.split(|byte| *byte == b'/');
        components.filter(|part| !part.is_empty()).count()
    }

    /// Tells when the last of several equally specific paths has rules that
    /// change what another of them sets.
    fn warn_of_disagreement(&mut self, id: NodeId, before: &[Origin], new: Origin, mode: u32) {
        let depth = self.depth_of_root(new);
        let own = self.attributes(new, mode);
        let plain = Attributes::plain(mode);
        let disagrees = |other: &&Origin| {
            let others = self.attributes(**other, mode);
            self.depth_of_root(**other) == depth && others != plain && own != plain && others != own
        };
        let Some(other) = before.iter().rfind(disagrees) else {
            return;
        };
        let pair = (self.path_of(*other), self.path_of(new));
        let is_known = |warning: &Warning| {
            matches!(warning, Warning::RulesDisagree { first, second, .. }
                if (first, second) == (&pair.0, &pair.1))
        };
        if !self.warnings.iter().any(is_known) {
            self.warnings.push(Warning::RulesDisagree {
                name: self.image_path(id),
                first: pair.0,
                second: pair.1,
            });
        }
    }
}
