//! Root files as they stand in JSON: in the file that the user gives, and as
//! a field of a layer. What has its default value is not written.

use serde::{Deserialize, Serialize};

use super::{Excludes, Grant, MadeEntry, RootFiles};
use crate::path_options::parse_mode;
use crate::source::Kind;
use crate::{Error, Result};

#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub(crate) struct RootFilesText {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directories: Vec<EntryText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    symlinks: Vec<EntryText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<EntryText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    capabilities: Vec<GrantText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    excludes: Vec<String>,
}

/// An element of `directories`, `symlinks` or `files`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct EntryText {
    path: String,
    /// Of a symlink only.
    #[serde(skip_serializing_if = "String::is_empty")]
    target: String,
    /// Of a file only.
    #[serde(skip_serializing_if = "String::is_empty")]
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    mode: String,
    #[serde(skip_serializing_if = "is_zero")]
    uid: i64,
    #[serde(skip_serializing_if = "is_zero")]
    gid: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    uname: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    gname: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    attribute: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct GrantText {
    path: String,
    capability: String,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl TryFrom<RootFilesText> for RootFiles {
    type Error = Error;

    fn try_from(text: RootFilesText) -> Result<Self> {
        let mut entries = Vec::new();
        for (kind, texts) in [
            (Kind::Directory, text.directories),
            (Kind::Symlink, text.symlinks),
            (Kind::Regular, text.files),
        ] {
            for entry in texts {
                entries.push(made_entry(kind, entry)?);
            }
        }
        let grant = |text: GrantText| {
            Ok(Grant {
                path: checked_path("capabilities", text.path)?,
                capabilities: text.capability.parse()?,
            })
        };
        Ok(RootFiles {
            entries,
            capabilities: text
                .capabilities
                .into_iter()
                .map(grant)
                .collect::<Result<_>>()?,
            excludes: Excludes::new(text.excludes)?,
        })
    }
}

/// The list that entries of a kind stand in.
fn list_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Directory => "directories",
        Kind::Symlink => "symlinks",
        _ => "files",
    }
}

fn made_entry(kind: Kind, text: EntryText) -> Result<MadeEntry> {
    let list = list_of(kind);
    let path = checked_path(list, text.path)?;
    let wrong = |reason: String| Error::Value(format!("`{list}` has {path} {reason}"));
    let mode = mode_of(kind, &text.mode).map_err(wrong)?;
    let uid = id("uid", text.uid).map_err(wrong)?;
    let gid = id("gid", text.gid).map_err(wrong)?;
    for (field, value) in [
        ("uname", &text.uname),
        ("gname", &text.gname),
        ("target", &text.target),
    ] {
        if value.contains('\0') {
            return Err(wrong(format!("with a NUL in `{field}`")));
        }
    }
    if kind == Kind::Symlink && text.target.is_empty() {
        return Err(wrong("without a `target`".to_owned()));
    }
    if kind != Kind::Directory && path == "/" {
        return Err(wrong("which can only be a directory".to_owned()));
    }
    Ok(MadeEntry {
        kind,
        content: match kind {
            Kind::Symlink => text.target,
            Kind::Regular => text.content,
            _ => String::new(),
        },
        mode,
        uid,
        gid,
        uname: name_or_root(text.uname, uid),
        gname: name_or_root(text.gname, gid),
        attribute: match text.attribute.as_str() {
            "" => list.to_owned(),
            _ => text.attribute,
        },
        path,
    })
}

/// The mode that is given, or else that of most files of a kind.
fn mode_of(kind: Kind, digits: &str) -> Result<u32, String> {
    match (kind, digits) {
        (Kind::Symlink, _) => Ok(0o777),
        (Kind::Directory, "") => Ok(0o755),
        (_, "") => Ok(0o644),
        _ => parse_mode(digits)
            .filter(|mode| *mode <= 0o7777)
            .ok_or_else(|| format!("with mode `{digits}`, which is not octal digits such as 1777")),
    }
}

/// The number of a user or a group.
fn id(field: &str, number: i64) -> Result<u32, String> {
    let range = "which is not a number from 0 to 4294967295";
    u32::try_from(number).map_err(|_| format!("with {field} {number}, {range}"))
}

/// Who has no name is called root where that is true.
fn name_or_root(name: String, number: u32) -> String {
    match (name.as_str(), number) {
        ("", 0) => "root".to_owned(),
        _ => name,
    }
}

/// A path in the image that can be looked up component by component.
fn checked_path(list: &str, path: String) -> Result<String> {
    let mut components = path
        .strip_prefix('/')
        .into_iter()
        .flat_map(|rest| rest.split('/'));
    let odd = |component| matches!(component, "" | "." | "..");
    let good = path == "/" || (path.starts_with('/') && !components.any(odd));
    match good && !path.contains('\0') {
        true => Ok(path),
        false => Err(Error::Value(format!(
            "`{list}` has the path `{}`, which is not an absolute path such as /var/lib/app",
            path.escape_debug()
        ))),
    }
}

impl From<&RootFiles> for RootFilesText {
    fn from(files: &RootFiles) -> Self {
        let of_kind = |kind| {
            let entries = files.entries.iter().filter(move |entry| entry.kind == kind);
            entries.map(EntryText::from).collect()
        };
        let grant = |grant: &Grant| GrantText {
            path: grant.path.clone(),
            capability: grant.capabilities.to_string(),
        };
        RootFilesText {
            directories: of_kind(Kind::Directory),
            symlinks: of_kind(Kind::Symlink),
            files: of_kind(Kind::Regular),
            capabilities: files.capabilities.iter().map(grant).collect(),
            excludes: files.excludes.texts().map(str::to_owned).collect(),
        }
    }
}

impl From<&MadeEntry> for EntryText {
    fn from(entry: &MadeEntry) -> Self {
        let if_kind = |kind, text: String| match entry.kind == kind {
            true => text,
            false => String::new(),
        };
        EntryText {
            path: entry.path.clone(),
            target: if_kind(Kind::Symlink, entry.content.clone()),
            content: if_kind(Kind::Regular, entry.content.clone()),
            mode: match entry.kind {
                Kind::Symlink => String::new(),
                _ => format!("{:04o}", entry.mode),
            },
            uid: entry.uid.into(),
            gid: entry.gid.into(),
            uname: entry.uname.clone(),
            gname: entry.gname.clone(),
            attribute: match entry.attribute == list_of(entry.kind) {
                true => String::new(),
                false => entry.attribute.clone(),
            },
        }
    }
}
