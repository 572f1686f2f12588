//! Overlaps: what the layers of one command hide of each other.
//!
//! Takes the contents of all layers, the lowest first, and gives a warning for
//! files of different layers that have one name and differ, and for a rule of
//! a lower layer on a directory that a higher one gives without it. In one
//! layer these are an error, or merged; here each layer is packed as in the
//! reference, and runtimes take the highest one's.

use crate::{Contents, Error, FileTree, PackedPath, Result, RootFiles, Warning};

/// What a user should know of paths in different layers. Only paths that are
/// moved can share names with others.
///
/// # Errors
/// When a path cannot be walked, or a file cannot be read.
pub fn overlaps(layers: &[Contents]) -> Result<Vec<Warning>> {
    let moved = |layer: &Contents| -> Vec<PackedPath> {
        let paths = layer.paths().iter();
        let moved = paths.filter(|path| path.options().rewrite.is_some());
        moved.cloned().collect()
    };
    let by_layer: Vec<_> = layers.iter().map(moved).collect();
    if by_layer.iter().filter(|paths| !paths.is_empty()).count() < 2 {
        return Ok(Vec::new());
    }
    let numbered = by_layer.iter().enumerate();
    let layer_of: Vec<usize> = numbered
        .flat_map(|(layer, paths)| paths.iter().map(move |_| layer))
        .collect();
    let excludes = RootFiles {
        excludes: layers[0].root_files().excludes.clone(),
        ..RootFiles::default()
    };
    let all = Contents::new(by_layer.concat(), excludes);
    let look = |tree: FileTree| {
        let mut warnings = tree.check()?;
        warnings.extend(tree.hidden_rules(&layer_of));
        Ok(warnings)
    };
    match FileTree::new(all).and_then(look) {
        Err(Error::Conflict {
            name,
            first,
            second,
            difference,
            remedy,
        }) => Ok(vec![Warning::Hidden {
            name,
            first,
            second,
            difference,
            remedy,
        }]),
        result => result,
    }
}
