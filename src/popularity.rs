//! Popularity: in which order store paths get layers of their own.
//!
//! Takes a closure and gives its paths, the most popular first. Every path
//! starts with a score of 1, and in topological order adds its own score to
//! each path it refers to: a score counts the ways that lead to a path. Equal
//! scores stand in descending order of first appearance. The scores are exact:
//! on large closures they pass 2^64, where the reference wraps around.

use num_bigint::BigUint;

use crate::Result;
use crate::closure::{Closure, PathId};

/// A score: a machine word while it fits, which is nearly always.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Score {
    Word(u64),
    Large(BigUint),
}

impl Score {
    fn add(&mut self, other: &Score) {
        if let (Score::Word(own), Score::Word(other)) = (&mut *self, other)
            && let Some(sum) = own.checked_add(*other)
        {
            *own = sum;
            return;
        }
        let mut sum = match std::mem::replace(self, Score::Word(0)) {
            Score::Word(word) => BigUint::from(word),
            Score::Large(large) => large,
        };
        match other {
            Score::Word(word) => sum += *word,
            Score::Large(large) => sum += large,
        }
        *self = Score::Large(sum);
    }
}

impl Ord for Score {
    /// A large score is beyond every word, for it never shrinks.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Score::Word(own), Score::Word(other)) => own.cmp(other),
            (Score::Large(own), Score::Large(other)) => own.cmp(other),
            (Score::Word(_), Score::Large(_)) => std::cmp::Ordering::Less,
            (Score::Large(_), Score::Word(_)) => std::cmp::Ordering::Greater,
        }
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The closure's paths by descending popularity.
///
/// # Errors
/// [`crate::Error::Cycle`] when different paths refer to each other in a circle.
pub fn by_popularity(closure: &Closure) -> Result<Vec<PathId>> {
    let scores = scores(closure)?;
    let mut order: Vec<PathId> = (0..closure.len() as PathId).rev().collect();
    order.sort_by(|a, b| scores[*b as usize].cmp(&scores[*a as usize]));
    Ok(order)
}

fn scores(closure: &Closure) -> Result<Vec<Score>> {
    let mut scores = vec![Score::Word(1); closure.len()];
    for id in closure.topological_order()? {
        let own = scores[id as usize].clone();
        for reference in closure.references(id) {
            scores[reference as usize].add(&own);
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_count_the_ways() -> Result<()> {
        let mut closure = Closure::default();
        closure.add(
            "app".into(),
            ["ssl".into(), "sh".into(), "app".into()],
            None,
        );
        closure.add("ssl".into(), ["libc".into(), "zlib".into()], None);
        closure.add("sh".into(), ["libc".into()], None);
        closure.add("zlib".into(), ["libc".into(), "libc".into()], None);
        let names: Vec<_> = by_popularity(&closure)?
            .into_iter()
            .map(|id| closure.path(id).to_owned())
            .collect();
        // libc 2 + 2 + 3 + 1, zlib 3, then the tie of sh and ssl by appearance.
        assert_eq!(names, ["libc", "zlib", "sh", "ssl", "app"]);
        Ok(())
    }

    /// 200 diamonds: the last path can be reached in more than 2^200 ways.
    #[test]
    fn scores_are_exact_beyond_64_bits() -> Result<()> {
        let mut closure = Closure::default();
        for n in 0..200 {
            let join = format!("join{}", n + 1);
            for side in ["left", "right"] {
                closure.add(format!("join{n}"), [format!("{side}{n}")], None);
                closure.add(format!("{side}{n}"), [join.clone()], None);
            }
        }
        let order = by_popularity(&closure)?;
        let joins: Vec<_> = order
            .iter()
            .filter_map(|id| closure.path(*id).strip_prefix("join"))
            .map(|number| number.parse::<u32>().unwrap_or(0))
            .collect();
        assert!(joins.is_sorted_by(|a, b| a > b), "{joins:?}");
        Ok(())
    }
}
