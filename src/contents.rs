//! The contents of a layer: store paths, and what is made, granted and left
//! out beside them.
//!
//! Takes the groups of paths by the layering and the root files of the user,
//! and gives the contents of each layer. What is made goes to the last layer,
//! and so do the paths that give the same names, so that a conflict is seen
//! whatever the layering. Capabilities go to where their file is, and what is
//! left out is left out of all.

use std::sync::Arc;

use crate::root_files::{Grant, RootFiles};
use crate::{Error, FileTree, PackedPath, Result};

/// What a layer is packed from.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    paths: Arc<[PackedPath]>,
    root_files: Arc<RootFiles>,
}

impl Contents {
    /// Store paths with root files beside them.
    pub fn new(paths: impl Into<Arc<[PackedPath]>>, root_files: RootFiles) -> Self {
        Contents {
            paths: paths.into(),
            root_files: Arc::new(root_files),
        }
    }

    /// Whether there is nothing to pack.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.root_files.is_empty()
    }

    /// The store paths, in their order.
    pub fn paths(&self) -> &[PackedPath] {
        &self.paths
    }

    /// What is made, granted and left out.
    pub fn root_files(&self) -> &RootFiles {
        &self.root_files
    }
}

impl<P: Into<Arc<[PackedPath]>>> From<P> for Contents {
    fn from(paths: P) -> Self {
        Contents::new(paths, RootFiles::default())
    }
}

/// Gives each layer its contents. Without any path there is a layer for what
/// is made.
///
/// # Errors
/// When a path cannot be walked, files conflict, or capabilities are for a
/// file that none of the layers has.
pub fn share_out(mut groups: Vec<Vec<PackedPath>>, root_files: RootFiles) -> Result<Vec<Contents>> {
    if root_files.is_empty() {
        return Ok(groups.into_iter().map(Contents::from).collect());
    }
    if groups.is_empty() && !root_files.entries.is_empty() {
        groups.push(Vec::new());
    }
    let groups = gather(groups, &root_files)?;
    let RootFiles {
        mut entries,
        capabilities,
        excludes,
    } = root_files;
    let last = groups.len().saturating_sub(1);
    let mut layers = Vec::with_capacity(groups.len());
    for (index, paths) in groups.into_iter().enumerate() {
        let own = RootFiles {
            entries: match index == last {
                true => std::mem::take(&mut entries),
                false => Vec::new(),
            },
            capabilities: Vec::new(),
            excludes: excludes.clone(),
        };
        layers.push(Contents::new(paths, own));
    }
    if !capabilities.is_empty() {
        grant_all(&mut layers, capabilities)?;
    }
    Ok(layers)
}

/// Puts the paths that give a name which is made, or a directory above it, into
/// the last layer. From a layer of their own their files, and the modes of
/// their directories, would be hidden by what is made, and nobody told.
fn gather(
    mut groups: Vec<Vec<PackedPath>>,
    root_files: &RootFiles,
) -> Result<Vec<Vec<PackedPath>>> {
    let Some(last) = groups.pop() else {
        return Ok(groups);
    };
    let mut others = Vec::with_capacity(groups.len() + 1);
    let mut gathered = Vec::new();
    for group in groups {
        let mut kept = Vec::with_capacity(group.len());
        for path in group {
            match gives_what_is_made(&path, root_files)? {
                true => gathered.push(path),
                false => kept.push(path),
            }
        }
        others.extend((!kept.is_empty()).then_some(kept));
    }
    gathered.extend(last);
    others.push(gathered);
    Ok(others)
}

fn gives_what_is_made(path: &PackedPath, root_files: &RootFiles) -> Result<bool> {
    if root_files.entries.is_empty() {
        return Ok(false);
    }
    let excludes = RootFiles {
        excludes: root_files.excludes.clone(),
        ..RootFiles::default()
    };
    let mut tree = FileTree::new(Contents::new([path.clone()], excludes))?;
    for entry in &root_files.entries {
        if tree.gives(&entry.path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Gives capabilities to every layer that has their file.
fn grant_all(layers: &mut [Contents], capabilities: Vec<Grant>) -> Result<()> {
    let trees = layers.iter().map(|layer| FileTree::new(layer.clone()));
    let mut trees = trees.collect::<Result<Vec<_>>>()?;
    for grant in capabilities {
        let mut found = false;
        for (layer, tree) in layers.iter_mut().zip(&mut trees) {
            if tree.find(grant.path.as_bytes())?.is_some() {
                found = true;
                let root_files = Arc::make_mut(&mut layer.root_files);
                root_files.capabilities.push(grant.clone());
            }
        }
        if !found {
            return Err(no_such_file(&grant.path));
        }
    }
    Ok(())
}

fn no_such_file(path: &str) -> Error {
    Error::Value(format!(
        "`capabilities` names {path}, and none of the layers made here has it; a file below a \
         symlink goes by the name it leads to, and one of another layer is named there"
    ))
}
