//! The options table: rewrites and permission rules by their store path, as
//! the files of the user have them.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::{PackedPath, PathOptions, PermRule, PermText, Rewrite, RewriteText};
use crate::{Error, Result, Warning, go_json};

/// The options of all store paths that have some.
#[derive(Debug, Default)]
pub struct OptionsTable(HashMap<String, Arc<PathOptions>>);

/// An element of the rewrites file.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct RewriteElement {
    path: String,
    regex: String,
    repl: String,
}

/// An element of the perms file.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct PermElement {
    path: String,
    regex: String,
    mode: String,
    uid: i64,
    gid: i64,
    uname: String,
    gname: String,
}

impl OptionsTable {
    /// Adds the rewrites of a file: a list of `path`, `regex` and `repl`. The
    /// last rewrite of a path counts; one without a regex changes nothing.
    ///
    /// # Errors
    /// When the file cannot be read, or an element is not a rewrite.
    pub fn add_rewrites(&mut self, file: &Path) -> Result<()> {
        let elements: Vec<RewriteElement> = go_json::from_file(file, "a list of rewrites")?;
        for element in elements {
            let text = RewriteText {
                regex: element.regex,
                repl: element.repl,
            };
            let rewrite = match text.regex.as_str() {
                "" => None,
                _ => Some(Rewrite::from_text(text).map_err(|e| for_path(e, &element.path, file))?),
            };
            self.options(element.path, file)?.rewrite = rewrite;
        }
        Ok(())
    }

    /// Adds the permission rules of a file: a list of `path`, `regex`, `mode`,
    /// `uid`, `gid`, `uname` and `gname`.
    ///
    /// # Errors
    /// When the file cannot be read, or an element is not a rule.
    pub fn add_perms(&mut self, file: &Path) -> Result<()> {
        let elements: Vec<PermElement> = go_json::from_file(file, "a list of permission rules")?;
        for element in elements {
            let rule = PermRule::new(PermText {
                regex: element.regex,
                mode: element.mode,
                uid: element.uid,
                gid: element.gid,
                uname: element.uname,
                gname: element.gname,
            })
            .map_err(|error| for_path(error, &element.path, file))?;
            self.options(element.path, file)?.perms.push(rule);
        }
        Ok(())
    }

    fn options(&mut self, path: String, file: &Path) -> Result<&mut PathOptions> {
        if path.is_empty() {
            let reason = "an element has no `path`".to_owned();
            return Err(Error::Value(reason).in_file(file));
        }
        Ok(Arc::make_mut(self.0.entry(path).or_default()))
    }

    /// The rules that no file matched, once these paths were packed, and the
    /// paths with rules that are neither packed nor known to be elsewhere, in
    /// any order.
    ///
    /// # Errors
    /// When a path with rules holds a NUL.
    pub fn unmatched<'a>(
        &self,
        packed: impl IntoIterator<Item = &'a PackedPath>,
        elsewhere: impl Fn(&PackedPath) -> bool,
    ) -> Result<Vec<Warning>> {
        let packed: HashSet<_> = packed.into_iter().map(PackedPath::path).collect();
        let mut warnings = Vec::new();
        for (path, options) in &self.0 {
            if packed.contains(path.as_str()) {
                let regexes = options.perms.iter().map(PermRule::regex);
                for regex in regexes.filter(|regex| !regex.has_matched()) {
                    warnings.push(Warning::UnmatchedRule {
                        path: path.clone(),
                        regex: regex.text().to_owned(),
                    });
                }
            } else if !options.perms.is_empty() && !elsewhere(&self.pack(path)?) {
                warnings.push(Warning::UnknownPath { path: path.clone() });
            }
        }
        Ok(warnings)
    }

    /// A path together with the options it has here.
    ///
    /// # Errors
    /// When the path is empty or holds a NUL.
    pub fn pack(&self, path: &str) -> Result<PackedPath> {
        PackedPath::new(path, self.0.get(path).cloned().unwrap_or_default())
    }
}

fn for_path(error: Error, path: &str, file: &Path) -> Error {
    Error::Value(format!("{error} (the rule is for {path})")).in_file(file)
}
