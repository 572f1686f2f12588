//! The file tree: which names a layer has, and when two sources for one name
//! are refused. The tarball is read by the tar crate, which shares no code.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use nix2container::path_options::{PermRule, PermText, Rewrite};
use nix2container::tar::TarReader;
use nix2container::{Error, FileTree, PackedPath, PathOptions, Warning};

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

fn rule(regex: &str, mode: &str, uid: i64) -> PermRule {
    let text = PermText {
        regex: regex.into(),
        mode: mode.into(),
        uid,
        ..PermText::default()
    };
    PermRule::new(text).unwrap()
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
    let paths = vec![
        store.path("a", ""),
        store.with_perms("b", "", vec![rule(".*", "", 7)]),
    ];
    assert_eq!(conflict(paths).1, "have different modes or owners");
}

/// The names, rules and contents of two paths for one directory.
fn shared(store: &Store, first: Vec<PermRule>, second: Vec<PermRule>) -> Vec<PackedPath> {
    store.file("a/d/one", "").file("b/d/two", "");
    vec![
        store.with_perms("a", "", first),
        store.with_perms("b", "", second),
    ]
}

#[test]
fn rules_of_several_paths_for_one_directory_merge() {
    let store = Store::new();
    let one = || rule("/d$", "1777", 1);
    let owner = || rule("/d$", "", 2);
    let other = || rule("/nothing", "0700", 3);
    for (first, second, want, warnings) in [
        (vec![one()], vec![], "/d 1777 1", 0),
        (vec![], vec![one()], "/d 1777 1", 0),
        (vec![one()], vec![other()], "/d 1777 1", 0),
        (vec![other()], vec![one()], "/d 1777 1", 0),
        (vec![one()], vec![owner()], "/d 1777 2", 1),
        (vec![owner()], vec![one()], "/d 1777 1", 1),
        (vec![one()], vec![one()], "/d 1777 1", 0),
        (vec![other(), one()], vec![one()], "/d 1777 1", 0),
    ] {
        let paths = shared(&store, first, second);
        let told = FileTree::new(paths.clone()).unwrap().check().unwrap();
        assert_eq!(told.len(), warnings, "{told:?}");
        let names = entries(paths).unwrap();
        assert_eq!(names, ["/ 755 0", want, "/d/one 644 0", "/d/two 644 0"]);
    }
}

#[test]
fn the_most_specific_path_counts_wherever_it_stands() {
    let store = Store::new();
    store.file("a/d/one", "").file("b/two", "");
    let outer = store.with_perms("a", "", vec![rule("/d$", "0700", 1)]);
    let inner = store.with_perms("b", "/d", vec![rule("/b$", "0750", 2)]);
    for paths in [vec![outer.clone(), inner.clone()], vec![inner, outer]] {
        let tree = FileTree::new(paths.clone()).unwrap();
        assert_eq!(tree.check().unwrap(), []);
        assert_eq!(entries(paths).unwrap()[1], "/d 750 2");
    }
}

#[test]
fn modes_of_directories_differ_unless_a_rule_settles_them() {
    let store = Store::new();
    shared(&store, vec![], vec![]);
    store.mode("a/d", 0o700);
    let settled = shared(&store, vec![], vec![rule("/d$", "0711", 0)]);
    assert_eq!(entries(settled).unwrap()[1], "/d 711 0");
    let open = shared(&store, vec![], vec![rule("/d$", "", 5)]);
    assert_eq!(conflict(open).1, "have modes 0700 and 0755");
}

#[test]
fn files_that_are_the_same_may_come_from_paths_with_different_rules() {
    let store = Store::new();
    let long = "x".repeat(200_000);
    store.file("a/f", &long).file("b/f", &long);
    store.link("a/l", "t").link("b/l", "t");
    let with = |first, second| {
        vec![
            store.with_perms("a", "", first),
            store.with_perms("b", "", second),
        ]
    };
    let same = || with(vec![rule("/none", "", 1)], vec![rule("/f$", "0644", 0)]);
    assert_eq!(FileTree::new(same()).unwrap().check().unwrap(), []);
    assert_eq!(entries(same()).unwrap()[1..], ["/f 644 0", "/l 777 0"]);

    store.mode("a/f", 0o600);
    assert_eq!(FileTree::new(same()).err().map(|_| ()), Some(()));
    let settled = || {
        with(
            vec![rule("/f$", "0640", 0)],
            vec![rule("/f$", "0640", 0), rule("/x", "", 1)],
        )
    };
    assert_eq!(FileTree::new(settled()).unwrap().check().unwrap(), []);
    assert_eq!(entries(settled()).unwrap()[1], "/f 640 0");

    store.file("b/f", &(long[1..].to_owned() + "y"));
    let error = FileTree::new(settled()).unwrap().check().unwrap_err();
    let text = error.to_string();
    for part in [
        "conflict on /f: ",
        "/a/f and ",
        "/b/f have different contents; take one",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_the_last_of_two_files_replaces_is_told_once_for_their_paths() {
    let store = Store::new();
    store.file("a/f", "1").file("b/f", "2");
    store.file("a/g", "same").file("b/g", "same");
    store
        .file("a/h", "3")
        .file("b/h", "4")
        .link("a/l", "1")
        .link("b/l", "2");
    let tree = FileTree::new(vec![store.path("a", ""), store.path("b", "")]).unwrap();
    let told: Vec<_> = tree
        .check()
        .unwrap()
        .iter()
        .map(Warning::to_string)
        .collect();
    let [told] = told.as_slice() else {
        unreachable!("{told:?}");
    };
    for part in [
        "/a/f and ",
        "/b/f differ and are both called /f; the second is in the image",
        "2 more",
        "`copyToRoot`",
    ] {
        assert!(told.contains(part), "{told}");
    }
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
