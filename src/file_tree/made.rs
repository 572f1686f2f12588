//! What is made and granted in a tree, beside the files of the store paths.
//!
//! Takes the root files of the layer; gives nodes that have no source, and
//! files that have capabilities.

use super::{FileTree, Giver, NodeId, Origin, TOP};
use crate::case_hack::image_name;
use crate::root_files::{Grant, MadeEntry, RootFiles};
use crate::source::{Kind, SourceEntry};
use crate::{Error, Result};

impl FileTree {
    /// Adds what is made, then grants capabilities.
    pub(super) fn add_root_files(&mut self, root_files: &RootFiles) -> Result<()> {
        for (index, entry) in root_files.entries.iter().enumerate() {
            self.make(index as u32, entry)?;
        }
        for (index, grant) in root_files.capabilities.iter().enumerate() {
            let id = self.file_of(grant)?;
            let earlier = self.grants.insert(id, index);
            let earlier = earlier.and_then(|index| root_files.capabilities.get(index));
            if earlier.is_some_and(|earlier| {
                earlier.capabilities.attribute() != grant.capabilities.attribute()
            }) {
                return Err(Error::Value(format!(
                    "`capabilities` names {} twice; write all its capabilities in one text, such \
                     as `cap_chown,cap_kill=ep`",
                    grant.path
                )));
            }
        }
        Ok(())
    }

    fn make(&mut self, index: u32, entry: &MadeEntry) -> Result<()> {
        let label = entry.label();
        self.refuse_others_above(entry)?;
        if let Some(id) = self.locate(entry.path.as_bytes(), label.as_bytes())? {
            let source = self.store(label.as_bytes())?;
            let giver = Giver::Made(index);
            let is_link = entry.kind == Kind::Symlink;
            let text = entry.content.as_bytes();
            let made = SourceEntry {
                kind: entry.kind,
                mode: entry.mode,
                size: if is_link { 0 } else { text.len() as u64 },
                target: if is_link { text.to_vec() } else { Vec::new() },
            };
            self.fill(id, Origin { giver, source }, &made)?;
        }
        Ok(())
    }

    /// What is made below a symlink would be written to where that leads, such
    /// as into a store path, and a file has nothing below it.
    fn refuse_others_above(&mut self, entry: &MadeEntry) -> Result<()> {
        for (end, _) in entry.path.match_indices('/').skip(1) {
            let above = &entry.path[..end];
            let Some(id) = self.find(above.as_bytes())? else {
                return Ok(());
            };
            let node = &self.nodes[id as usize];
            if node.kind != Kind::Directory {
                let source = node.origin.map(|origin| self.text(origin.source));
                return Err(Error::Value(format!(
                    "`{}` makes {}, but {above} is not a directory, by {}; make it one in \
                     `copyToRoot`, or change `{}`",
                    entry.attribute,
                    entry.path,
                    source.unwrap_or_default().escape_ascii(),
                    entry.attribute
                )));
            }
        }
        Ok(())
    }

    /// The regular file that capabilities are for.
    fn file_of(&mut self, grant: &Grant) -> Result<NodeId> {
        let refused =
            |reason| Error::Value(format!("`capabilities` names {}, {reason}", grant.path));
        let found = self.find(grant.path.as_bytes())?;
        let id = found.ok_or_else(|| refused("which is not in the layer".to_owned()))?;
        let node = &self.nodes[id as usize];
        match node.kind {
            Kind::Regular => Ok(id),
            Kind::Symlink => Err(refused(format!(
                "which is a symlink; name what it leads to: {}",
                self.text(node.target).escape_ascii()
            ))),
            _ => Err(refused("which is not a regular file".to_owned())),
        }
    }

    /// The node with a name in the image, if there is one.
    pub(crate) fn find(&mut self, name: &[u8]) -> Result<Option<NodeId>> {
        let mut node = TOP;
        let components = name.split(|byte| *byte == b'/');
        let components = components.filter(|component| !component.is_empty());
        let top = name.starts_with(b"/").then_some(&name[..1]);
        for component in top.into_iter().chain(components) {
            if self.nodes[node as usize].unwalked {
                self.expand(node)?;
            }
            match self.position(node, &image_name(component)) {
                Ok(position) => node = self.nodes[node as usize].children[position],
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(node))
    }

    /// Whether a source gives this name in the image, or a directory above it.
    pub(crate) fn gives(&mut self, name: &str) -> Result<bool> {
        let above = name.match_indices('/').skip(1).map(|(end, _)| end);
        for end in above.chain([name.len()]) {
            if let Some(id) = self.find(&name.as_bytes()[..end])?
                && self.nodes[id as usize].origin.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The entry that an origin stands for; None for a store path's file.
    pub(super) fn made_by(&self, origin: Origin) -> Option<&MadeEntry> {
        match origin.giver {
            Giver::Made(index) => self.contents.root_files().entries.get(index as usize),
            Giver::Path(_) => None,
        }
    }

    /// The attribute with the capabilities of a node; empty when it has none.
    pub(super) fn capability(&self, id: NodeId) -> &[u8] {
        let granted = self.grants.get(&id);
        let grant = granted.and_then(|index| self.contents.root_files().capabilities.get(*index));
        grant.map_or(b"", |grant| grant.capabilities.attribute())
    }
}
