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

mod attributes;
mod check;
mod claim;
mod entries;
mod made;

use std::collections::HashMap;

use crate::case_hack::image_name;
use crate::contents::Contents;
use crate::path_options::PackedPath;
use crate::source::{self, Kind};
use crate::walk::Walk;
use crate::{Error, Result, Warning};

pub(crate) use attributes::Attributes;
use claim::{Comparison, Merge};
use entries::Cursor;
pub(crate) use entries::{Entries, Entry};

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
    giver: Giver,
    /// The source path; for what is made, what a message says of it.
    source: Span,
}

/// Who gives a node, by its index among its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Giver {
    Path(u32),
    Made(u32),
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
    contents: Contents,
    nodes: Vec<Node>,
    pool: Vec<u8>,
    /// The nodes that have capabilities, with the index of these.
    grants: HashMap<NodeId, usize>,
    /// The directories that paths with different rules give, with the origins
    /// whose rules apply, in that order.
    shared: HashMap<NodeId, Vec<Origin>>,
    comparisons: Vec<Comparison>,
    merge: Option<Merge>,
    warnings: Vec<Warning>,
}

impl FileTree {
    /// Takes the store paths in order, then what is made beside them. Nothing
    /// is read but directories.
    ///
    /// # Errors
    /// When a path is missing or cannot be walked, has a file that a tarball
    /// cannot hold, two files claim one name and differ, or capabilities have
    /// no file.
    pub fn new(contents: impl Into<Contents>) -> Result<Self> {
        let contents = contents.into();
        let mut tree = FileTree {
            contents: contents.clone(),
            nodes: Vec::new(),
            pool: Vec::new(),
            grants: HashMap::new(),
            shared: HashMap::new(),
            comparisons: Vec::new(),
            merge: None,
            warnings: Vec::new(),
        };
        tree.new_node(Span::default())?;
        for (index, path) in contents.paths().iter().enumerate() {
            tree.add(index as u32, path)?;
        }
        tree.add_root_files(contents.root_files())?;
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
            while self.advance(&mut walk)? {
                size += walk.describe()?.size;
            }
        }
        Ok(size)
    }

    /// Adds a store path: as a single node where that is enough.
    fn add(&mut self, index: u32, path: &PackedPath) -> Result<()> {
        let full = path.path().as_bytes();
        let contents = self.contents.clone();
        if path.options().rewrite.is_none() && is_plain(full) {
            let entry = source::entry(full)?;
            if contents.root_files().excludes.has_within(full) {
                return Ok(());
            }
            if let Some(id) = self.locate(full, full)?
                && entry.kind == Kind::Directory
            {
                let node = &self.nodes[id as usize];
                if node.origin.is_none() && node.children.is_empty() {
                    let source = self.store(full)?;
                    let giver = Giver::Path(index);
                    self.fill(id, Origin { giver, source }, &entry)?;
                    self.nodes[id as usize].unwalked = true;
                    return Ok(());
                }
            }
        }
        self.walk(index, path)
    }

    /// Adds a store path's root and, when it is a directory, all below it.
    fn walk(&mut self, index: u32, path: &PackedPath) -> Result<()> {
        let contents = self.contents.clone();
        let excludes = &contents.root_files().excludes;
        let root = path.path().as_bytes();
        let mut walk = Walk::new(root);
        while walk.advance()? {
            let full = walk.path();
            let name = match &path.options().rewrite {
                None => full.into(),
                Some(rewrite) => rewrite.apply(full),
            };
            let excluded = match excludes.is_empty() {
                true => false,
                false if full == root => excludes.has_within(&image_name(&name)),
                false => excludes.has(&image_name(&name)),
            };
            if excluded {
                walk.leave_out();
            } else if let Some(id) = self.locate(&name, full)? {
                let source = self.store(full)?;
                let giver = Giver::Path(index);
                let entry = walk.describe()?;
                self.fill(id, Origin { giver, source }, &entry)?;
            }
        }
        Ok(())
    }

    /// Goes to the next file of an unwalked node that is not left out.
    fn advance(&self, walk: &mut Walk) -> Result<bool> {
        let excludes = &self.contents.root_files().excludes;
        while walk.advance()? {
            if excludes.is_empty() || !excludes.has(&image_name(walk.path())) {
                return Ok(true);
            }
            walk.leave_out();
        }
        Ok(false)
    }

    /// Walks the files of a node into the tree, for others share their names.
    fn expand(&mut self, id: NodeId) -> Result<()> {
        let node = &mut self.nodes[id as usize];
        node.unwalked = false;
        let contents = self.contents.clone();
        match node.origin.take().map(|origin| origin.giver) {
            Some(Giver::Path(index)) => self.walk(index, &contents.paths()[index as usize]),
            _ => Ok(()),
        }
    }

    /// The node with a name in the image, made together with its parents when
    /// it is not there. None for the empty name, which leaves a file out.
    fn locate(&mut self, name: &[u8], source: &[u8]) -> Result<Option<NodeId>> {
        if name.contains(&0) {
            return Err(cannot_be_called(source, name, "a NUL"));
        }
        let mut node = TOP;
        if name.first() == Some(&b'/') {
            node = self.child(node, b"/", source)?;
        }
        for component in name.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err(cannot_be_called(source, name, "`..`")),
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
        match self.position(parent, &name) {
            Ok(position) => Ok(self.nodes[parent as usize].children[position]),
            Err(position) => {
                self.check_parent(parent, source)?;
                let name = self.store(&name)?;
                let node = self.new_node(name)?;
                self.nodes[parent as usize].children.insert(position, node);
                Ok(node)
            }
        }
    }

    /// Where among its parent's children a name is, or would be.
    fn position(&self, parent: NodeId, name: &[u8]) -> Result<usize, usize> {
        let siblings = &self.nodes[parent as usize].children;
        let is_last = |last: &NodeId| self.text(self.nodes[*last as usize].name) < name;
        match siblings.last() {
            None => Err(0),
            Some(last) if is_last(last) => Err(siblings.len()),
            Some(_) => siblings.binary_search_by(|sibling| {
                self.text(self.nodes[*sibling as usize].name).cmp(name)
            }),
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

fn cannot_be_called(source: &[u8], name: &[u8], what: &str) -> Error {
    Error::Value(format!(
        "{} would be called {} in the image: a name cannot hold {what}; change the rewrite of its \
         path",
        source.escape_ascii(),
        name.escape_ascii()
    ))
}

fn too_large() -> Error {
    Error::Value("a layer's file names take more than 4 GiB; use more layers".to_owned())
}
