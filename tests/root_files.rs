//! Root files on the command line: what is made, granted and left out, in
//! which layer it is, and what is refused. The tarballs are read by the tar
//! crate, which shares no code.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Output;

use common::{Place, assert_silent, run};
use serde_json::{Value, json};

impl Place {
    /// A store of two paths, `app` that is copied to the root and `lib`.
    fn with_store() -> Self {
        let place = Place::new();
        place.file("store/app/bin/serve", "program");
        place.file("store/app/etc/hosts", "127.0.0.1 localhost");
        place.file("store/app/share/doc/app/README", "read me");
        place.file("store/lib/lib/libc.so", "library");
        place.file("store/lib/share/doc/lib/README", "read me too");
        place.file("store/lib/share/documents", "kept");
        symlink("serve", place.path("store/app/bin/app")).unwrap();
        symlink("store", place.path("store/app/opt")).unwrap();
        place
    }

    /// Runs the layers command over these store paths.
    fn run(&self, paths: &[&str], root_files: &Value, more: &[&str]) -> Output {
        let app = self.text("store/app");
        let path = |name: &&str| json!({"path": self.text(&format!("store/{name}"))});
        let graph: Value = paths.iter().map(path).collect();
        let rewrites = json!([{"path": app, "regex": format!("^{app}"), "repl": ""}]);
        self.file("graph.json", graph.to_string());
        self.file("rewrites.json", rewrites.to_string());
        self.file("root-files.json", root_files.to_string());
        let _ = fs::remove_file(self.text("layers.json"));
        let [layers, graph, rewrites, root_files] = [
            "layers.json",
            "graph.json",
            "rewrites.json",
            "root-files.json",
        ]
        .map(|name| self.text(name));
        let fixed = [
            "layers-from-reference-graph",
            &layers,
            &graph,
            "--rewrites",
            &rewrites,
            "--root-files",
            &root_files,
        ];
        run(&[&fixed, more].concat())
    }

    /// The layers of these store paths, as they stand in JSON.
    fn layers(&self, paths: &[&str], root_files: &Value, more: &[&str]) -> Vec<Value> {
        assert_silent(&self.run(paths, root_files, more));
        let text = fs::read(self.text("layers.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The tarball of a layer, which `blob` makes from the image's JSON.
    fn blob(&self, layer: &Value) -> Vec<u8> {
        self.file("config.json", "{}");
        let [image, config, layers] =
            ["image.json", "config.json", "layers.json"].map(|name| self.text(name));
        assert_silent(&run(&["image", &image, &config, &layers]));
        let digest = layer["digest"].as_str().unwrap();
        let output = run(&["blob", &image, digest]);
        assert_silent(&output);
        output.stdout
    }

    /// The message of a refusal, without the directory of this store.
    fn refusal(&self, paths: &[&str], root_files: &Value) -> String {
        let output = self.run(paths, root_files, &[]);
        assert_eq!(output.status.code(), Some(1), "{root_files}");
        assert!(!fs::exists(self.text("layers.json")).unwrap());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(message.lines().count(), 1, "{message}");
        message.replace(&self.text(""), "")
    }
}

/// The entries of a tarball, each as one line: name, type, mode and owner,
/// what a symlink points to, capabilities, content.
fn entries(tarball: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(tarball);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut line = String::from_utf8(entry.path_bytes().to_vec()).unwrap();
        let header = entry.header().clone();
        line += &format!(
            " {} {:o} {}:{} {}:{}",
            char::from(header.entry_type().as_byte()),
            header.mode().unwrap(),
            header.uid().unwrap(),
            header.gid().unwrap(),
            header.username().unwrap().unwrap(),
            header.groupname().unwrap().unwrap(),
        );
        if let Some(target) = entry.link_name_bytes() {
            line += &format!(" -> {}", String::from_utf8(target.to_vec()).unwrap());
        }
        for record in entry.pax_extensions().unwrap().into_iter().flatten() {
            let record = record.unwrap();
            line += &format!(
                " {}={}",
                record.key().unwrap(),
                hex::encode(record.value_bytes())
            );
        }
        let mut content = String::new();
        std::io::Read::read_to_string(&mut entry, &mut content).unwrap();
        if !content.is_empty() {
            line += &format!(" «{content}»");
        }
        line
    });
    entries.collect()
}

/// The entries whose names begin so.
fn below<'a>(entries: &'a [String], prefix: &str) -> Vec<&'a str> {
    let entries = entries.iter().map(String::as_str);
    entries.filter(|entry| entry.starts_with(prefix)).collect()
}

#[test]
fn what_is_made_and_granted_is_in_the_blob() {
    let place = Place::with_store();
    let root_files = json!({
        "directories": [
            {"path": "/tmp", "mode": "1777"},
            {"path": "/home/me", "mode": "700", "uid": 1000, "gid": 100, "uname": "me", "gname": "users"},
            {"path": "/var/lib/app", "uid": 7},
        ],
        "symlinks": [{"path": "/bin/sh", "target": "/bin/serve"}],
        "files": [{"path": "/etc/passwd", "content": "root:x:0:0::/:/bin/sh\n"}],
        "capabilities": [{"path": "/bin/serve", "capability": "cap_net_bind_service=+ep"}],
    });
    let layers = place.layers(&["app"], &root_files, &[]);
    assert_eq!(layers.len(), 1);
    assert_eq!(
        layers[0]["root-files"]["directories"][0],
        json!({
            "path": "/tmp", "mode": "1777", "uname": "root", "gname": "root",
        })
    );
    let entries = entries(&place.blob(&layers[0]));
    for line in [
        "/tmp 5 1777 0:0 root:root",
        "/home 5 755 0:0 root:root",
        "/home/me 5 700 1000:100 me:users",
        "/var/lib/app 5 755 7:0 :root",
        "/bin/sh 2 777 0:0 root:root -> /bin/serve",
        "/etc/passwd 0 644 0:0 root:root «root:x:0:0::/:/bin/sh\n»",
        "/etc/hosts 0 644 0:0 root:root «127.0.0.1 localhost»",
        "/bin/serve 0 644 0:0 root:root SCHILY.xattr.security.capability=\
         0100000200040000000000000000000000000000 «program»",
    ] {
        assert_eq!(
            below(&entries, &line[..line.find(' ').unwrap() + 1]),
            [line]
        );
    }
    let names: Vec<_> = entries
        .iter()
        .map(|entry| entry.split(' ').next())
        .collect();
    assert!(
        names.is_sorted_by_key(|name| name.unwrap().replace('/', "\0")),
        "{names:?}"
    );
}

#[test]
fn made_entries_are_in_one_layer_and_excludes_in_all() {
    let place = Place::with_store();
    let library = place.text("store/lib/lib/libc.so");
    let root_files = json!({
        "directories": [{"path": "/made"}],
        "capabilities": [{"path": library, "capability": "cap_kill=p"}],
        "excludes": ["/share/doc$"],
    });
    let layers = place.layers(&["app", "lib"], &root_files, &["--max-layers", "2"]);
    let blobs: Vec<_> = layers
        .iter()
        .map(|layer| entries(&place.blob(layer)))
        .collect();
    let of = |layer: &Value| layer["paths"][0]["path"].as_str().unwrap().to_owned();
    let lib = usize::from(of(&layers[0]) == place.text("store/app"));
    for (index, (layer, blob)) in layers.iter().zip(&blobs).enumerate() {
        let own = &layer["root-files"];
        assert_eq!(own["excludes"], json!(["/share/doc$"]));
        assert_eq!(own.get("directories").is_some(), index == 1);
        assert_eq!(below(blob, "/made ").len(), index);
        assert_eq!(own.get("capabilities").is_some(), index == lib);
        let with = |part: &str| blob.iter().filter(|entry| entry.contains(part)).count();
        assert_eq!(with("SCHILY"), usize::from(index == lib));
        assert_eq!((with("/share/doc "), with("README")), (0, 0));
        assert_eq!(with("/share/documents "), usize::from(index == lib));
    }
}

/// One of the two paths is in a layer below what is made, unless it shares
/// names with that.
#[test]
fn paths_that_give_what_is_made_are_in_its_layer() {
    let place = Place::with_store();
    let perms = json!([{"path": place.text("store/app"), "regex": "/etc$", "mode": "1777"}]);
    place.file("perms.json", perms.to_string());
    let perms = place.text("perms.json");
    let two = ["--max-layers", "2", "--perms", &perms];
    let libc = place.text("store/lib/lib/libc.so");
    for (made, name) in [("/etc/made", "app"), (&place.text("store/lib/made"), "lib")] {
        let root_files = json!({"directories": [{"path": made}]});
        let layers = place.layers(&["app", "lib"], &root_files, &two);
        let last = layers.last().unwrap();
        let paths = last["paths"].as_array().unwrap();
        let own = place.text(&format!("store/{name}"));
        assert!(paths.iter().any(|path| path["path"] == own), "{paths:?}");
        let entries = entries(&place.blob(last));
        assert_eq!(below(&entries, &format!("{made} ")).len(), 1);
        if name == "app" {
            assert_eq!(below(&entries, "/etc "), ["/etc 5 1777 0:0 root:root"]);
        }
    }
    for (path, want) in [
        ("/etc/hosts", "have 19 and 1 bytes"),
        (&libc, "have 7 and 1 bytes"),
        ("/bin", "differ: there are files below that name"),
    ] {
        let root_files = json!({"files": [{"path": path, "content": "x"}]});
        let output = place.run(&["app", "lib"], &root_files, &two);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(want), "{path}: {message}");
    }
}

#[test]
fn a_rule_for_a_made_directory_alone_is_matched() {
    let place = Place::with_store();
    let perms = json!([{"path": place.text("store/app"), "regex": "/etc$", "mode": "1777"}]);
    place.file("perms.json", perms.to_string());
    let root_files = json!({"directories": [{"path": "/etc"}]});
    let perms = place.text("perms.json");
    // A warning would be a failure here.
    place.layers(&["app"], &root_files, &["--perms", &perms]);
}

/// To leave files out of a path is the same as never to have had them.
#[test]
fn an_excluded_directory_goes_with_all_below_it() {
    let place = Place::with_store();
    let excludes = json!({"excludes": ["/share/doc$", "/etc/", "/store/lib/lib"]});
    let without = place.layers(&["app", "lib"], &excludes, &[]);
    for gone in ["app/share/doc", "app/etc/hosts", "lib/share/doc", "lib/lib"] {
        let path = place.text(&format!("store/{gone}"));
        fs::remove_dir_all(&path)
            .or_else(|_| fs::remove_file(&path))
            .unwrap();
    }
    let removed = place.layers(&["app", "lib"], &json!({}), &[]);
    assert_eq!(without[0]["digest"], removed[0]["digest"]);
    assert!(removed[0].get("root-files").is_none());
}

#[test]
fn a_store_path_below_an_excluded_name_is_left_out() {
    let place = Place::with_store();
    let store = place.text("store");
    let excludes = json!({"excludes": [format!("^{store}$")]});
    let layers = place.layers(&["app", "lib"], &excludes, &[]);
    let entries = entries(&place.blob(&layers[0]));
    assert!(
        entries.iter().all(|entry| !entry.contains("libc.so")),
        "{entries:?}"
    );
    assert_eq!(below(&entries, "/bin/serve").len(), 1);
}

#[test]
fn there_is_a_layer_for_what_is_made_without_any_store_path() {
    let place = Place::with_store();
    let root_files =
        json!({"directories": [{"path": "/", "mode": "0711"}, {"path": "/tmp", "mode": "1777"}]});
    let layers = place.layers(&[], &root_files, &[]);
    let want = ["/ 5 711 0:0 root:root", "/tmp 5 1777 0:0 root:root"];
    assert_eq!(entries(&place.blob(&layers[0])), want);
    let unused = place.run(&[], &json!({"excludes": ["x"]}), &[]);
    assert!(unused.status.success());
    let message = String::from_utf8(unused.stderr).unwrap();
    assert!(
        message.starts_with("warning: the regex `x` matches no file; "),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1);
}

#[test]
fn a_made_directory_decides_mode_and_owner_and_equal_entries_are_one() {
    let place = Place::with_store();
    let root_files = json!({
        "directories": [
            {"path": "/etc", "mode": "0700", "uid": 5},
            {"path": "/etc", "mode": "700", "uid": 5},
        ],
        "symlinks": [{"path": "/bin/app", "target": "serve"}],
    });
    let layers = place.layers(&["app"], &root_files, &[]);
    let entries = entries(&place.blob(&layers[0]));
    assert_eq!(below(&entries, "/etc "), ["/etc 5 700 5:0 :root"]);
    assert_eq!(below(&entries, "/bin/app ").len(), 1);
}

#[test]
fn the_kept_tarball_is_the_streamed_one() {
    let place = Place::with_store();
    let root_files = json!({"files": [{"path": "/etc/motd", "content": "ä".repeat(700)}]});
    let streamed = place.layers(&["app"], &root_files, &[]);
    let kept = place.layers(&["app"], &root_files, &["--tar-directory", &place.text("")]);
    assert_eq!(streamed[0]["digest"], kept[0]["digest"]);
    assert_eq!(streamed[0]["root-files"], kept[0]["root-files"]);
    let tarball = fs::read(kept[0]["layer-path"].as_str().unwrap()).unwrap();
    assert_eq!(below(&entries(&tarball), "/etc/motd ").len(), 1);
}

#[test]
fn conflicts_name_both_and_the_attribute() {
    let place = Place::with_store();
    let hosts =
        |attribute: &str| json!({"path": "/etc/hosts", "content": "x", "attribute": attribute});
    let link = |path: &str, target: &str| json!({"symlinks": [{"path": path, "target": target}]});
    for (root_files, want) in [
        (
            json!({"files": [hosts("users")]}),
            "error: conflict on /etc/hosts: store/app/etc/hosts and what `users` makes there have 19 and 1 bytes; \
             take the file out of `copyToRoot`, or change `users`\n",
        ),
        (
            json!({"directories": [{"path": "/bin/serve"}]}),
            "are files of different types; take",
        ),
        (
            json!({"directories": [{"path": "/bin/serve/x"}]}),
            "change `directories`",
        ),
        (
            link("/etc", "/x"),
            "and what `symlinks` makes there differ: there are files below",
        ),
        (link("/bin/app", "other"), "lead to different files"),
        (
            json!({"directories": [{"path": "/opt/x"}]}),
            "`directories` makes /opt/x, but /opt is not a directory, by store/app/opt; make it one in",
        ),
        (
            json!({"directories": [{"path": "/a"}], "files": [{"path": "/a", "attribute": "groups"}]}),
            "conflict on /a: what `directories` makes there and what `groups` makes there",
        ),
        (
            json!({"directories": [{"path": "/a"}, {"path": "/a", "uid": 1}]}),
            "differ; change `directories`\n",
        ),
        (
            json!({"directories": [{"path": "/a"}], "symlinks": [{"path": "/a", "target": "b"}]}),
            "types; change `directories` or `symlinks`\n",
        ),
    ] {
        let message = place.refusal(&["app"], &root_files);
        assert!(message.contains(want), "{root_files}: {message}");
    }
}

#[test]
fn capabilities_without_a_file_are_refused() {
    let place = Place::with_store();
    for (path, want) in [
        (
            "/bin/nothing",
            "names /bin/nothing, and none of the layers made here has it",
        ),
        (
            "/bin/app",
            "names /bin/app, which is a symlink; name what it leads to: serve",
        ),
        ("/bin", "names /bin, which is not a regular file"),
        ("/", "names /, which is not a regular file"),
    ] {
        let root_files = json!({"capabilities": [{"path": path, "capability": "=ep"}]});
        let message = place.refusal(&["app"], &root_files);
        assert!(message.contains(want), "{message}");
    }
}

#[test]
fn capabilities_for_one_file_are_in_one_text() {
    let place = Place::with_store();
    let grant = |capability| json!({"path": "/bin/serve", "capability": capability});
    let grants = |one, other| json!({"capabilities": [grant(one), grant(other)]});
    let message = place.refusal(&["app"], &grants("cap_kill=ep", "cap_chown=ep"));
    let want = "`capabilities` names /bin/serve twice; write all its capabilities in one text";
    assert!(message.contains(want), "{message}");
    place.layers(&["app"], &grants("cap_kill=ep", "cap_kill+ep"), &[]);
}

#[test]
fn bad_values_name_the_file_and_show_a_right_one() {
    let place = Place::with_store();
    let directory = |field: &str, value: Value| {
        let mut entry = json!({"path": "/tmp"});
        entry[field] = value;
        json!({"directories": [entry]})
    };
    for (root_files, want) in [
        (
            directory("mode", json!("0o755")),
            "mode `0o755`, which is not octal digits such as 1777",
        ),
        (directory("mode", json!("17777")), "mode `17777`"),
        (
            directory("uid", json!(-1)),
            "uid -1, which is not a number from 0 to 4294967295",
        ),
        (directory("gid", json!(4294967296_i64)), "gid 4294967296"),
        (directory("uname", json!("a\0b")), "NUL in `uname`"),
        (
            directory("path", json!("tmp")),
            "the path `tmp`, which is not an absolute path such as",
        ),
        (directory("path", json!("/a/../b")), "the path `/a/../b`"),
        (directory("path", json!("/tmp/")), "the path `/tmp/`"),
        (directory("path", json!("")), "the path ``"),
        (
            json!({"symlinks": [{"path": "/a"}]}),
            "`symlinks` has /a without a `target`",
        ),
        (
            json!({"files": [{"path": "/"}]}),
            "`files` has / which can only be a directory",
        ),
        (
            json!({"excludes": ["("]}),
            "the regex `(` of `excludes` is not valid",
        ),
        (
            json!({"excludes": [""]}),
            "an element of `excludes` is empty",
        ),
        (
            json!({"capabilities": [{"path": "/bin/serve", "capability": "net=ep"}]}),
            "`net` is no capability; write it as `cap_net_bind_service=+ep`",
        ),
        (
            json!({"directories": 1}),
            "is not an object of root files: directories",
        ),
    ] {
        let message = place.refusal(&["app"], &root_files);
        assert!(message.starts_with("error: root-files.json"), "{message}");
        assert!(message.contains(want), "{root_files}: {message}");
    }
}
