//! Sets of a closure's paths, a bit for each path, that know how many they
//! have.

use crate::closure::PathId;

/// A set of paths.
#[derive(Clone)]
pub(super) struct PathSet {
    words: Vec<u64>,
    /// How many paths are in it.
    pub(super) count: u32,
}

impl PathSet {
    /// The set of one path, of a closure with so many.
    pub(super) fn only(id: PathId, len: usize) -> Self {
        let mut words = vec![0; len.div_ceil(64)];
        words[id as usize / 64] = 1 << (id % 64);
        PathSet { words, count: 1 }
    }

    /// Adds the paths of another.
    pub(super) fn add(&mut self, other: &PathSet) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self.recount();
    }

    /// Leaves the paths that are in another, too.
    pub(super) fn keep(&mut self, other: &PathSet) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
        self.recount();
    }

    fn recount(&mut self) {
        self.count = self.words.iter().map(|word| word.count_ones()).sum();
    }

    /// How many paths are in both.
    pub(super) fn common(&self, other: &PathSet) -> u32 {
        let both = self.words.iter().zip(&other.words);
        both.map(|(a, b)| (a & b).count_ones()).sum()
    }
}
