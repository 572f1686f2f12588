//! The file tree of a layer: which name in the image comes from which file.
//!
//! Takes store paths with their options and gives a tree whose siblings stand
//! in byte order of their names. Each name has one source, or none when it is
//! a parent directory that no source gave. Where two sources claim one name,
//! they must agree, and the last one wins.
//!
//! A store path that keeps its names and has them for itself, as nearly all
//! have, is a single node: its files are walked when the tarball gets there,
//! so nothing of it is held in memory and nothing waits for its walk. Only
//! what is rewritten, or shares names with others, is walked into the tree.

mod entries;

use std::sync::Arc;

use crate::case_hack::image_name;
use crate::path_options::{PackedPath, PathOptions};
use crate::source::{self, Kind, SourceEntry};
use crate::walk::Walk;
use crate::{Error, Result};

use entries::Cursor;
pub(crate) use entries::Entries;

/// A place in the pool of names.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

/// A number that stands for a node.
type NodeId = u32;

/// The node above all others. It has no entry of its own: an absolute name
/// begins with a child of it that is called `/`.
const TOP: NodeId = 0;

/// Where a node comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    /// The index of the store path.
    path: u32,
    /// The source path.
    source: Span,
}

#[derive(Debug)]
struct Node {
    name: Span,
    /// In byte order of their names.
    children: Vec<NodeId>,
    /// None for a parent directory that no source gave.
    origin: Option<Origin>,
    /// Whether the files below are those of the origin and not in the tree.
    unwalked: bool,
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
    /// Takes the store paths in order. Nothing is read but directories.
    ///
    /// # Errors
    /// When a path is missing or cannot be walked, has a file that a tarball
    /// cannot hold, or two files claim one name and differ.
    pub fn new(paths: impl Into<Arc<[PackedPath]>>) -> Result<Self> {
        let paths = paths.into();
        let mut tree = FileTree {
            paths: Arc::clone(&paths),
            nodes: Vec::new(),
            pool: Vec::new(),
        };
        tree.new_node(Span::default())?;
        for (index, path) in paths.iter().enumerate() {
            tree.add(index as u32, path)?;
        }
        Ok(tree)
    }

    /// The bytes of all regular files together.
    ///
    /// # Errors
    /// When a path cannot be walked.
    pub fn content_size(&self) -> Result<u64> {
        let mut size = self.nodes.iter().map(|node| node.size).sum();
        for node in self.nodes.iter().filter(|node| node.unwalked) {
            let source = node.origin.map(|origin| origin.source);
            let mut walk = Walk::new(self.text(source.unwrap_or_default()));
            while walk.advance()? {
                size += walk.describe()?.size;
            }
        }
        Ok(size)
    }

    /// Adds a store path: as a single node where that is enough.
    fn add(&mut self, index: u32, path: &PackedPath) -> Result<()> {
        let full = path.path().as_bytes();
        if path.options().rewrite.is_none() && is_plain(full) {
            let entry = source::entry(full)?;
            if let Some(id) = self.locate(full, full)?
                && entry.kind == Kind::Directory
            {
                let node = &self.nodes[id as usize];
                if node.origin.is_none() && node.children.is_empty() {
                    let source = self.store(full)?;
                    let origin = Origin {
                        path: index,
                        source,
                    };
                    self.fill(id, origin, &entry)?;
                    self.nodes[id as usize].unwalked = true;
                    return Ok(());
                }
            }
        }
        self.walk(index, path.options(), full)
    }

    /// Adds a file and, when it is a directory, all below it.
    fn walk(&mut self, index: u32, options: &PathOptions, root: &[u8]) -> Result<()> {
        let mut walk = Walk::new(root);
        while walk.advance()? {
            let full = walk.path();
            let id = match &options.rewrite {
                None => self.locate(full, full)?,
                Some(rewrite) => self.locate(&rewrite.apply(full), full)?,
            };
            if let Some(id) = id {
                let source = self.store(full)?;
                let origin = Origin {
                    path: index,
                    source,
                };
                let entry = walk.describe()?;
                self.fill(id, origin, &entry)?;
            }
        }
        Ok(())
    }

    /// Walks the files of a node into the tree, for others share their names.
    fn expand(&mut self, id: NodeId) -> Result<()> {
        let node = &mut self.nodes[id as usize];
        node.unwalked = false;
        let Some(origin) = node.origin.take() else {
            return Ok(());
        };
        let paths = Arc::clone(&self.paths);
        let path = &paths[origin.path as usize];
        self.walk(origin.path, path.options(), path.path().as_bytes())
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
        if self.nodes[parent as usize].unwalked {
            self.expand(parent)?;
        }
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
                second: self.text(origin.source).escape_ascii().to_string(),
                difference: "differ: the first needs a directory there".to_owned(),
            }),
        }
    }

    /// Gives a node its source, if that agrees with the one it has.
    fn fill(&mut self, id: NodeId, origin: Origin, entry: &SourceEntry) -> Result<()> {
        if self.nodes[id as usize].unwalked {
            self.expand(id)?;
        }
        if let Some(difference) = self.difference(id, origin, entry) {
            let first = self.nodes[id as usize].origin;
            let first = first.map(|origin| self.text(origin.source));
            return Err(Error::Conflict {
                name: self.image_path(id),
                first: first.unwrap_or_default().escape_ascii().to_string(),
                second: self.text(origin.source).escape_ascii().to_string(),
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
            unwalked: false,
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

/// Whether a path is its own name in the image, but for the case hack.
fn is_plain(path: &[u8]) -> bool {
    let mut components = path.split(|byte| *byte == b'/');
    components.next() == Some(b"")
        && components.all(|component| !matches!(component, b"" | b"." | b".."))
}

fn too_large() -> Error {
    Error::Value("a layer's file names take more than 4 GiB; use more layers".to_owned())
}
