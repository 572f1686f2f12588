//! Claims: when a second source may have a name that a first one has.
//!
//! Takes a node and a new source for it, and lets the last one win where the
//! two agree. A directory that is made has the mode and owner that were asked
//! for, whatever a store path says of it.

use super::{FileTree, Giver, Node, NodeId, Origin};
use crate::source::{Kind, SourceEntry};
use crate::{Error, Result};

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
                remedy: self.remedy(parent, origin),
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
            let first = first.map_or(&b"another file"[..], |origin| self.text(origin.source));
            return Err(Error::Conflict {
                name: self.image_path(id),
                first: first.escape_ascii().to_string(),
                second: self.text(origin.source).escape_ascii().to_string(),
                difference,
                remedy: self.remedy(id, origin),
            });
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

    /// In what a new source differs from what a node has already.
    fn difference(&self, id: NodeId, new: Origin, entry: &SourceEntry) -> Option<String> {
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
        let (old, new) = match (old.giver, new.giver) {
            (Giver::Path(old), Giver::Path(new)) => (old, new),
            _ => return self.difference_of_made(node, new, entry),
        };
        let perms = |path: u32| &self.contents.paths()[path as usize].options().perms;
        if node.mode != entry.mode {
            Some(format!(
                "have modes {:04o} and {:04o}",
                node.mode, entry.mode
            ))
        } else if node.size != entry.size {
            Some(format!("have {} and {} bytes", node.size, entry.size))
        } else if perms(old) != perms(new) {
            Some("have different permission rules".to_owned())
        } else {
            None
        }
    }

    /// In what an entry that is made differs from a source of its own kind.
    fn difference_of_made(&self, node: &Node, new: Origin, entry: &SourceEntry) -> Option<String> {
        let made = |origin| self.made_by(origin);
        match (node.origin.and_then(made), made(new)) {
            (Some(old), Some(new)) if old.is_same_as(new) => None,
            (None, Some(_)) if entry.kind == Kind::Directory => None,
            (None, Some(_)) if entry.kind == Kind::Symlink => (self.text(node.target)
                != entry.target)
                .then(|| "lead to different files".to_owned()),
            _ => Some("differ".to_owned()),
        }
    }

    /// What a user can change about two claims on a node.
    fn remedy(&self, id: NodeId, origin: Origin) -> String {
        let node = self.nodes[id as usize].origin;
        let givers = [node, Some(origin)].into_iter().flatten();
        match givers.filter_map(|origin| self.made_by(origin)).next_back() {
            Some(made) => format!(
                "take the file out of `copyToRoot`, or change `{}`",
                made.attribute
            ),
            None => {
                "take one of them out of `copyToRoot`, or give both the same `perms`".to_owned()
            }
        }
    }
}
