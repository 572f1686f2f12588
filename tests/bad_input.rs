//! Bad input: every fault gives one line that names the file or path and the
//! reason, exit status 1, and leaves no output file.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{Place, assert_refused, program, run};
use serde_json::{Value, json};

impl Place {
    /// A directory with two store paths, and the files of one run.
    fn with_store() -> Self {
        let place = Place::new();
        place.file("store/a/file", "content");
        place.file("store/b/file", "content of b");
        place
    }

    /// A graph of the named store paths, without references.
    fn graph(&self, names: &[&str]) -> PathBuf {
        let element = |name: &&str| json!({"path": self.text(&format!("store/{name}"))});
        self.json("graph.json", &names.iter().map(element).collect())
    }

    /// Runs the layers command over a graph, with more arguments.
    fn layers(&self, graph: &Path, more: &[&str]) -> Output {
        let out = self.path("layers.json");
        program()
            .arg("layers-from-reference-graph")
            .args([out.as_os_str(), graph.as_os_str()])
            .args(more)
            .output()
            .unwrap()
    }

    /// Makes a good image of store path `a` and gives its file.
    fn image(&self) -> PathBuf {
        let made = self.layers(&self.graph(&["a"]), &[]);
        assert!(made.status.success());
        self.json("config.json", &json!({}));
        let made = run(&[
            "image",
            &self.text("image.json"),
            &self.text("config.json"),
            &self.text("layers.json"),
        ]);
        assert!(made.status.success());
        self.path("image.json")
    }

    /// Changes the good image's JSON.
    fn broken_image(&self, change: impl FnOnce(&mut Value)) -> PathBuf {
        let mut image = serde_json::from_slice(&std::fs::read(self.image()).unwrap()).unwrap();
        change(&mut image);
        self.json("image.json", &image)
    }
}

/// No output, whole or half, is left in the directory.
#[track_caller]
fn assert_no_output(place: &Place) {
    let names = std::fs::read_dir(place.root()).unwrap();
    for name in names.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(
            !name.starts_with("layers") && !name.starts_with('.'),
            "{name} is left"
        );
    }
}

#[test]
fn a_graph_that_cannot_be_used() {
    let place = Place::with_store();
    for (content, reason) in [
        ("", "EOF"),
        ("[{\"path\":\"/a\"", "EOF"),
        ("{}", "expected a list"),
        ("[{\"path\":1}]", "[0].path"),
        (
            "[{\"path\":\"/a\",\"references\":[{}]}]",
            "[0].references[0]",
        ),
        ("[{\"references\":[]}]", "a path is empty"),
        ("[] []", "trailing"),
    ] {
        let graph = place.file("graph.json", content);
        assert_refused(&place.layers(&graph, &[]), &["graph.json", reason]);
    }
    let graph = place.file("graph.json", b"[{\"path\":\"/nix/store/\xff\"}]");
    assert_refused(&place.layers(&graph, &[]), &["graph.json", "unicode"]);
    let missing = place.path("missing.json");
    assert_refused(
        &place.layers(&missing, &[]),
        &["missing.json", "No such file"],
    );
    assert_refused(&place.layers(place.root(), &[]), &["directory"]);
    assert_no_output(&place);
}

#[test]
fn a_cycle_is_named() {
    let place = Place::with_store();
    let (a, b) = (place.text("store/a"), place.text("store/b"));
    let graph = place.json(
        "graph.json",
        &json!([{"path": a, "references": [b]}, {"path": b, "references": [a]}]),
    );
    assert_refused(&place.layers(&graph, &[]), &["graph.json", "cycle", &a, &b]);
    assert_no_output(&place);
}

#[test]
fn a_store_path_that_cannot_be_packed() {
    let place = Place::with_store();
    let graph = place.graph(&["a", "gone"]);
    assert_refused(&place.layers(&graph, &[]), &["store/gone", "No such file"]);

    let socket = place.path("store/a/socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let graph = place.graph(&["a"]);
    assert_refused(&place.layers(&graph, &[]), &["store/a/socket", "socket"]);
    assert_no_output(&place);
}

#[test]
fn odd_names_stay_on_one_line() {
    let place = Place::with_store();
    place.file("store/a/two\nlines/x", "");
    let socket = place.path("store/a/two\nlines/socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let graph = place.graph(&["a"]);
    assert_refused(&place.layers(&graph, &[]), &["two\\nlines/socket"]);
}

#[test]
fn rules_are_named_when_they_are_wrong() {
    let place = Place::with_store();
    let (graph, a) = (place.graph(&["a"]), place.text("store/a"));
    let (rules, file) = ("rules.json", place.text("rules.json"));
    for (flag, rule, reason) in [
        (
            "--perms",
            json!([{"path": a, "regex": "(", "mode": "0755"}]),
            "regex `(`",
        ),
        (
            "--perms",
            json!([{"path": a, "regex": ".", "mode": "0o755"}]),
            "`0o755`",
        ),
        (
            "--perms",
            json!([{"path": a, "regex": ".", "mode": "-1"}]),
            "octal",
        ),
        ("--perms", json!([{"path": a, "mode": 493}]), "[0].mode"),
        ("--perms", json!([{"path": a, "uid": 1.5}]), "[0].uid"),
        ("--perms", json!([{"path": a, "uname": "a\u{0}b"}]), "NUL"),
        ("--perms", json!([{"regex": "."}]), "`path`"),
        ("--perms", json!({}), "a list"),
        (
            "--rewrites",
            json!([{"path": a, "regex": "[a"}]),
            "regex `[a`",
        ),
        (
            "--rewrites",
            json!([{"path": a, "regex": "^", "repl": 1}]),
            "[0].repl",
        ),
        (
            "--rewrites",
            json!([{"path": a, "regex": "file", "repl": "../x"}]),
            "cannot hold `..`",
        ),
        (
            "--rewrites",
            json!([{"path": a, "regex": "file", "repl": "a\u{0}b"}]),
            "cannot hold a NUL",
        ),
        ("--history", json!({"created": "yesterday"}), "yesterday"),
        ("--history", json!([]), "history"),
    ] {
        place.json(rules, &rule);
        let output = place.layers(&graph, &[flag, &file]);
        let named = if reason.starts_with("cannot hold") {
            "store/a/file"
        } else {
            rules
        };
        assert_refused(&output, &[named, reason]);
        assert_no_output(&place);
    }
    for flag in ["--perms", "--rewrites", "--history"] {
        place.file(rules, "[{");
        assert_refused(&place.layers(&graph, &[flag, &file]), &[rules, "EOF"]);
        let missing = place.layers(&graph, &[flag, &place.text("none")]);
        assert_refused(&missing, &["none", "No such file"]);
    }
}

#[test]
fn a_conflict_names_both_sources_and_the_attribute() {
    let place = Place::with_store();
    let (a, b) = (place.text("store/a"), place.text("store/b"));
    let rewrites = json!([
        {"path": a, "regex": format!("^{a}"), "repl": ""},
        {"path": b, "regex": format!("^{b}"), "repl": ""},
    ]);
    place.json("rewrites.json", &rewrites);
    let output = place.layers(
        &place.graph(&["a", "b"]),
        &["--rewrites", &place.text("rewrites.json")],
    );
    let (a, b) = (format!("{a}/file"), format!("{b}/file"));
    assert_refused(
        &output,
        &["/file", &a, &b, "7 bytes", "copyToRoot", "perms"],
    );
    assert_no_output(&place);
}

#[test]
fn parents_and_layers_that_are_none() {
    let place = Place::with_store();
    let graph = place.graph(&["a"]);
    place.json("config.json", &json!({}));
    let digest = format!("sha256:{}", "0".repeat(64));
    let tar = "application/vnd.oci.image.layer.v1.tar";
    for (layer, reason) in [
        (
            json!([{"digest": "sha256:12", "diff_ids": digest, "mediatype": tar}]),
            "sha256:12",
        ),
        (
            json!([{"digest": digest, "diff_ids": "", "mediatype": tar}]),
            "not a digest",
        ),
        (
            json!([{"digest": digest, "diff_ids": digest, "mediatype": "text/plain"}]),
            "text/plain",
        ),
        (json!([{"digest": digest, "diff_ids": digest}]), "mediatype"),
        (json!([{"digest": 1}]), "[0].digest"),
        (json!({"digest": digest}), "list of layers"),
    ] {
        let parent = place.json("parent.json", &layer);
        let parent = parent.to_str().unwrap();
        assert_refused(&place.layers(&graph, &[parent]), &["parent.json", reason]);
        let config = place.text("config.json");
        let output = run(&["image", &place.text("layers.json"), &config, parent]);
        assert_refused(&output, &["parent.json", reason]);
        assert_no_output(&place);
    }
}

#[test]
fn an_image_that_is_none() {
    let place = Place::with_store();
    for subcommand in ["manifest", "config", "inspect"] {
        let image = place.file("image.json", "{\"version\":1,");
        let image = image.to_str().unwrap();
        assert_refused(&run(&[subcommand, image]), &["image.json", "EOF"]);
        place.json("image.json", &json!({"version": 2}));
        assert_refused(&run(&[subcommand, image]), &["image.json", "version 2"]);
        place.broken_image(|image| image["layers"][0]["mediatype"] = json!("x"));
        assert_refused(
            &run(&[subcommand, image]),
            &["image.json", "layer 1", "`x`"],
        );
    }
    let image = place.image();
    let nobody = format!("sha256:{}", "0".repeat(64));
    let output = run(&["blob", image.to_str().unwrap(), &nobody]);
    assert_refused(&output, &["image.json", &nobody]);
}

#[test]
fn a_blob_that_changed_names_its_layer_and_paths() {
    let place = Place::with_store();
    let image = place.image();
    let image: Value = serde_json::from_slice(&std::fs::read(image).unwrap()).unwrap();
    let digest = image["layers"][0]["digest"].as_str().unwrap();
    let (image, a) = (place.text("image.json"), place.text("store/a"));
    let blob = |more: &[&str]| run(&[&["blob", &image, digest], more].concat());
    assert!(blob(&[]).status.success());

    place.file("store/a/file", "CONTENT");
    assert_refused(&blob(&[]), &[digest, &a, "changed"]);
    place.file("store/a/file", "longer than before");
    assert_refused(
        &blob(&["--output", &place.text("blob")]),
        &[digest, &a, "changed"],
    );
    assert!(!place.path("blob").exists());
    std::fs::remove_dir_all(place.path("store/a")).unwrap();
    assert_refused(&blob(&[]), &[digest, &a, "No such file"]);
}

#[test]
fn a_kept_tarball_that_changed() {
    let place = Place::with_store();
    std::fs::create_dir(place.path("tarballs")).unwrap();
    let made = place.layers(
        &place.graph(&["a"]),
        &["--tar-directory", &place.text("tarballs")],
    );
    assert!(made.status.success());
    place.json("config.json", &json!({}));
    let (image, config) = (place.text("image.json"), place.text("config.json"));
    let made = run(&["image", &image, &config, &place.text("layers.json")]);
    assert!(made.status.success());
    let layers: Value =
        serde_json::from_slice(&std::fs::read(place.path("layers.json")).unwrap()).unwrap();
    let file = layers[0]["layer-path"].as_str().unwrap();
    let digest = layers[0]["digest"].as_str().unwrap();
    assert!(run(&["blob", &image, digest]).status.success());
    std::fs::write(file, "x").unwrap();
    assert_refused(&run(&["blob", &image, digest]), &[digest, file, "changed"]);
    std::fs::remove_file(file).unwrap();
    assert_refused(
        &run(&["blob", &image, digest]),
        &[digest, file, "No such file"],
    );
}

#[test]
fn a_base_image_that_is_not_what_its_manifest_says() {
    let place = Place::with_store();
    let (config, layer) = ("1".repeat(64), "2".repeat(64));
    let manifest = |media_type: &str, layer: &str| {
        json!({"schemaVersion": 2, "config": {"digest": format!("sha256:{config}")},
               "layers": [{"mediaType": media_type, "digest": layer, "size": 5}]})
    };
    let good = format!("sha256:{layer}");
    let tar = "application/vnd.oci.image.layer.v1.tar+gzip";
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let diff_ids = |ids: Value| json!({"rootfs": {"diff_ids": ids}});
    place.file(&format!("base/{layer}"), "bytes");
    for (manifest, config_blob, parts) in [
        (
            json!([]),
            diff_ids(json!([good])),
            ["manifest.json", "manifest"],
        ),
        (
            json!({"schemaVersion": 1}),
            diff_ids(json!([good])),
            ["manifest.json", "version 1"],
        ),
        (
            json!({"schemaVersion": 2, "manifests": [{"digest": good}]}),
            diff_ids(json!([good])),
            ["manifest.json", "index of manifests"],
        ),
        (
            manifest(foreign, &good),
            diff_ids(json!([good])),
            ["manifest.json", foreign],
        ),
        (
            manifest(tar, "sha256:zz"),
            diff_ids(json!([good])),
            ["manifest.json", "sha256:zz"],
        ),
        (
            manifest(tar, &good),
            diff_ids(json!([])),
            ["0 diff IDs for the 1 layers", &config],
        ),
        (
            manifest(tar, &good),
            diff_ids(json!(["md5:1"])),
            ["md5:1", &config],
        ),
        (
            manifest(tar, &good),
            json!({"rootfs": 1}),
            ["rootfs", &config],
        ),
        (
            manifest(tar, &format!("sha256:{}", "3".repeat(64))),
            diff_ids(json!([good])),
            [&"3".repeat(64), "No such file"],
        ),
    ] {
        place.json("base/manifest.json", &manifest);
        place.json(&format!("base/{config}"), &config_blob);
        let (out, base) = (place.text("layers.json"), place.text("base"));
        assert_refused(&run(&["image-from-dir", &out, &base]), &parts);
        assert_no_output(&place);
    }
    place.json("base/manifest.json", &manifest(tar, &good));
    place.json(&format!("base/{config}"), &diff_ids(json!([good])));
    place.file(&format!("base/{layer}"), "more bytes");
    let (out, base) = (place.text("layers.json"), place.text("base"));
    assert_refused(
        &run(&["image-from-dir", &out, &base]),
        &[&layer, "10 bytes"],
    );
    let map = place.json(
        "map.json",
        &json!({ &config: place.path("base").join(&config) }),
    );
    let (map, text) = (map.to_str().unwrap(), place.text("base/manifest.json"));
    let output = run(&["image-from-manifest", &out, &text, map]);
    assert_refused(&output, &["map.json", &layer]);
    assert_no_output(&place);
}

#[test]
fn an_output_that_cannot_be_written() {
    let place = Place::with_store();
    let graph = place.graph(&["a"]);
    let (nowhere, graph) = (place.text("nowhere/layers.json"), graph.to_str().unwrap());
    let output = run(&["layers-from-reference-graph", &nowhere, graph]);
    assert_refused(&output, &["nowhere/layers.json", "No such file"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        !message.contains(".nix2container-"),
        "the name of a file beside it: {message}"
    );
    let (tarballs, out) = (place.text("nowhere"), place.text("layers.json"));
    let more = ["--tar-directory", &tarballs];
    let output = run(&[&["layers-from-reference-graph", &out, graph], &more[..]].concat());
    assert_refused(&output, &["nowhere", "No such file"]);
    let output = run(&["layers-from-reference-graph", "/dev/full", graph]);
    assert_refused(&output, &["/dev/full", "No space left"]);
    assert_no_output(&place);
    let image = place.image();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = program();
    let output = command
        .arg("manifest")
        .arg(image)
        .stdout(full)
        .output()
        .unwrap();
    assert_refused(&output, &["standard output", "No space left"]);
}

#[test]
fn usage_is_refused_with_status_2() {
    for arguments in [
        &["layers"][..],
        &["image", "--created", "yesterday", "a", "b"],
        &["blob", "image.json", "sha256:12"],
        &[
            "layers-from-reference-graph",
            "--max-layers",
            "many",
            "a",
            "b",
        ],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn foreign_bytes_in_names_are_kept() {
    let place = Place::with_store();
    let name = OsStr::from_bytes(b"\xff\xfe");
    std::fs::write(place.path("store/a").join(name), "x").unwrap();
    let image = place.image();
    let image_json: Value = serde_json::from_slice(&std::fs::read(&image).unwrap()).unwrap();
    let digest = image_json["layers"][0]["digest"].as_str().unwrap();
    let blob = run(&["blob", image.to_str().unwrap(), digest]);
    assert!(blob.status.success());
    let mut archive = tar::Archive::new(&blob.stdout[..]);
    let names: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|e| e.unwrap().path_bytes().to_vec())
        .collect();
    assert!(names.iter().any(|path| path.ends_with(b"/\xff\xfe")));
}
