//! Layering: which store paths make which layer.
//!
//! Takes the closure, the options of its paths and the parents' layers; gives
//! groups of paths, one for each layer. The ignored path, and every path that
//! a parent has with equal options, are left out. Of the rest, in order of
//! popularity, each path makes a layer until one less than the maximum is
//! made; the last layer takes what is left.

use std::collections::HashMap;

use crate::Result;
use crate::closure::Closure;
use crate::path_options::{OptionsTable, PackedPath, PathOptions};
use crate::popularity::by_popularity;

/// What is left out of the layers.
#[derive(Debug, Default)]
pub struct Excluded<'a> {
    ignored: Option<&'a str>,
    parents: HashMap<&'a str, Vec<&'a PathOptions>>,
}

impl<'a> Excluded<'a> {
    /// Leaves out one path by its name, and all that stands in the parents.
    pub fn new(
        ignored: Option<&'a str>,
        parents: impl IntoIterator<Item = &'a PackedPath>,
    ) -> Self {
        let mut by_path: HashMap<_, Vec<_>> = HashMap::new();
        for parent in parents {
            by_path
                .entry(parent.path())
                .or_default()
                .push(parent.options());
        }
        Excluded {
            ignored,
            parents: by_path,
        }
    }

    fn has(&self, path: &PackedPath) -> bool {
        let in_parent = |all: &Vec<&PathOptions>| all.contains(&path.options());
        self.ignored == Some(path.path()) || self.parents.get(path.path()).is_some_and(in_parent)
    }
}

/// The paths of each layer. With `max_layers` of 0 or less, every path makes
/// a layer of its own.
///
/// # Errors
/// When the closure has a cycle, or a path cannot be one.
pub fn layering(
    closure: &Closure,
    options: &OptionsTable,
    excluded: &Excluded<'_>,
    max_layers: i64,
) -> Result<Vec<Vec<PackedPath>>> {
    let mut paths = Vec::with_capacity(closure.len());
    for id in by_popularity(closure)? {
        let path = options.pack(closure.path(id))?;
        if !excluded.has(&path) {
            paths.push(path);
        }
    }
    let alone = match usize::try_from(max_layers) {
        Err(_) | Ok(0) => paths.len(),
        Ok(limit) => paths.len().min(limit - 1),
    };
    let rest = paths.split_off(alone);
    let mut layers: Vec<_> = paths.into_iter().map(|path| vec![path]).collect();
    if !rest.is_empty() {
        layers.push(rest);
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(max_layers: i64, excluded: &Excluded<'_>) -> Result<Vec<String>> {
        let mut closure = Closure::default();
        closure.add("app".into(), ["sh".into(), "libc".into()]);
        closure.add("sh".into(), ["libc".into()]);
        let layers = layering(&closure, &OptionsTable::default(), excluded, max_layers)?;
        let name = |layer: Vec<PackedPath>| {
            let paths: Vec<_> = layer.iter().map(PackedPath::path).collect();
            paths.join("+")
        };
        Ok(layers.into_iter().map(name).collect())
    }

    #[test]
    fn the_last_layer_takes_the_rest() -> Result<()> {
        let nothing = Excluded::default();
        assert_eq!(names(1, &nothing)?, ["libc+sh+app"]);
        assert_eq!(names(2, &nothing)?, ["libc", "sh+app"]);
        assert_eq!(names(3, &nothing)?, ["libc", "sh", "app"]);
        assert_eq!(names(9, &nothing)?, ["libc", "sh", "app"]);
        assert_eq!(names(0, &nothing)?, ["libc", "sh", "app"]);
        assert_eq!(names(-5, &nothing)?, ["libc", "sh", "app"]);
        Ok(())
    }

    #[test]
    fn ignored_and_inherited_paths_make_no_layer() -> Result<()> {
        let inherited = [PackedPath::new("libc", PathOptions::default())?];
        let excluded = Excluded::new(Some("app"), &inherited);
        assert_eq!(names(0, &excluded)?, ["sh"]);
        Ok(())
    }
}
