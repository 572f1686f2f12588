//! The file tree of a layer: which name in the image comes from which file.
//!
//! Takes store paths with their options, walks them, and gives a tree whose
//! siblings stand in byte order of their names. Each name has one source, or
//! none when it is a parent directory that no source gave. Where two sources
//! claim one name, they must agree, and the last one wins.
//!
//! Nodes are small and all names stand in one pool, so that a tree of a
//! hundred thousand files takes some megabytes.

mod case_hack;
mod entries;

pub(crate) use entries::Cursor;

use std::sync::Arc;

use case_hack::image_name;

use crate::path_options::{PackedPath, PathOptions};
use crate::source::{self, Kind, SourceEntry};
use crate::{Error, Result};

/// A place in the pool of names.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// A number that stands for a node.
pub(crate) type NodeId = u32;

/// The node above all others. It has no entry of its own: an absolute name
/// begins with a child of it that is called `/`.
const TOP: NodeId = 0;

/// Where a node comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// The index of the store path.
    path: u32,
    /// The directory the file is in; the whole path for a store path's root.
    directory: Span,
    /// The file's name in that directory; empty for a store path's root.
    name: Span,
}

#[derive(Debug)]
struct Node {
    name: Span,
    /// In byte order of their names.
    children: Vec<NodeId>,
    /// None for a parent directory that no source gave.
    origin: Option<Origin>,
    kind: Kind,
    mode: u32,
    size: u64,
    target: Span,
}

/// The files of a layer under their names in the image.
#[derive(Debug)]
pub struct FileTree {
    paths: Arc<[PackedPath]>,
    nodes: Vec<Node>,
    pool: Vec<u8>,
}

impl FileTree {
    /// Walks the store paths in order. Nothing is read but directories.
    ///
    /// # Errors
    /// When a path cannot be walked, has a file that a tarball cannot hold, or
    /// two files claim one name and differ.
    pub fn new(paths: impl Into<Arc<[PackedPath]>>) -> Result<Self> {
        let paths = paths.into();
        let mut tree = FileTree {
            paths: Arc::clone(&paths),
            nodes: Vec::new(),
            pool: Vec::new(),
        };
        tree.new_node(Span::default())?;
        for (index, path) in paths.iter().enumerate() {
            let mut full = path.path().as_bytes().to_vec();
            let entry = source::entry(&full)?;
            let origin = Origin {
                path: index as u32,
                directory: tree.store(&full)?,
                name: Span::default(),
            };
            tree.add(path.options(), origin, &mut full, &entry, None)?;
        }
        Ok(tree)
    }

    /// The number of entries a tarball of this tree has.
    pub fn len(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether a tarball of this tree has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of all regular files together.
    pub fn content_size(&self) -> u64 {
        self.nodes.iter().map(|node| node.size).sum()
    }

    /// Adds a file and, when it is a directory, all below it. `full` is its
    /// source path and is left as it was.
    fn add(
        &mut self,
        options: &PathOptions,
        origin: Origin,
        full: &mut Vec<u8>,
        entry: &SourceEntry,
        parent: Option<NodeId>,
    ) -> Result<()> {
        let node = match (&options.rewrite, parent) {
            (None, Some(parent)) => Some(self.child(parent, &entry.name, full)?),
            (None, None) => self.locate(full, full)?,
            (Some(rewrite), _) => self.locate(&rewrite.apply(full), full)?,
        };
        if let Some(node) = node {
            self.fill(node, origin, entry)?;
        }
        if entry.kind != Kind::Directory {
            return Ok(());
        }
        let directory = match origin.name.length {
            0 => origin.directory,
            _ => self.store(full)?,
        };
        let length = full.len();
        for child in source::list(full)? {
            full.push(b'/');
            full.extend_from_slice(&child.name);
            let origin = Origin {
                path: origin.path,
                directory,
                name: self.store(&child.name)?,
            };
            self.add(options, origin, full, &child, node)?;
            full.truncate(length);
        }
        Ok(())
    }

    /// The node with a name in the image, made together with its parents when
    /// it is not there. None for the empty name, which leaves a file out.
    fn locate(&mut self, name: &[u8], source: &[u8]) -> Result<Option<NodeId>> {
        let mut node = TOP;
        if name.first() == Some(&b'/') {
            node = self.child(node, b"/", source)?;
        }
        for component in name.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => {
                    return Err(Error::Value(format!(
                        "{} would be called {} in the image: a name cannot hold `..`; \
                         change the rewrite of its path",
                        source.escape_ascii(),
                        name.escape_ascii()
                    )));
                }
                _ => node = self.child(node, component, source)?,
            }
        }
        Ok((node != TOP).then_some(node))
    }

    /// The child with a name, made as a parent directory when it is missing.
    fn child(&mut self, parent: NodeId, name: &[u8], source: &[u8]) -> Result<NodeId> {
        let name = image_name(name);
        let siblings = &self.nodes[parent as usize].children;
        let is_last = |last: &NodeId| self.text(self.nodes[*last as usize].name) < &*name;
        let position = match siblings.last() {
            None => Err(0),
            Some(last) if is_last(last) => Err(siblings.len()),
            Some(_) => siblings.binary_search_by(|sibling| {
                self.text(self.nodes[*sibling as usize].name).cmp(&*name)
            }),
        };
        match position {
            Ok(position) => Ok(siblings[position]),
            Err(position) => {
                self.check_parent(parent, source)?;
                let name = self.store(&name)?;
                let node = self.new_node(name)?;
                self.nodes[parent as usize].children.insert(position, node);
                Ok(node)
            }
        }
    }

    /// A file cannot hold others. A symlink can stand above files: extraction
    /// follows it, and the reference packs such trees.
    fn check_parent(&self, parent: NodeId, source: &[u8]) -> Result<()> {
        let node = &self.nodes[parent as usize];
        match (node.origin, node.kind) {
            (None, _) | (_, Kind::Directory | Kind::Symlink) => Ok(()),
            (Some(origin), _) => Err(Error::Conflict {
                name: self.image_path(parent),
                first: source.escape_ascii().to_string(),
                second: self.source_path(origin).escape_ascii().to_string(),
                difference: "differ: the first needs a directory there".to_owned(),
            }),
        }
    }

    /// Gives a node its source, if that agrees with the one it has.
    fn fill(&mut self, id: NodeId, origin: Origin, entry: &SourceEntry) -> Result<()> {
        if let Some(difference) = self.difference(id, origin, entry) {
            let node = &self.nodes[id as usize];
            let first = node.origin.map(|origin| self.source_path(origin));
            return Err(Error::Conflict {
                name: self.image_path(id),
                first: first.unwrap_or_default().escape_ascii().to_string(),
                second: self.source_path(origin).escape_ascii().to_string(),
                difference,
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
        if holds_files && !matches!(entry.kind, Kind::Directory | Kind::Symlink) {
            return Some("differ: there are files below that name".to_owned());
        }
        let old = node.origin?;
        let perms = |origin: Origin| &self.paths[origin.path as usize].options().perms;
        if node.kind != entry.kind {
            Some("are files of different types".to_owned())
        } else if node.mode != entry.mode {
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

    fn new_node(&mut self, name: Span) -> Result<NodeId> {
        let id = NodeId::try_from(self.nodes.len()).map_err(|_| too_large())?;
        self.nodes.push(Node {
            name,
            children: Vec::new(),
            origin: None,
            kind: Kind::Directory,
            mode: 0o755,
            size: 0,
            target: Span::default(),
        });
        Ok(id)
    }

    fn store(&mut self, text: &[u8]) -> Result<Span> {
        let span = Span {
            start: u32::try_from(self.pool.len()).map_err(|_| too_large())?,
            length: u32::try_from(text.len()).map_err(|_| too_large())?,
        };
        self.pool.extend_from_slice(text);
        Ok(span)
    }

    fn text(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        &self.pool[start..start + span.length as usize]
    }

    fn source_path(&self, origin: Origin) -> Vec<u8> {
        let (directory, name) = (self.text(origin.directory), self.text(origin.name));
        match name {
            b"" => directory.to_vec(),
            name => [directory, b"/", name].concat(),
        }
    }

    /// A node's name in the image, for an error message.
    fn image_path(&self, wanted: NodeId) -> String {
        let mut cursor = Cursor::default();
        while let Some(id) = cursor.advance(self) {
            if id == wanted {
                break;
            }
        }
        cursor.name().escape_ascii().to_string()
    }
}

fn too_large() -> Error {
    Error::Value("a layer's file names take more than 4 GiB; use more layers".to_owned())
}
