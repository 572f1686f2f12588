//! The file tree: which names a layer has, and when two sources for one name
//! are refused. The tarball is read by the tar crate, which shares no code.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use nix2container::path_options::{PermRule, PermText, Rewrite};
use nix2container::tar::TarReader;
use nix2container::{Error, FileTree, PackedPath, PathOptions};

struct Store(tempfile::TempDir);

impl Store {
    fn new() -> Self {
        Store(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: &str) -> &Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn link(&self, name: &str, target: &str) -> &Self {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn mode(&self, name: &str, mode: u32) -> &Self {
        let path = self.0.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A store path, its name rewritten.
    fn path(&self, name: &str, repl: &str) -> PackedPath {
        self.with_perms(name, repl, Vec::new())
    }

    fn with_perms(&self, name: &str, repl: &str, perms: Vec<PermRule>) -> PackedPath {
        let path = self.0.path().join(name);
        let regex = format!("^{}", path.display());
        let options = PathOptions {
            rewrite: Some(Rewrite::new(regex, repl).unwrap()),
            perms,
        };
        PackedPath::new(path.to_str().unwrap(), options).unwrap()
    }
}

/// Names, modes and owners of the entries, in their order.
fn entries(paths: Vec<PackedPath>) -> Result<Vec<String>, Error> {
    let tree = Arc::new(FileTree::new(paths)?);
    let mut archive = tar::Archive::new(TarReader::new(tree));
    let entries = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            let (mode, uid) = (header.mode().unwrap(), header.uid().unwrap());
            let name = String::from_utf8(entry.path_bytes().to_vec()).unwrap();
            format!("{name} {mode:o} {uid}")
        })
        .collect();
    Ok(entries)
}

/// What a conflict says of itself.
fn conflict(paths: Vec<PackedPath>) -> (String, String) {
    match FileTree::new(paths) {
        Err(Error::Conflict {
            name, difference, ..
        }) => (name, difference),
        other => (format!("{other:?}"), String::new()),
    }
}

#[test]
fn siblings_stand_in_byte_order_and_parents_before_children() {
    let store = Store::new();
    for name in ["a/b", "a-b", "a.b", "B", "~", "0"] {
        store
            .file(&format!("p/{name}"), "")
            .mode(&format!("p/{name}"), 0o444);
    }
    store.mode("p", 0o555).mode("p/a", 0o555);
    let names = entries(vec![store.path("p", "/x/y")]).unwrap();
    store.mode("p", 0o755).mode("p/a", 0o755);
    let want = [
        "/ 755 0",
        "/x 755 0",
        "/x/y 555 0",
        "/x/y/0 444 0",
        "/x/y/B 444 0",
        "/x/y/a 555 0",
        "/x/y/a/b 444 0",
        "/x/y/a-b 444 0",
        "/x/y/a.b 444 0",
        "/x/y/~ 444 0",
    ];
    assert_eq!(names, want);
}

#[test]
fn a_source_on_the_root_gives_it_its_mode_and_a_relative_one_does_not() {
    let store = Store::new();
    store.file("p/f", "").mode("p/f", 0o400).mode("p", 0o700);
    assert_eq!(
        entries(vec![store.path("p", "/")]).unwrap(),
        ["/ 700 0", "/f 400 0"]
    );
    assert_eq!(
        entries(vec![store.path("p", "")]).unwrap(),
        ["/ 755 0", "/f 400 0"]
    );
    assert_eq!(
        entries(vec![store.path("p", "r")]).unwrap(),
        ["r 700 0", "r/f 400 0"]
    );
    assert_eq!(
        entries(vec![store.path("p", "//x/./")]).unwrap()[1],
        "/x 700 0"
    );
}

#[test]
fn equal_files_may_share_a_name_and_others_may_not() {
    let store = Store::new();
    store
        .file("a/f", "1")
        .file("b/f", "2")
        .file("c/f", "longer")
        .file("d/f/g", "");
    store.link("e/f", "g").file("m/f", "1").mode("m/f", 0o600);
    let with = |other: &str| vec![store.path("a", ""), store.path(other, "")];

    let mut tarball = Vec::new();
    let tree = FileTree::new(with("b")).unwrap();
    std::io::Read::read_to_end(&mut TarReader::new(Arc::new(tree)), &mut tarball).unwrap();
    assert_eq!(tarball[1024], b'2', "the last one wins");

    for (other, reason) in [
        ("c", "have 1 and 6 bytes"),
        ("d", "are files of different types"),
        ("e", "are files of different types"),
        ("m", "have modes 0644 and 0600"),
    ] {
        assert_eq!(
            conflict(with(other)),
            ("/f".to_owned(), reason.to_owned()),
            "{other}"
        );
    }
    let rule = PermRule::new(PermText {
        regex: ".*".into(),
        uid: 7,
        ..PermText::default()
    });
    let paths = vec![
        store.path("a", ""),
        store.with_perms("b", "", vec![rule.unwrap()]),
    ];
    assert_eq!(conflict(paths).1, "have different permission rules");
}

#[test]
fn a_file_holds_no_files_but_a_symlink_may_stand_above_some() {
    let store = Store::new();
    store
        .file("file", "x")
        .file("inner", "y")
        .link("link", "elsewhere");
    for paths in [
        vec![store.path("file", "/a"), store.path("inner", "/a/b")],
        vec![store.path("inner", "/a/b"), store.path("file", "/a")],
    ] {
        assert_eq!(conflict(paths).0, "/a");
    }
    let names = entries(vec![store.path("link", "/a"), store.path("inner", "/a/b")]).unwrap();
    assert_eq!(names, ["/ 755 0", "/a 777 0", "/a/b 644 0"]);
}

#[test]
fn rules_change_modes_and_owners_of_sources_but_not_of_created_parents() {
    let store = Store::new();
    store.file("p/f", "").file("p/g", "").mode("p/g", 0o444);
    let rule = |regex: &str, mode: &str, uid| {
        let text = PermText {
            regex: regex.into(),
            mode: mode.into(),
            uid,
            ..PermText::default()
        };
        PermRule::new(text).unwrap()
    };
    let perms = vec![
        rule("/p/f$", "4711", 3),
        rule("/g$", "", 1),
        rule("nothing", "0", 9),
    ];
    let names = entries(vec![store.with_perms("p", "/x/y", perms)]).unwrap();
    let want = [
        "/ 755 0",
        "/x 755 0",
        "/x/y 755 0",
        "/x/y/f 4711 3",
        "/x/y/g 444 1",
    ];
    assert_eq!(names, want);
}

#[test]
fn a_dropped_directory_keeps_its_files() {
    let store = Store::new();
    store.file("p/sub/f", "");
    let path = store.0.path().join("p");
    let rewrite = Rewrite::new(format!("^{}(/sub)?$", path.display()), "").unwrap();
    let options = PathOptions {
        rewrite: Some(rewrite),
        perms: Vec::new(),
    };
    let names = entries(vec![
        PackedPath::new(path.to_str().unwrap(), options).unwrap(),
    ])
    .unwrap();
    let full = |name: &str| format!("{} 755 0", Path::new(name).display());
    assert!(names.contains(&full(path.join("sub").to_str().unwrap())));
    assert!(names.last().unwrap().ends_with("/p/sub/f 644 0"));
}
