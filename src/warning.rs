//! What a user should know though nothing failed: each warning names the
//! files or the rule, and the attribute to change.
//!
//! The library sends warnings where its caller wants them; it prints nothing.

use std::fmt;

/// Something that is allowed and most likely not meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Two files of one name differ in content alone, and the last is taken.
    Replaced {
        /// The name in the image.
        name: String,
        /// The file that is not in the image.
        first: String,
        /// The file that is.
        second: String,
        /// How many more files of the same two paths differ so.
        more: usize,
    },
    /// Two paths, none more specific than the other, have rules for one
    /// directory that differ.
    RulesDisagree {
        /// The directory's name in the image.
        name: String,
        /// The path whose rules come first.
        first: String,
        /// The path whose rules come last, and count.
        second: String,
    },
    /// Two files of one name are in different layers and differ, so that the
    /// one in the higher layer hides the other.
    Hidden {
        /// The name in the image.
        name: String,
        /// A file of that name.
        first: String,
        /// Another file of that name.
        second: String,
        /// In what the two differ.
        difference: String,
        /// What to change.
        remedy: String,
    },
    /// Rules do not count for a directory, for a path in a higher layer gives
    /// it without them.
    HiddenRules {
        /// The directory's name in the image.
        name: String,
        /// The path whose rules do not count.
        first: String,
        /// The path in the higher layer.
        second: String,
    },
    /// A permission rule matches no file of its path.
    UnmatchedRule {
        /// The rule's path.
        path: String,
        /// The rule's regex.
        regex: String,
    },
    /// A permission rule is for a path that no layer has.
    UnknownPath {
        /// The rule's path.
        path: String,
    },
    /// A regex of the excludes matches no file.
    UnmatchedExclude {
        /// The regex.
        regex: String,
    },
    /// An image has more layers than container runtimes take.
    ManyLayers {
        /// How many it has.
        count: usize,
        /// How many they take.
        most: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Replaced {
                name,
                first,
                second,
                more,
            } => {
                write!(
                    f,
                    "{first} and {second} differ and are both called {name}; "
                )?;
                write!(f, "the second is in the image")?;
                if *more > 0 {
                    write!(f, ", and so with {more} more of their files")?;
                }
                write!(f, "; take one of them out of `copyToRoot`")
            }
            Warning::RulesDisagree {
                name,
                first,
                second,
            } => write!(
                f,
                "the rules of {first} and {second} disagree on {name}; those of the second count; \
                 let only one of them match it in `perms`"
            ),
            Warning::Hidden {
                name,
                first,
                second,
                difference,
                remedy,
            } => write!(
                f,
                "{first} and {second} {difference}, and are both called {name}; the one in the \
                 higher layer is in the image; {remedy}"
            ),
            Warning::HiddenRules {
                name,
                first,
                second,
            } => write!(
                f,
                "the rules of {first} do not count on {name}, for {second} gives it too, in \
                 a higher layer; write the same rules for that in `perms`"
            ),
            Warning::UnmatchedRule { path, regex } => write!(
                f,
                "the rule with regex `{regex}` matches no file of {path}; a regex is matched \
                 against names in the store, such as {path}/bin; change it in `perms`"
            ),
            Warning::UnknownPath { path } => write!(
                f,
                "there are rules for {path}, which is in none of the layers made here; change \
                 `path` in `perms`"
            ),
            Warning::UnmatchedExclude { regex } => write!(
                f,
                "the regex `{regex}` matches no file; it is matched against names in the image; \
                 change it in `excludes`"
            ),
            Warning::ManyLayers { count, most } => write!(
                f,
                "the image has {count} layers, and container runtimes take {most} at most; set a \
                 smaller `maxLayers`"
            ),
        }
    }
}
