//! Layering: which store paths make which layer.
//!
//! Takes the closure, the options of its paths and the parents' layers; gives
//! groups of paths, one for each layer. The ignored path, and every path that
//! a parent has with equal options, are left out. How the rest is grouped is
//! the strategy's: each stands in a file of its own.

mod affinity;
mod path_set;
mod popularity;

use std::collections::HashMap;
use std::str::FromStr;

use crate::closure::{Closure, PathId};
use crate::path_options::{OptionsTable, PackedPath, PathOptions};
use crate::{Error, FileTree, Result};

/// The largest number of layers that all container runtimes take: overlayfs
/// takes 127, and Docker keeps two of them for itself.
pub const MOST_LAYERS: usize = 125;

/// How paths are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The most popular paths alone, the rest in the last layer.
    #[default]
    Popularity,
    /// What changes together and is used together, with an eye on size.
    Affinity,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Strategy; 2] = [Strategy::Popularity, Strategy::Affinity];

    /// The name: `popularity` or `affinity`.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Popularity => "popularity",
            Strategy::Affinity => "affinity",
        }
    }
}

impl FromStr for Strategy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut all = Strategy::ALL.into_iter();
        let named = all.find(|strategy| strategy.name() == text);
        named.ok_or_else(|| {
            Error::Value(format!(
                "`{text}` is not a strategy of layering; there are `popularity` and `affinity`"
            ))
        })
    }
}

/// How many layers may be made.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The number that was asked for; 0 or less for one layer a path.
    pub max_layers: i64,
    /// The layers that will come below. The popularity strategy does not look
    /// at them, for the reference does not.
    pub below: usize,
}

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

    /// Whether a path with these options is left out.
    pub fn has(&self, path: &PackedPath) -> bool {
        let in_parent = |all: &Vec<&PathOptions>| all.contains(&path.options());
        self.ignored == Some(path.path()) || self.parents.get(path.path()).is_some_and(in_parent)
    }
}

/// The paths of each layer.
///
/// # Errors
/// When the closure has a cycle, a path cannot be one, its size cannot be
/// had, or the layers below leave no room.
pub fn layering(
    closure: &Closure,
    options: &OptionsTable,
    excluded: &Excluded<'_>,
    strategy: Strategy,
    limit: Limit,
) -> Result<Vec<Vec<PackedPath>>> {
    let ids = 0..closure.len() as PathId;
    let paths = ids.map(|id| options.pack(closure.path(id)));
    let paths = paths.collect::<Result<Vec<_>>>()?;
    let wanted = |id: PathId| !excluded.has(&paths[id as usize]);
    let asked = match usize::try_from(limit.max_layers) {
        Err(_) | Ok(0) => usize::MAX,
        Ok(limit) => limit,
    };
    let groups = match strategy {
        Strategy::Popularity => popularity::group(closure, wanted, asked)?,
        Strategy::Affinity if !(0..closure.len() as PathId).any(wanted) => Vec::new(),
        Strategy::Affinity => {
            let room = room(limit.below)?;
            affinity::group(
                closure,
                &Sizes::of_closure(closure)?,
                wanted,
                asked.min(room),
            )?
        }
    };
    let layer = |group: Vec<PathId>| group.into_iter().map(|id| paths[id as usize].clone());
    Ok(groups
        .into_iter()
        .map(|group| layer(group).collect())
        .collect())
}

/// How many layers runtimes take above these.
fn room(below: usize) -> Result<usize> {
    match MOST_LAYERS.checked_sub(below) {
        Some(room @ 1..) => Ok(room),
        _ => Err(Error::Value(format!(
            "there are {below} layers below, and container runtimes take {MOST_LAYERS} at most; \
             set a smaller `maxLayers` for the layers below"
        ))),
    }
}

/// The bytes of each path of a closure.
struct Sizes(Vec<u64>);

impl Sizes {
    /// As the graph tells them; else the paths are walked.
    fn of_closure(closure: &Closure) -> Result<Self> {
        let sizes = (0..closure.len() as PathId).map(|id| match closure.size(id) {
            Some(size) => Ok(size),
            None => {
                let path = PackedPath::new(closure.path(id), PathOptions::default())?;
                FileTree::new([path])?.content_size()
            }
        });
        Ok(Sizes(sizes.collect::<Result<_>>()?))
    }

    fn of(&self, id: PathId) -> u64 {
        self.0[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(max_layers: i64, excluded: &Excluded<'_>) -> Result<Vec<String>> {
        let mut closure = Closure::default();
        closure.add("app".into(), ["sh".into(), "libc".into()], None);
        closure.add("sh".into(), ["libc".into()], None);
        let limit = Limit {
            max_layers,
            below: 0,
        };
        let options = OptionsTable::default();
        let layers = layering(&closure, &options, excluded, Strategy::Popularity, limit)?;
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

    #[test]
    fn affinity_leaves_room_for_the_layers_below() -> Result<()> {
        let mut closure = Closure::default();
        for name in ["a", "b", "c"] {
            closure.add(name.into(), [], Some(1));
        }
        let options = OptionsTable::default();
        let layers = |max_layers, below| {
            let limit = Limit { max_layers, below };
            layering(
                &closure,
                &options,
                &Excluded::default(),
                Strategy::Affinity,
                limit,
            )
        };
        for (max_layers, below, count) in [(0, 0, 3), (2, 0, 2), (0, 123, 2), (9, 124, 1)] {
            assert_eq!(
                layers(max_layers, below)?.len(),
                count,
                "{max_layers} above {below}"
            );
        }
        let nothing = layering(
            &closure,
            &options,
            &Excluded::new(None, layers(1, 0)?.concat().iter()),
            Strategy::Affinity,
            Limit {
                max_layers: 1,
                below: 125,
            },
        );
        assert!(nothing?.is_empty());
        let message = layers(1, 125)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(message.contains("125 layers below"), "{message}");
        Ok(())
    }
}
