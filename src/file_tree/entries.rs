//! The entries of a file tree, in the order and with the attributes that they
//! have in the tarball.
//!
//! A parent stands before its children, siblings in byte order of their
//! names. Owner and mode are the file's, changed by every permission rule
//! that matches its source path, one after the other.

use super::{FileTree, NodeId, TOP};
use crate::source::Kind;

/// Mode and owner of an entry, after the permission rules.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attributes<'a> {
    pub(crate) mode: u32,
    pub(crate) uid: i64,
    pub(crate) gid: i64,
    pub(crate) uname: &'a str,
    pub(crate) gname: &'a str,
}

impl FileTree {
    pub(crate) fn kind(&self, id: NodeId) -> Kind {
        self.nodes[id as usize].kind
    }

    /// Bytes of content; 0 for all but regular files.
    pub(crate) fn size(&self, id: NodeId) -> u64 {
        self.nodes[id as usize].size
    }

    /// What a symlink points to; empty for all others.
    pub(crate) fn target(&self, id: NodeId) -> &[u8] {
        self.text(self.nodes[id as usize].target)
    }

    /// The file a node comes from; None for a parent that no source gave.
    pub(crate) fn source(&self, id: NodeId) -> Option<Vec<u8>> {
        let origin = self.nodes[id as usize].origin?;
        Some(self.source_path(origin))
    }

    /// Mode and owner, after the permission rules.
    pub(crate) fn attributes(&self, id: NodeId) -> Attributes<'_> {
        let node = &self.nodes[id as usize];
        let mut attributes = Attributes {
            mode: node.mode,
            uid: 0,
            gid: 0,
            uname: "root",
            gname: "root",
        };
        let Some(origin) = node.origin else {
            return attributes;
        };
        let rules = &self.paths[origin.path as usize].options().perms;
        if rules.is_empty() {
            return attributes;
        }
        let source = self.source_path(origin);
        for rule in rules.iter().filter(|rule| rule.applies_to(&source)) {
            let text = rule.text();
            attributes.uid = text.uid;
            attributes.gid = text.gid;
            attributes.mode = rule.mode().unwrap_or(attributes.mode);
            for (own, new) in [
                (&mut attributes.uname, &text.uname),
                (&mut attributes.gname, &text.gname),
            ] {
                if !new.is_empty() {
                    *own = new;
                }
            }
        }
        attributes
    }
}

/// A place in the depth-first order of a tree.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// The nodes above, each with the number of children that were visited
    /// and the length of its name.
    above: Vec<(NodeId, usize, usize)>,
    name: Vec<u8>,
}

impl Cursor {
    /// Goes to the next entry; None behind the last.
    pub(crate) fn advance(&mut self, tree: &FileTree) -> Option<NodeId> {
        if self.above.is_empty() && self.name.is_empty() {
            self.above.push((TOP, 0, 0));
        }
        while let Some((parent, visited, length)) = self.above.last_mut() {
            self.name.truncate(*length);
            let Some(child) = tree.nodes[*parent as usize].children.get(*visited) else {
                self.above.pop();
                continue;
            };
            *visited += 1;
            if !matches!(self.name.last(), None | Some(b'/')) {
                self.name.push(b'/');
            }
            self.name
                .extend_from_slice(tree.text(tree.nodes[*child as usize].name));
            self.above.push((*child, 0, self.name.len()));
            return Some(*child);
        }
        None
    }

    /// The name of the current entry: absolute, with no slash at its end.
    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }
}
