//! The command line as people use it: help, the old names, the table of
//! `inspect`, blobs in files, completions and man pages.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use common::{Place, assert_silent, program, run};
use nix2container::Digest;
use serde_json::{Value, json};

impl Place {
    /// An image of two store paths, a layer each.
    fn with_image() -> Self {
        let place = Place::new();
        for (name, size) in [("small", 10), ("large", 200_000)] {
            place.file(&format!("store/{name}/file"), vec![b'x'; size]);
        }
        let (small, large) = (place.text("store/small"), place.text("store/large"));
        place.json(
            "graph.json",
            &json!([{"path": large, "references": [small]}]),
        );
        place.json("history.json", &json!({"created_by": "a test"}));
        place.json("config.json", &json!({"entrypoint": ["/bin/true"]}));
        place.layers("layers-from-reference-graph", "layers.json");
        let files = ["image.json", "config.json", "layers.json"].map(|name| place.text(name));
        let [image, config, layers] = files.each_ref().map(String::as_str);
        succeed(&["image", image, config, layers, "--arch", "amd64"]);
        place
    }

    /// Writes the layers once more.
    fn layers(&self, subcommand: &str, out: &str) {
        assert_silent(&self.packing(subcommand, &self.text(out)).output().unwrap());
    }

    /// The program that will write the layers.
    fn packing(&self, subcommand: &str, out: &str) -> Command {
        let mut command = program();
        command.args([
            subcommand,
            out,
            &self.text("graph.json"),
            "--max-layers",
            "2",
        ]);
        command.args(["--history", &self.text("history.json")]);
        command
    }

    /// The layers as the image's JSON has them.
    fn image_layers(&self) -> Vec<Value> {
        let image: Value =
            serde_json::from_slice(&fs::read(self.path("image.json")).unwrap()).unwrap();
        image["layers"].as_array().unwrap().clone()
    }
}

#[track_caller]
fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {message}");
    assert!(message.is_empty(), "{arguments:?}: {message}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_references_names_are_aliases_that_help_does_not_show() {
    let place = Place::with_image();
    for (index, name) in [
        "layers-from-reproducible-storepaths",
        "layers-from-non-reproducible-storepaths",
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("layers-{index}.json");
        place.layers(name, &out);
        let written = fs::read(place.path(&out)).unwrap();
        assert_eq!(written, fs::read(place.path("layers.json")).unwrap());
    }
    assert!(!succeed(&["--help"]).contains("storepaths"));
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        "layers-from-reference-graph",
        "image",
        "image-from-dir",
        "image-from-manifest",
        "image-uncompressed",
        "manifest",
        "config",
        "blob",
        "archive",
        "index",
        "inspect",
        "verify",
        "completions",
        "man",
    ] {
        let help = succeed(&["help", command]);
        assert!(help.contains("Example"), "{command}: {help}");
        assert!(
            help.contains(&format!("nix2container {command}")),
            "{command}: {help}"
        );
    }
}

#[test]
fn inspect_shows_what_is_large() {
    let place = Place::with_image();
    let table = succeed(&["inspect", &place.text("image.json")]);
    let digest = place.image_layers()[1]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let row = table.lines().find(|line| line.contains(&digest)).unwrap();
    assert!(row.contains("KiB") && row.contains("a test"), "{row}");
    assert!(table.contains(&place.text("store/large")), "{table}");

    let report: Value =
        serde_json::from_str(&succeed(&["inspect", "--json", &place.text("image.json")])).unwrap();
    let layer = &report["layers"][1];
    assert_eq!(layer["digest"], json!(digest));
    assert_eq!(layer["path_count"], json!(1));
    assert_eq!(layer["created_by"], json!("a test"));
    let largest = json!([{"path": place.text("store/large"), "size": 200_000}]);
    assert_eq!(layer["largest_paths"], largest);

    fs::remove_dir_all(place.path("store/large")).unwrap();
    assert!(succeed(&["inspect", &place.text("image.json")]).contains("not here"));
}

#[test]
fn a_blob_goes_to_a_file_or_to_the_standard_output() {
    let place = Place::with_image();
    let image = place.text("image.json");
    for layer in place.image_layers() {
        let digest = layer["digest"].as_str().unwrap();
        succeed(&["blob", &image, digest, "--output", &place.text("blob")]);
        let written = fs::read(place.path("blob")).unwrap();
        assert_eq!(written, run(&["blob", &image, digest]).stdout);
        assert_eq!(Some(written.len() as u64), layer["size"].as_u64());
        assert_eq!(nix2container::Digest::of(&written).to_string(), digest);
    }
    let config = succeed(&["config", &image]);
    let digest = nix2container::Digest::of(config.as_bytes()).to_string();
    assert_eq!(succeed(&["blob", &image, &digest]), config);
}

#[test]
fn an_output_that_is_a_link_stays_one() {
    let place = Place::with_image();
    std::os::unix::fs::symlink("real.json", place.path("link.json")).unwrap();
    fs::write(place.path("real.json"), "old").unwrap();
    place.layers("layers-from-reference-graph", "link.json");
    assert!(place.path("link.json").is_symlink());
    let written = fs::read(place.path("real.json")).unwrap();
    assert_eq!(written, fs::read(place.path("layers.json")).unwrap());
}

#[test]
fn a_link_to_what_is_not_there_yet_stays_one() {
    let place = Place::with_image();
    fs::create_dir(place.path("there")).unwrap();
    std::os::unix::fs::symlink("there/second", place.path("link.json")).unwrap();
    std::os::unix::fs::symlink("real.json", place.path("there/second")).unwrap();
    place.layers("layers-from-reference-graph", "link.json");
    assert!(place.path("link.json").is_symlink());
    let written = fs::read(place.path("there/real.json")).unwrap();
    assert_eq!(written, fs::read(place.path("layers.json")).unwrap());
}

/// What a shell does with `{ …; } > file`: others write there, too.
#[test]
fn a_standard_output_that_is_a_file_is_not_replaced() {
    let place = Place::with_image();
    let written = fs::read_to_string(place.path("layers.json")).unwrap();
    for name in ["/dev/stdout", "/dev/fd/1"] {
        let path = place.file("out", "");
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all(b"before ").unwrap();
        let mut child = place
            .packing("layers-from-reference-graph", name)
            .stdout(file.try_clone().unwrap())
            .spawn()
            .unwrap();
        assert!(child.wait().unwrap().success());
        file.write_all(b" after").unwrap();
        let all = fs::read_to_string(path).unwrap();
        assert_eq!(all, format!("before {written} after"));
    }
}

/// It has no name, and one that only leads to it must not become a file.
#[test]
#[cfg(target_os = "linux")]
fn a_deleted_file_that_is_open_is_written_to() {
    let place = Place::with_image();
    let path = place.file("out", "");
    let mut file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    fs::remove_file(path).unwrap();
    std::os::unix::fs::symlink("/proc/self/fd/0", place.path("link.json")).unwrap();
    let status = place
        .packing("layers-from-reference-graph", &place.text("link.json"))
        .stdin(file.try_clone().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    assert!(place.path("link.json").is_symlink());
    let mut written = Vec::new();
    file.read_to_end(&mut written).unwrap();
    assert_eq!(written, fs::read(place.path("layers.json")).unwrap());
}

#[test]
fn a_reader_that_goes_away_is_no_reason_to_complain() {
    let place = Place::with_image();
    let digest = place.image_layers()[1]["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut child = program()
        .args(["blob", &place.text("image.json"), &digest])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// The reference stops where the rules of two paths for a directory differ.
#[test]
fn rules_of_several_paths_merge_when_asked_for() {
    let place = Place::with_image();
    let [small, large] = ["store/small", "store/large"].map(|name| place.text(name));
    let rewrite = |path: &str| json!({"path": path, "regex": format!("^{path}"), "repl": "/root"});
    place.json("rewrites.json", &json!([rewrite(&small), rewrite(&large)]));
    place.json(
        "perms.json",
        &json!([{"path": small, "regex": "small$", "mode": "0700"}]),
    );
    fs::rename(format!("{large}/file"), format!("{large}/other")).unwrap();
    let files = ["merged.json", "graph.json", "rewrites.json", "perms.json"];
    let [out, graph, rewrites, perms] = files.map(|name| place.text(name));
    let options = ["--rewrites", &rewrites, "--perms", &perms];
    let arguments = [&["layers-from-reference-graph", &out, &graph], &options[..]].concat();

    let refused = run(&arguments);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{message}");
    for part in [
        "conflict on /root: ",
        &small,
        &large,
        "permission rules",
        "`perms`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!place.path("merged.json").exists());

    succeed(&[&arguments[..], &["--merge-rules"]].concat());
    let (image, config) = (place.text("merged-image.json"), place.text("config.json"));
    succeed(&["image", &image, &config, &out]);
    let manifest: Value = serde_json::from_str(&succeed(&["manifest", &image])).unwrap();
    let digest = manifest["layers"][0]["digest"].as_str().unwrap();
    let tarball = run(&["blob", &image, digest]).stdout;
    let mut archive = tar::Archive::new(&tarball[..]);
    let root = archive.entries().unwrap().map(Result::unwrap);
    let root = root.filter(|entry| *entry.path_bytes() == b"/root"[..]);
    let modes: Vec<_> = root.map(|entry| entry.header().mode().unwrap()).collect();
    assert_eq!(modes, [0o700]);
}

/// In two layers each path is packed as if it were alone, so that the higher
/// one hides what the lower one has.
#[test]
fn what_a_higher_layer_hides_is_told() {
    let place = Place::with_image();
    let [small, large] = ["store/small", "store/large"].map(|name| place.text(name));
    let rewrite = |path: &str| json!({"path": path, "regex": format!("^{path}"), "repl": "/root"});
    place.json("rewrites.json", &json!([rewrite(&small), rewrite(&large)]));
    let [out, graph, rewrites, perms] =
        ["out.json", "graph.json", "rewrites.json", "perms.json"].map(|name| place.text(name));
    let warnings = |lowest: &str, more: &[&str]| {
        place.json(
            "perms.json",
            &json!([{"path": lowest, "regex": "(small|large)$", "mode": "0700"}]),
        );
        let fixed = [
            "layers-from-reference-graph",
            &out,
            &graph,
            "--max-layers",
            "2",
        ];
        let options = ["--rewrites", &rewrites, "--perms", &perms];
        let output = run(&[&fixed[..], &options, more].concat());
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(warnings(&small, &[]), "");
    let layers: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    let path = |index: usize| {
        layers[index]["paths"][0]["path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (low, high) = (path(0), path(1));
    let told = warnings(&low, &["--merge-rules"]);
    for part in [
        format!("warning: {low}/file and {high}/file have "),
        "are both called /root/file; the one in the higher layer".to_owned(),
    ] {
        assert!(told.contains(&part), "{told}");
    }
    assert_eq!(told.lines().count(), 1, "{told}");
    fs::rename(format!("{large}/file"), format!("{large}/other")).unwrap();
    assert_eq!(
        warnings(&low, &["--merge-rules"]),
        format!(
            "warning: the rules of {low} do not count on /root, for {high} gives it too, in a \
             higher layer; write the same rules for that in `perms`\n"
        )
    );
    assert_eq!(warnings(&high, &["--merge-rules"]), "");
}

#[test]
fn a_message_that_nobody_reads_is_no_panic() {
    let place = Place::with_image();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program();
    let status = command
        .args(["manifest", &place.text("missing.json")])
        .stderr(writer)
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[test]
fn completions_and_man_pages_know_every_command() {
    for shell in ["bash", "fish", "zsh"] {
        assert!(
            succeed(&["completions", shell]).contains("image-from-manifest"),
            "{shell}"
        );
    }
    let place = Place::with_image();
    succeed(&["man", &place.text("")]);
    for page in [
        "nix2container.1",
        "nix2container-blob.1",
        "nix2container-image-from-dir.1",
    ] {
        let text = fs::read_to_string(place.path(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}

#[test]
fn the_log_of_a_nix_build_has_a_line_for_each_layer() {
    let place = Place::with_image();
    let files = [place.text("logged.json"), place.text("graph.json")];
    let arguments = ["layers-from-reference-graph", "--max-layers", "2"];
    let logged = |shell: Option<&str>| {
        let mut command = program();
        command.args(arguments).args(&files);
        command
            .env("NIX_BUILD_TOP", "/build")
            .envs(shell.map(|kind| ("IN_NIX_SHELL", kind)));
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let mut lines: Vec<_> = logged(None).lines().map(str::to_owned).collect();
    lines.sort();
    let layers = place.image_layers();
    let names = ["small", "large"].map(|name| place.text(&format!("store/{name}")));
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (number, (line, layer)) in lines.iter().zip(&layers).enumerate() {
        let start = format!(
            "layer {} of 2: {}, ",
            number + 1,
            layer["digest"].as_str().unwrap()
        );
        assert!(
            line.starts_with(&start) && line.ends_with(&names[number]),
            "{line}"
        );
    }
    assert_eq!(logged(Some("pure")), "");
}

/// `script` gives the program a terminal.
#[test]
#[cfg(target_os = "linux")]
fn a_terminal_shows_how_far_a_long_run_is() {
    let place = Place::with_image();
    let file = fs::File::create(place.path("store/large/file")).unwrap();
    let program = env!("CARGO_BIN_EXE_nix2container");
    let (out, graph) = (place.text("out.json"), place.text("graph.json"));
    let line = format!("'{program}' layers-from-reference-graph '{out}' '{graph}'");
    let shown = |size| {
        file.set_len(size).unwrap();
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        command
            .env_remove("NIX_BUILD_TOP")
            .env("TERM", "xterm")
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(shown(200 << 20).contains(" MiB packed"));
    assert!(!shown(1 << 20).contains("packed"));
}

#[test]
fn annotations_stand_in_the_manifest_only_when_asked_for() {
    let place = Place::with_image();
    let files = ["image.json", "config.json", "layers.json"].map(|name| place.text(name));
    let [image, config, layers] = files.each_ref().map(String::as_str);
    let plain = fs::read_to_string(image).unwrap();
    assert!(!plain.contains("annotations"), "{plain}");

    place.json("annotations.json", &json!({"b": "<2>", "a": "1"}));
    let annotations = place.text("annotations.json");
    let annotated = place.text("annotated.json");
    let options = ["--annotations", &annotations, "--created", "1715592670"];
    succeed(&[&["image", &annotated, config, layers], &options[..]].concat());
    let manifest = succeed(&["manifest", &annotated]);
    assert!(
        manifest.ends_with(r#"],"annotations":{"a":"1","b":"\u003c2\u003e"}}"#),
        "{manifest}"
    );
    assert!(succeed(&["config", &annotated]).contains(r#""created":"2024-05-13T09:31:10Z""#));
    assert!(succeed(&["inspect", &annotated]).contains("a: 1\n"));

    // The base's digest is its manifest's, unless it is given or annotated.
    let digest = |options: &[&str]| {
        let base = [
            "image",
            &annotated,
            config,
            "--from-image",
            image,
            "--base-name",
            "base:1",
        ];
        succeed(&[&base[..], options].concat());
        let manifest: Value = serde_json::from_str(&succeed(&["manifest", &annotated])).unwrap();
        assert_eq!(
            manifest["annotations"]["org.opencontainers.image.base.name"],
            "base:1"
        );
        manifest["annotations"]["org.opencontainers.image.base.digest"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let base = Digest::of(succeed(&["manifest", image]).as_bytes()).to_string();
    assert_eq!(digest(&[]), base);
    let given = Digest::of(b"given").to_string();
    assert_eq!(digest(&["--base-digest", &given]), given);
    place.json(
        "annotations.json",
        &json!({"org.opencontainers.image.base.digest": "own"}),
    );
    assert_eq!(digest(&["--annotations", &annotations]), "own");
}

#[test]
fn affinity_makes_no_more_layers_than_runtimes_take() {
    let place = Place::with_image();
    let paths: Vec<_> = (0..200)
        .map(|n| place.text(&format!("store/{n:03}-path")))
        .collect();
    for path in &paths {
        fs::write(path, path).unwrap();
    }
    let elements = paths.iter().map(|path| json!({"path": path, "narSize": 1}));
    place.json("many.json", &elements.collect());
    let files = [
        "many-layers.json",
        "many.json",
        "layers.json",
        "image.json",
        "config.json",
    ];
    let [out, graph, parent, base, config] = files.map(|name| place.text(name));
    let layers = [
        "layers-from-reference-graph",
        &out,
        &graph,
        "--max-layers",
        "0",
    ];
    // The parent and the base have the same two layers.
    let options = ["--layering", "affinity", &parent, "--from-image", &base];
    succeed(&[&layers[..], &options[..]].concat());
    let image = [
        "image",
        &place.text("many-image.json"),
        &config,
        &parent,
        &out,
    ];
    succeed(&image);
    let manifest: Value = serde_json::from_str(&succeed(&["manifest", image[1]])).unwrap();
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 125);

    succeed(&layers);
    let message = String::from_utf8(run(&image).stderr).unwrap();
    assert!(
        message.starts_with("warning: the image has 202 layers"),
        "{message}"
    );
    let message =
        String::from_utf8(run(&[&layers[..], &["--layering", "size"]].concat()).stderr).unwrap();
    assert!(message.contains("popularity, affinity"), "{message}");
}

#[test]
fn rules_and_regexes_that_match_nothing_are_told() {
    let place = Place::with_image();
    let (small, large) = (place.text("store/small"), place.text("store/large"));
    place.json(
        "perms.json",
        &json!([
            {"path": small, "regex": "/file$", "mode": "0600"},
            {"path": small, "regex": "^/file$", "mode": "0600"},
            {"path": large, "regex": "/fil$"},
            {"path": "/nix/store/none", "regex": ".*"},
        ]),
    );
    let excludes = json!({"excludes": ["/large/file$", "/doc$"]});
    place.json("root-files.json", &excludes);
    let files = ["graph.json", "perms.json", "root-files.json"];
    let [graph, perms, root_files] = files.map(|name| place.text(name));
    let options = ["--perms", &perms, "--root-files", &root_files];
    let arguments = ["layers-from-reference-graph", "/dev/null", &graph];
    let told = |more: &[&str]| {
        let output = run(&[&arguments, &options[..], more].concat());
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let want = [
        format!("warning: the rule with regex `/fil$` matches no file of {large}; "),
        format!("warning: the rule with regex `^/file$` matches no file of {small}; "),
        "warning: there are rules for /nix/store/none, which is in none of the layers".to_owned(),
        "warning: the regex `/doc$` matches no file; ".to_owned(),
    ];
    let lines = told(&[]);
    assert_eq!(lines.len(), want.len(), "{lines:?}");
    for (line, want) in lines.iter().zip(&want) {
        assert!(line.starts_with(want), "{line}");
    }
    // A path that is left out on purpose is not looked for.
    assert_eq!(told(&["--ignore", &large]).len(), 4);
}
