//! A difference: in what a file is not what it was when its layer was packed,
//! and which setting helps.
//!
//! Takes the files of a layer as they were and as they are, and gives the
//! first one, in the order of the tarball, that is not the same.

use std::collections::HashSet;

use serde::Serialize;

use crate::case_hack;
use crate::file_digests::FileDigest;

/// The first file of a layer that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    name: String,
    what: What,
    then: String,
    now: String,
    /// Whether names have the mark of the case hack, then or now but not both.
    case_hack: bool,
}

/// What differs of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The file was there and is not.
    Missing,
    /// The file is there and was not.
    New,
    /// It is a directory, or a symlink, and was none, or the like.
    Type,
    /// The bytes, and maybe how many there are.
    Content,
    /// Where a symlink leads to.
    Target,
    /// The permission bits.
    Mode,
    /// The owner or the group.
    Owner,
    /// The file's capabilities.
    Capability,
}

impl Difference {
    /// The first file of which two lists say different things.
    pub(crate) fn first(then: &[FileDigest], now: &[FileDigest]) -> Option<Self> {
        let differs = |at: &usize| then.get(*at) != now.get(*at);
        let at = (0..then.len().max(now.len())).find(differs)?;
        let is_marked = |file: &FileDigest| file.name.contains(case_hack::MARK);
        let difference = match (then.get(at), now.get(at)) {
            (Some(then), Some(now)) if then.name == now.name => Difference::changed(then, now),
            (Some(gone), new) => {
                let names: HashSet<_> = now.iter().map(|file| &file.name).collect();
                match new {
                    Some(new) if names.contains(&gone.name) => Difference::added(new),
                    _ => Difference::removed(gone),
                }
            }
            (None, new) => Difference::added(new?),
        };
        Some(Difference {
            case_hack: then.iter().any(is_marked) != now.iter().any(is_marked),
            ..difference
        })
    }

    fn removed(file: &FileDigest) -> Self {
        Difference {
            name: file.name.clone(),
            what: What::Missing,
            then: file.file_type.clone(),
            now: String::new(),
            case_hack: false,
        }
    }

    fn added(file: &FileDigest) -> Self {
        Difference {
            name: file.name.clone(),
            what: What::New,
            then: String::new(),
            now: file.file_type.clone(),
            case_hack: false,
        }
    }

    /// Of two files that are not equal.
    fn changed(then: &FileDigest, now: &FileDigest) -> Self {
        let content = |file: &FileDigest| match file.digest.as_str() {
            "" => format!("{} bytes", file.size),
            digest => format!("{} bytes of {digest}", file.size),
        };
        let fields = |file: &FileDigest| {
            [
                (What::Type, file.file_type.clone()),
                (What::Target, file.target.clone()),
                (What::Content, content(file)),
                (What::Mode, file.mode.clone()),
                (What::Capability, file.capability.clone()),
                (What::Owner, file.owner.clone()),
            ]
        };
        let mut pairs = fields(then).into_iter().zip(fields(now));
        let differs = pairs.find(|(then, now)| then.1 != now.1);
        let ((what, then_field), (_, now_field)) =
            differs.unwrap_or(((What::Owner, String::new()), (What::Owner, String::new())));
        Difference {
            name: then.name.clone(),
            what,
            then: then_field,
            now: now_field,
            case_hack: false,
        }
    }

    /// The file's name in the image.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What differs.
    pub fn what(&self) -> What {
        self.what
    }

    /// The difference in one sentence.
    pub fn sentence(&self) -> String {
        let Difference {
            name, then, now, ..
        } = self;
        let or_root = |owner: &String| match owner.as_str() {
            "" => "root".to_owned(),
            owner => owner.to_owned(),
        };
        let or_none = |text: &String| match text.as_str() {
            "" => "none".to_owned(),
            text => text.to_owned(),
        };
        match self.what {
            What::Missing => format!("{name} was a {then} and is not there"),
            What::New => format!("{name} is a {now} and was not there"),
            What::Type => format!("{name} was a {then} and is a {now}"),
            What::Content => format!("{name} had {then} and has {now}"),
            What::Target => format!("{name} led to {then} and leads to {now}"),
            What::Mode => format!("{name} had mode {then} and has mode {now}"),
            What::Owner => format!("{name} was {}'s and is {}'s", or_root(then), or_root(now)),
            What::Capability => format!(
                "{name} had the capabilities {} and has {}",
                or_none(then),
                or_none(now)
            ),
        }
    }

    /// Which setting helps.
    pub fn help(&self) -> &'static str {
        if self.case_hack {
            return "some names have the mark of Nix's case hack in one store alone: set \
                    `use-case-hack` in nix.conf alike where the image is built and where it is \
                    copied";
        }
        match self.what {
            What::Missing | What::New | What::Type | What::Content | What::Target => {
                "the store path is not the same when it is built again: make its build \
                 reproducible, or put it into a buildLayer with `reproducible = false`, which \
                 keeps the tarball"
            }
            What::Mode | What::Owner | What::Capability => {
                "the store was changed behind Nix's back, or keeps modes otherwise: repair it by \
                 `nix-store --verify --check-contents --repair`, or set mode and owner in `perms`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Vec<FileDigest> {
        let file = |(name, mode): &(&str, &str)| FileDigest {
            name: (*name).to_owned(),
            mode: (*mode).to_owned(),
            ..FileDigest::default()
        };
        texts.iter().map(file).collect()
    }

    #[test]
    fn the_first_difference_is_the_first_in_the_tarball() {
        let then = files(&[("/a", "1"), ("/b", "1"), ("/c", "1")]);
        for (now, want) in [
            (&[("/a", "1"), ("/b", "1"), ("/c", "1")][..], None),
            (&[("/a", "1"), ("/b", "2"), ("/c", "2")], Some("/b")),
            (&[("/b", "1"), ("/c", "2")], Some("/a")),
            (
                &[("/a", "1"), ("/aa", "1"), ("/b", "1"), ("/c", "1")],
                Some("/aa"),
            ),
            (&[("/a", "1"), ("/b", "1")], Some("/c")),
            (
                &[("/a", "1"), ("/b", "1"), ("/c", "1"), ("/d", "1")],
                Some("/d"),
            ),
            (&[], Some("/a")),
        ] {
            let difference = Difference::first(&then, &files(now));
            assert_eq!(difference.as_ref().map(Difference::name), want);
        }
    }

    #[test]
    fn what_differs_is_said_with_the_setting_that_helps() {
        let file = FileDigest {
            name: "/f".to_owned(),
            file_type: "file".to_owned(),
            mode: "0444".to_owned(),
            size: 3,
            digest: "sha256:1".to_owned(),
            ..FileDigest::default()
        };
        let with = |change: fn(&mut FileDigest)| {
            let mut changed = file.clone();
            change(&mut changed);
            vec![changed]
        };
        for (now, sentence, help) in [
            (
                with(|f| f.digest = "sha256:2".into()),
                "/f had 3 bytes of sha256:1 and has 3 bytes of sha256:2",
                "reproducible",
            ),
            (
                with(|f| (f.size, f.digest) = (0, String::new())),
                "/f had 3 bytes of sha256:1 and has 0 bytes",
                "reproducible",
            ),
            (
                with(|f| f.file_type = "symlink".into()),
                "/f was a file and is a symlink",
                "reproducible",
            ),
            (
                with(|f| f.mode = "0644".into()),
                "/f had mode 0444 and has mode 0644",
                "perms",
            ),
            (
                with(|f| f.owner = "1:1 :".into()),
                "/f was root's and is 1:1 :'s",
                "perms",
            ),
            (
                with(|f| f.capability = "01".into()),
                "/f had the capabilities none and has 01",
                "perms",
            ),
            (
                with(|f| f.name += "~nix~case~hack~1"),
                "/f was a file and is not there",
                "use-case-hack",
            ),
            (vec![], "/f was a file and is not there", "reproducible"),
        ] {
            let difference = Difference::first(std::slice::from_ref(&file), &now);
            let got = difference.map(|one| (one.sentence(), one.help().contains(help)));
            assert_eq!(got, Some((sentence.to_owned(), true)));
        }
    }
}
