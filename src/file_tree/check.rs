//! The check of a tree: whether files that share a name have the same content.
//!
//! Takes the sources that the tree has noted and reads them side by side;
//! gives warnings, or the conflict of two that must agree. A tree whose paths
//! share no names has nothing to read.

use std::collections::BTreeMap;
use std::io::Read;

use rustix::fs::CWD;

use super::claim::Comparison;
use super::{FileTree, Giver, Origin};
use crate::full_read::full_read;
use crate::source::{self, Kind, path_of};
use crate::{Error, Result, Warning};

/// Bytes of each file that are compared at a time.
const BUFFER: usize = 64 * 1024;

impl FileTree {
    /// What a user should know of the tree.
    ///
    /// # Errors
    /// When two files that must agree differ, or one cannot be read.
    pub fn check(&self) -> Result<Vec<Warning>> {
        let mut warnings = self.warnings.clone();
        let mut by_pair: BTreeMap<_, Warning> = BTreeMap::new();
        for comparison in &self.comparisons {
            if self.agree(comparison)? {
                continue;
            }
            let Comparison { first, second, .. } = comparison;
            if comparison.must_agree {
                let difference = "have different contents".to_owned();
                return Err(self.conflict(comparison.node, Some(*first), *second, difference));
            }
            by_pair
                .entry((first.giver, second.giver))
                .and_modify(|warning| {
                    if let Warning::Replaced { more, .. } = warning {
                        *more += 1;
                    }
                })
                .or_insert_with(|| Warning::Replaced {
                    name: self.image_path(comparison.node),
                    first: self.text(first.source).escape_ascii().to_string(),
                    second: self.text(second.source).escape_ascii().to_string(),
                    more: 0,
                });
        }
        warnings.extend(by_pair.into_values());
        Ok(warnings)
    }

    fn agree(&self, comparison: &Comparison) -> Result<bool> {
        let Comparison { first, second, .. } = comparison;
        let (one, other) = (self.text(first.source), self.text(second.source));
        if self.nodes[comparison.node as usize].kind == Kind::Symlink {
            return Ok(source::entry(one)?.target == source::entry(other)?.target);
        }
        let mut readers = (self.content(*first)?, self.content(*second)?);
        let (mut left, mut right) = (vec![0; BUFFER], vec![0; BUFFER]);
        loop {
            let count =
                full_read(&mut readers.0, &mut left).map_err(Error::io("read", path_of(one)))?;
            let others =
                full_read(&mut readers.1, &mut right).map_err(Error::io("read", path_of(other)))?;
            if left[..count] != right[..others] {
                return Ok(false);
            }
            if count < BUFFER {
                return Ok(true);
            }
        }
    }

    /// The content of a regular file, from its start.
    fn content(&self, origin: Origin) -> Result<Box<dyn Read + '_>> {
        match (origin.giver, self.made_by(origin)) {
            (Giver::Made(_), Some(made)) => Ok(Box::new(made.content.as_bytes())),
            _ => {
                let path = self.text(origin.source);
                Ok(Box::new(source::open(CWD, path, path)?))
            }
        }
    }
}
