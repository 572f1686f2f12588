//! Layers by popularity, as the reference makes them: the most popular paths
//! make a layer each, and the last layer takes the rest.

use crate::Result;
use crate::closure::{Closure, PathId};
use crate::popularity::by_popularity;

/// Groups of the paths that `wanted` lets through, `limit` at most.
pub(super) fn group(
    closure: &Closure,
    wanted: impl Fn(PathId) -> bool,
    limit: usize,
) -> Result<Vec<Vec<PathId>>> {
    let mut paths = by_popularity(closure)?;
    paths.retain(|id| wanted(*id));
    let rest = paths.split_off(paths.len().min(limit.saturating_sub(1)));
    let mut groups: Vec<_> = paths.into_iter().map(|id| vec![id]).collect();
    if !rest.is_empty() {
        groups.push(rest);
    }
    Ok(groups)
}
