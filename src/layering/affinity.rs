//! Layers by affinity: what changes together and is used together is in one
//! layer, and no layer is large because it was the last.
//!
//! A store path gets a new name, and has to be sent again, when itself or
//! anything it depends on changes. So the number of paths in its closure tells
//! how often it changes: the application always, the C library seldom. A layer
//! changes as soon as one of its paths does; what that costs is its size times
//! the number of paths whose change changes it. In the same way the paths that
//! depend on one tell in which other images it will be, and a layer is shared
//! by those only that have all of it.
//!
//! Every path starts as a group of its own. Then the two groups whose union
//! costs the least are joined, until there are no more groups than layers may
//! be. Costs depend on the closures of paths and on their sizes, not on their
//! hashes, so a new version of a few paths leaves the other groups as they
//! were.

use super::Sizes;
use super::path_set::PathSet;
use crate::Result;
use crate::closure::{Closure, PathId};
use crate::popularity::by_popularity;

/// How much more a byte counts that is sent for a new version of the image
/// than one that another image could have shared. By `benches/layering`, 1 and
/// 16 send the same within a few percent, and share 52% at 100 layers, not 63%.
const VERSIONS: u128 = 4;

/// Groups of the paths that `wanted` lets through, `limit` at most. What
/// seldom changes comes first, for above a changed layer a runtime unpacks
/// all layers again.
pub(super) fn group(
    closure: &Closure,
    sizes: &Sizes,
    wanted: impl Fn(PathId) -> bool,
    limit: usize,
) -> Result<Vec<Vec<PathId>>> {
    let mut groups = singletons(closure, sizes)?;
    groups.retain(|group| wanted(group.paths[0]));
    groups.sort_by_key(|group| stable_name(closure.path(group.paths[0])).map(str::to_owned));
    let mut groups = Joining::new(groups).join(limit);
    groups.sort_by_key(|group| group.changes.count);

    let mut place = vec![0; closure.len()];
    for (position, id) in by_popularity(closure)?.into_iter().enumerate() {
        place[id as usize] = position;
    }
    Ok(groups
        .into_iter()
        .map(|mut group| {
            group.paths.sort_by_key(|id| place[*id as usize]);
            group.paths
        })
        .collect())
}

/// What a path is ordered by where costs are equal: its name first, which
/// stays from version to version, then its hash.
fn stable_name(path: &str) -> [&str; 2] {
    let file = path.rsplit('/').next().unwrap_or(path);
    [file.split_once('-').map_or(file, |(_, name)| name), path]
}

/// Paths that make a layer.
struct Group {
    paths: Vec<PathId>,
    size: u64,
    /// The paths whose change changes the layer.
    changes: PathSet,
    /// The paths that use all of the layer.
    users: PathSet,
}

impl Group {
    /// What it costs to have both as one: bytes times the changes at which
    /// they would be sent in vain, and bytes times the users that would not
    /// share them.
    fn cost(&self, other: &Group) -> u128 {
        let bytes = |count: u32, size: u64| u128::from(count) * u128::from(size);
        let common = self.changes.common(&other.changes);
        let in_vain = bytes(other.changes.count - common, self.size)
            + bytes(self.changes.count - common, other.size);
        let common = self.users.common(&other.users);
        let unshared = bytes(self.users.count - common, self.size)
            + bytes(other.users.count - common, other.size);
        VERSIONS * in_vain + unshared
    }

    /// What the cost cannot be below, by the numbers of paths alone: the larger
    /// set has at least the difference of both for itself.
    fn least_cost(&self, other: &Group) -> u128 {
        let bytes = |count: u32, size: u64| u128::from(count) * u128::from(size);
        let (own, others) = (self.changes.count, other.changes.count);
        let fewer_changes = if own < others { self.size } else { other.size };
        let in_vain = bytes(own.abs_diff(others), fewer_changes);
        let (own, others) = (self.users.count, other.users.count);
        let more_users = if own > others { self.size } else { other.size };
        VERSIONS * in_vain + bytes(own.abs_diff(others), more_users)
    }

    fn join(&mut self, other: Group) {
        self.paths.extend(other.paths);
        self.size += other.size;
        self.changes.add(&other.changes);
        self.users.keep(&other.users);
    }
}

/// A group for each path of the closure.
fn singletons(closure: &Closure, sizes: &Sizes) -> Result<Vec<Group>> {
    let len = closure.len();
    let mut groups: Vec<Group> = (0..len as PathId)
        .map(|id| Group {
            paths: vec![id],
            size: sizes.of(id).max(1),
            changes: PathSet::only(id, len),
            users: PathSet::only(id, len),
        })
        .collect();
    let order = closure.topological_order()?;
    for id in &order {
        let users = groups[*id as usize].users.clone();
        for reference in closure.references(*id) {
            groups[reference as usize].users.add(&users);
        }
    }
    for id in order.iter().rev() {
        for reference in closure.references(*id) {
            let below = groups[reference as usize].changes.clone();
            groups[*id as usize].changes.add(&below);
        }
    }
    Ok(groups)
}

/// Groups that are being joined. Of groups that cost the same, those with the
/// lowest numbers are joined first; a union has the lower number of the two.
struct Joining {
    groups: Vec<Option<Group>>,
    /// For each group the cheapest to join it with, of those behind it.
    cheapest: Vec<Option<(u128, usize)>>,
    left: usize,
}

impl Joining {
    fn new(groups: Vec<Group>) -> Self {
        let left = groups.len();
        let mut joining = Joining {
            groups: groups.into_iter().map(Some).collect(),
            cheapest: vec![None; left],
            left,
        };
        for index in 0..left {
            joining.search(index);
        }
        joining
    }

    fn cost(&self, first: usize, second: usize) -> Option<(u128, usize)> {
        let (first, group) = (self.groups[first].as_ref()?, self.groups[second].as_ref()?);
        Some((first.cost(group), second))
    }

    fn search(&mut self, index: usize) {
        let mut cheapest: Option<(u128, usize)> = None;
        let behind = self.groups.iter().enumerate().skip(index + 1);
        if let Some(group) = &self.groups[index] {
            for (number, other) in behind {
                let Some(other) = other else { continue };
                let bound = cheapest.map_or(u128::MAX, |(cost, _)| cost);
                if group.least_cost(other) < bound {
                    let cost = group.cost(other);
                    cheapest = cheapest.filter(|_| cost >= bound).or(Some((cost, number)));
                }
            }
        }
        self.cheapest[index] = cheapest;
    }

    fn join(mut self, limit: usize) -> Vec<Group> {
        while self.left > limit.max(1) {
            let pairs = self.cheapest.iter().enumerate();
            let pair = pairs.filter_map(|(first, cheapest)| {
                cheapest.map(|(cost, second)| (cost, first, second))
            });
            let Some((_, first, second)) = pair.min() else {
                break;
            };
            if let Some(other) = self.groups[second].take()
                && let Some(group) = &mut self.groups[first]
            {
                group.join(other);
            }
            self.left -= 1;
            self.update(first, second);
        }
        self.groups.into_iter().flatten().collect()
    }

    /// After a join, the group `joined` is another and `gone` is no more.
    fn update(&mut self, joined: usize, gone: usize) {
        self.cheapest[gone] = None;
        for index in 0..gone {
            match self.cheapest[index] {
                _ if index == joined => self.search(index),
                Some((_, other)) if other == joined || other == gone => self.search(index),
                Some(cheapest) if index < joined => {
                    self.cheapest[index] = self.cost(index, joined).map(|cost| cost.min(cheapest));
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An application on two large programs that share a library, and small
    /// files beside them.
    fn closure(app: &str, extra: &[&str]) -> Closure {
        let mut closure = Closure::default();
        let path = |name: &str| format!("/nix/store/{name}");
        let mut add = |name: &str, references: &[&str], size: u64| {
            closure.add(
                path(name),
                references.iter().map(|name| path(name)),
                Some(size),
            );
        };
        let top = [&["0-shell", "0-server"], extra].concat();
        add(app, &top, 10);
        add("0-shell", &["0-libc"], 5_000);
        add("0-server", &["0-libc", "0-ssl", "0-conf"], 9_000);
        add("0-ssl", &["0-libc"], 4_000);
        add("0-conf", &[], 1);
        add("0-libc", &[], 8_000);
        for name in extra {
            add(name, &["0-libc"], 7_000);
        }
        closure
    }

    fn groups(closure: &Closure, limit: usize) -> Result<Vec<Vec<String>>> {
        let sizes = Sizes::of_closure(closure)?;
        let groups = group(closure, &sizes, |_| true, limit)?;
        let name = |id: PathId| {
            closure
                .path(id)
                .trim_start_matches("/nix/store/")
                .to_owned()
        };
        Ok(groups
            .into_iter()
            .map(|group| group.into_iter().map(name).collect())
            .collect())
    }

    #[test]
    fn the_application_stays_alone_and_dependencies_come_first() -> Result<()> {
        let closure = closure("0-app", &[]);
        let all = groups(&closure, 3)?;
        assert_eq!(all.len(), 3);
        assert_eq!(all.concat().len(), 6);
        assert_eq!(all.last(), Some(&vec!["0-app".to_owned()]));
        assert!(all[0].contains(&"0-libc".to_owned()), "{all:?}");
        assert_eq!(groups(&closure, 1)?.len(), 1);
        assert_eq!(groups(&closure, 0)?.len(), 1);
        assert_eq!(groups(&closure, 99)?.len(), 6);
        Ok(())
    }

    #[test]
    fn a_new_version_changes_its_own_layer_only() -> Result<()> {
        for limit in 3..6 {
            let old = groups(&closure("0-app", &[]), limit)?;
            let new = groups(&closure("1-app", &[]), limit)?;
            let changed = new.iter().filter(|group| !old.contains(group));
            assert_eq!(changed.collect::<Vec<_>>(), [&["1-app"]], "{limit} layers");
        }
        Ok(())
    }

    #[test]
    fn only_wanted_paths_are_grouped() -> Result<()> {
        let closure = closure("0-app", &["0-tool", "0-other"]);
        let sizes = Sizes::of_closure(&closure)?;
        let groups = group(&closure, &sizes, |id| id % 2 == 0, 2)?;
        assert_eq!(groups.len(), 2);
        let mut ids = groups.concat();
        ids.sort_unstable();
        assert_eq!(ids, [0, 2, 4, 6]);
        Ok(())
    }
}
