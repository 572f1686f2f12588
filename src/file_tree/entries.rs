//! The entries of a file tree, in the order and with the attributes that they
//! have in the tarball.
//!
//! A parent stands before its children, siblings in byte order of their
//! names. Owner and mode are the file's, changed by every permission rule
//! that matches its source path, one after the other. Store paths that are
//! not in the tree are walked on the way, and their regular files come open.

use std::borrow::Cow;
use std::fs::File;
use std::sync::Arc;

use rustix::fs::CWD;

use super::attributes::Attributes;
use super::{FileTree, NodeId, TOP};
use crate::Result;
use crate::case_hack::image_name;
use crate::path_options::PermRule;
use crate::source::{self, Kind};
use crate::walk::Walk;

/// What a tarball says of a file.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The name in the image: with no slash at its end.
    pub(crate) name: Cow<'a, [u8]>,
    pub(crate) kind: Kind,
    /// Bytes of content; 0 for all but regular files.
    pub(crate) size: u64,
    /// What a symlink points to; empty for all others.
    pub(crate) target: Cow<'a, [u8]>,
    pub(crate) attributes: Attributes<'a>,
    /// The content of a store path's regular file that is not empty.
    pub(crate) file: Option<File>,
    /// The content of a file that is made.
    pub(crate) text: &'a [u8],
    /// The attribute with the file's capabilities; empty when it has none.
    pub(crate) capability: &'a [u8],
}

/// A place among the entries of a tree, at first before all of them.
#[derive(Debug)]
pub(crate) struct Entries {
    tree: Arc<FileTree>,
    cursor: Cursor,
    node: NodeId,
    /// The walk of the current node's files, if they are not in the tree.
    walk: Option<Walk>,
}

impl Entries {
    pub(crate) fn new(tree: Arc<FileTree>) -> Self {
        Entries {
            tree,
            cursor: Cursor::default(),
            node: TOP,
            walk: None,
        }
    }

    /// Goes to the next entry; None behind the last.
    ///
    /// # Errors
    /// When a file cannot be opened or a directory cannot be listed.
    pub(crate) fn advance(&mut self) -> Result<Option<Entry<'_>>> {
        if let Some(walk) = &mut self.walk
            && !self.tree.advance(walk)?
        {
            self.walk = None;
        }
        if self.walk.is_none() {
            let Some(id) = self.cursor.advance(&self.tree) else {
                return Ok(None);
            };
            self.node = id;
            if self.tree.nodes[id as usize].unwalked {
                let mut walk = Walk::new(self.tree.source(id));
                walk.advance()?;
                self.walk = Some(walk);
            }
        }
        if self.walk.is_none() {
            return self.tree_entry().map(Some);
        }
        let origin = self.tree.nodes[self.node as usize].origin;
        let rules = origin.map_or(&[][..], |origin| self.tree.rules_of(origin));
        let walk = self.walk.as_mut();
        walk.map(|walk| walked_entry(walk, rules)).transpose()
    }

    /// The source path of the current entry.
    pub(crate) fn source(&self) -> &[u8] {
        match &self.walk {
            Some(walk) => walk.path(),
            None => self.tree.source(self.node),
        }
    }

    fn tree_entry(&self) -> Result<Entry<'_>> {
        let node = &self.tree.nodes[self.node as usize];
        let source = self.tree.source(self.node);
        let made = node.origin.and_then(|origin| self.tree.made_by(origin));
        let file = match (node.size, made) {
            (0, _) | (_, Some(_)) => None,
            _ => Some(source::open(CWD, source, source)?),
        };
        let is_file = node.kind == Kind::Regular;
        Ok(Entry {
            name: self.cursor.name().into(),
            kind: node.kind,
            size: node.size,
            target: self.tree.text(node.target).into(),
            attributes: self.tree.attributes_of(self.node),
            file,
            text: match made {
                Some(made) if is_file => made.content.as_bytes(),
                _ => b"",
            },
            capability: self.tree.capability(self.node),
        })
    }
}

fn walked_entry<'a>(walk: &'a mut Walk, rules: &'a [PermRule]) -> Result<Entry<'a>> {
    let (found, file) = walk.open()?;
    Ok(Entry {
        name: image_name(walk.path()),
        kind: found.kind,
        size: found.size,
        target: found.target.into(),
        attributes: Attributes::plain(found.mode).changed_by(rules, walk.path()),
        file: file.filter(|_| found.size > 0),
        text: b"",
        capability: b"",
    })
}

impl FileTree {
    /// The source path of a node; empty for a parent that no source gave.
    fn source(&self, id: NodeId) -> &[u8] {
        let origin = self.nodes[id as usize].origin;
        origin.map_or(b"", |origin| self.text(origin.source))
    }
}

/// A place in the depth-first order of a tree.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    /// The nodes above, each with the number of children that were visited
    /// and the length of its name.
    above: Vec<(NodeId, usize, usize)>,
    name: Vec<u8>,
}

impl Cursor {
    /// Goes to the next entry; None behind the last.
    pub(super) fn advance(&mut self, tree: &FileTree) -> Option<NodeId> {
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
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }
}
