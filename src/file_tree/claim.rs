//! Claims: what becomes of a second source for a name that has one.
//!
//! Takes a node and a new source for it. The last one wins where the two are
//! equal, as far as the reference looks: type, mode, size and permission
//! rules. Of directories with other rules, the rules of all apply. Any other
//! file must be the same, byte for byte; that is looked at by
//! [`FileTree::check`], for whoever only streams a layer checks its digest.

use super::{FileTree, Giver, NodeId, Origin};
use crate::source::{Kind, SourceEntry};
use crate::{Error, Result};

/// Two sources of one name whose contents are yet to be compared.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) node: NodeId,
    pub(super) first: Origin,
    pub(super) second: Origin,
    /// Whether it is an error that they differ.
    pub(super) must_agree: bool,
}

/// Two sources of one name that the reference would refuse.
#[derive(Debug)]
pub(super) struct Merge {
    node: NodeId,
    first: Origin,
    second: Origin,
    equal_modes: bool,
}

impl FileTree {
    /// A file cannot hold others. A symlink can stand above files: extraction
    /// follows it, and the reference packs such trees.
    pub(super) fn check_parent(&self, parent: NodeId, source: &[u8]) -> Result<()> {
        let node = &self.nodes[parent as usize];
        match (node.origin, node.kind) {
            (None, _) | (_, Kind::Directory | Kind::Symlink) => Ok(()),
            (Some(origin), _) => Err(Error::Conflict {
                name: self.image_path(parent),
                first: source.escape_ascii().to_string(),
                second: self.text(origin.source).escape_ascii().to_string(),
                difference: "differ: the first needs a directory there".to_owned(),
                remedy: self.remedy(&[origin]),
            }),
        }
    }

    /// Gives a node its source, if that agrees with the one it has.
    pub(super) fn fill(&mut self, id: NodeId, origin: Origin, entry: &SourceEntry) -> Result<()> {
        if self.nodes[id as usize].unwalked {
            self.expand(id)?;
        }
        if let Some(difference) = self.difference(id, origin, entry) {
            let first = self.nodes[id as usize].origin;
            return Err(self.conflict(id, first, origin, difference));
        }
        let target = self.store(&entry.target)?;
        let node = &mut self.nodes[id as usize];
        node.origin = Some(origin);
        node.kind = entry.kind;
        node.mode = entry.mode;
        node.size = entry.size;
        node.target = target;
        Ok(())
    }

    /// In what a new source differs from what a node has already, if it does
    /// so that there cannot be both.
    fn difference(&mut self, id: NodeId, new: Origin, entry: &SourceEntry) -> Option<String> {
        let node = &self.nodes[id as usize];
        let holds_files = !node.children.is_empty();
        let may_hold_files = matches!(
            (entry.kind, new.giver),
            (Kind::Directory, _) | (Kind::Symlink, Giver::Path(_))
        );
        if holds_files && !may_hold_files {
            return Some("differ: there are files below that name".to_owned());
        }
        let old = node.origin?;
        if node.kind != entry.kind {
            return Some("are files of different types".to_owned());
        }
        if node.size != entry.size {
            return Some(format!("have {} and {} bytes", node.size, entry.size));
        }
        let equal_modes = node.mode == entry.mode;
        match (entry.kind, old.giver, new.giver) {
            (_, Giver::Made(_), Giver::Made(_)) => {
                let equal = self.made_by(old).zip(self.made_by(new));
                let equal = equal.is_some_and(|(old, new)| old.is_same_as(new));
                (!equal).then(|| "differ".to_owned())
            }
            (Kind::Directory, Giver::Path(_), Giver::Made(_)) => {
                // A rule that matches no more than this directory is matched.
                self.attributes_of(id);
                self.shared.remove(&id);
                None
            }
            (_, Giver::Path(_), Giver::Path(_))
                if equal_modes
                    && self.rules_of(old) == self.rules_of(new)
                    && !self.shared.contains_key(&id) =>
            {
                self.replace(id, old, new, entry);
                None
            }
            (Kind::Directory, ..) => {
                self.note_merge(id, old, new, equal_modes);
                self.merge(id, old, new, entry.mode)
            }
            _ => {
                self.note_merge(id, old, new, equal_modes);
                self.difference_of_files(id, old, new, entry)
            }
        }
    }

    /// Remembers the first two paths whose claims the reference would refuse.
    fn note_merge(&mut self, node: NodeId, first: Origin, second: Origin, equal_modes: bool) {
        let of_paths = |origin: Origin| matches!(origin.giver, Giver::Path(_));
        if self.merge.is_none() && of_paths(first) && of_paths(second) {
            self.merge = Some(Merge {
                node,
                first,
                second,
                equal_modes,
            });
        }
    }

    /// Refuses what the reference would: paths that claim one name with other
    /// modes or permission rules, though they can be merged.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there are such.
    pub fn refuse_merges(&self) -> Result<()> {
        let Some(merge) = &self.merge else {
            return Ok(());
        };
        let what = if merge.equal_modes {
            "permission rules"
        } else {
            "modes"
        };
        let difference = format!("have different {what}");
        Err(self.conflict(merge.node, Some(merge.first), merge.second, difference))
    }

    /// The last of two sources wins; a user will want to know if they differ.
    fn replace(&mut self, id: NodeId, old: Origin, new: Origin, entry: &SourceEntry) {
        // A rule that matches no more than what is replaced is matched.
        self.attributes(old, entry.mode);
        let differ = match entry.kind {
            Kind::Symlink => self.text(self.nodes[id as usize].target) != entry.target,
            _ => entry.size > 0,
        };
        if differ {
            self.compare(id, old, new, false);
        }
    }

    /// In what two files differ that are neither directories nor alike in all
    /// that the reference looks at.
    fn difference_of_files(
        &mut self,
        id: NodeId,
        old: Origin,
        new: Origin,
        entry: &SourceEntry,
    ) -> Option<String> {
        let node = &self.nodes[id as usize];
        if self.attributes(old, node.mode) != self.attributes(new, entry.mode) {
            return Some(match self.rules_of(old) == self.rules_of(new) {
                true => format!("have modes {:04o} and {:04o}", node.mode, entry.mode),
                false => "have different modes or owners".to_owned(),
            });
        }
        if self.text(node.target) != entry.target {
            return Some("lead to different files".to_owned());
        }
        if entry.size > 0 {
            self.compare(id, old, new, true);
        }
        None
    }

    fn compare(&mut self, node: NodeId, first: Origin, second: Origin, must_agree: bool) {
        self.comparisons.push(Comparison {
            node,
            first,
            second,
            must_agree,
        });
    }

    pub(super) fn conflict(
        &self,
        id: NodeId,
        first: Option<Origin>,
        second: Origin,
        difference: String,
    ) -> Error {
        let text = |origin: Origin| self.text(origin.source).escape_ascii().to_string();
        let origins: Vec<_> = first.into_iter().chain([second]).collect();
        Error::Conflict {
            name: self.image_path(id),
            first: first.map_or_else(|| "another file".to_owned(), text),
            second: text(second),
            difference,
            remedy: self.remedy(&origins),
        }
    }

    /// What a user can change about claims on a node.
    fn remedy(&self, origins: &[Origin]) -> String {
        let made = origins.iter().filter_map(|origin| self.made_by(*origin));
        let mut attributes: Vec<_> = made.map(|made| format!("`{}`", made.attribute)).collect();
        let all_made = attributes.len() == origins.len();
        attributes.dedup();
        match attributes.last() {
            Some(_) if all_made => format!("change {}", attributes.join(" or ")),
            Some(last) => format!("take the file out of `copyToRoot`, or change {last}"),
            None => {
                "take one of them out of `copyToRoot`, or give both the same `perms`".to_owned()
            }
        }
    }
}
