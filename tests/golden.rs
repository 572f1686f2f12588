//! The golden cases: what the reference answered on a made-up store, compared
//! byte for byte, with one, two and eight jobs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    images: Vec<ImageCase>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    max_layers: i64,
    rewrites: Value,
    perms: Value,
    history: Value,
    parents: Vec<String>,
    graph: String,
    tar_directory: bool,
    ignore: Option<String>,
    #[serde(default)]
    layers: Vec<Value>,
    layers_json: Option<String>,
    #[serde(default)]
    error: bool,
}

#[derive(Deserialize)]
struct ImageCase {
    name: String,
    config: Value,
    layers: Vec<String>,
    arch: String,
    created: Option<String>,
    config_digest: Option<String>,
    config_blob: Option<String>,
    manifest_digest: Option<String>,
    manifest: Option<String>,
    image_config_in_image_json: Option<Value>,
    layer_count: Option<usize>,
    #[serde(default)]
    error: bool,
}

/// A golden store in a directory of its own.
struct Store {
    directory: tempfile::TempDir,
    layers: BTreeMap<String, PathBuf>,
}

impl Store {
    fn new() -> (Self, Golden) {
        let directory = tempfile::tempdir().unwrap();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let inner = directory.path().join("golden");
        std::fs::create_dir(&inner).unwrap();
        let made = Command::new("python3")
            .arg(golden.join("make-store.py"))
            .arg(&inner)
            .status()
            .expect("python3 makes the golden store");
        assert!(made.success());
        let text = std::fs::read_to_string(golden.join("cases.json")).unwrap();
        let text = text.replace("@STORE@", inner.join("store").to_str().unwrap());
        let store = Store {
            directory,
            layers: BTreeMap::new(),
        };
        (store, serde_json::from_str(&text).unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("golden").join(name)
    }

    fn write(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path
    }

    fn layers(&self, case: &Case, jobs: &str, out: &Path) -> Output {
        let mut command = nix2container("layers-from-reference-graph");
        command.arg(out).arg(self.path(&case.graph));
        command.args(case.parents.iter().map(|name| &self.layers[name]));
        command.args(["--jobs", jobs, "--max-layers", &case.max_layers.to_string()]);
        for (flag, value) in [
            ("rewrites", &case.rewrites),
            ("perms", &case.perms),
            ("history", &case.history),
        ] {
            command
                .arg(format!("--{flag}"))
                .arg(self.write(flag, value));
        }
        if let Some(path) = &case.ignore {
            command.args(["--ignore", path]);
        }
        if case.tar_directory {
            command.arg("--tar-directory").arg(self.directory.path());
        }
        command.output().unwrap()
    }
}

fn nix2container(subcommand: &str) -> Command {
    let mut command = common::program();
    command.arg(subcommand);
    command
}

fn stdout(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Checks one case of the layers command and gives the file it wrote.
fn check_layers(store: &Store, case: &Case, index: usize, jobs: &str) -> Option<PathBuf> {
    let out = store.path(&format!("layers-{index}-{jobs}.json"));
    let output = store.layers(case, jobs, &out);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.success(),
        !case.error,
        "{}: {message}",
        case.name
    );
    if case.error {
        assert!(
            message.starts_with("error: ") && message.lines().count() == 1,
            "{message}"
        );
        assert!(!out.exists(), "{}: a file is left", case.name);
        return None;
    }
    let text = std::fs::read_to_string(&out).unwrap();
    let layers: Vec<Value> = serde_json::from_str(&text).unwrap();
    let got: Vec<_> = layers
        .iter()
        .map(|layer| {
            let paths = layer["paths"].as_array().map_or(0, Vec::len);
            serde_json::json!({"digest": layer["digest"], "size": layer["size"], "paths": paths})
        })
        .collect();
    assert_eq!(got, case.layers, "{}", case.name);
    if let Some(want) = &case.layers_json {
        assert!(&text == want, "{}: got {text}\nwanted {want}", case.name);
    }
    if case.tar_directory {
        let tarball = Path::new(layers[0]["layer-path"].as_str().unwrap());
        let length = tarball.metadata().unwrap().len();
        assert_eq!(Some(length), layers[0]["size"].as_u64());
    }
    Some(out)
}

/// Checks one case of the image command, and every blob of the image.
fn check_image(store: &Store, case: &ImageCase) {
    let out = store.path("image.json");
    let _ = std::fs::remove_file(&out);
    let mut command = nix2container("image");
    command.arg(&out).arg(store.write("config", &case.config));
    command.args(case.layers.iter().map(|name| &store.layers[name]));
    command.args(["--arch", &case.arch]);
    if let Some(date) = &case.created {
        command.args(["--created", date]);
    }
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.success(),
        !case.error,
        "{}: {message}",
        case.name
    );
    if case.error {
        assert!(!out.exists());
        return;
    }
    let ask = |subcommand: &str| {
        let mut command = nix2container(subcommand);
        command.arg(&out);
        stdout(command)
    };
    let (manifest, config) = (ask("manifest"), ask("config"));
    assert_eq!(Some(&manifest), case.manifest.as_ref(), "{}", case.name);
    assert_eq!(Some(&config), case.config_blob.as_ref(), "{}", case.name);
    let digest = |text: &str| Some(nix2container::Digest::of(text.as_bytes()).to_string());
    assert_eq!(digest(&manifest), case.manifest_digest);
    assert_eq!(digest(&config), case.config_digest);

    let image: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(
        Some(&image["image-config"]),
        case.image_config_in_image_json.as_ref()
    );
    let layers = image["layers"].as_array().unwrap();
    assert_eq!(Some(layers.len()), case.layer_count);
    for layer in layers {
        let mut command = nix2container("blob");
        command.arg(&out).arg(layer["digest"].as_str().unwrap());
        let blob = command.output().unwrap();
        assert!(blob.status.success());
        let digest = nix2container::Digest::of(&blob.stdout).to_string();
        assert_eq!(layer["digest"].as_str(), Some(digest.as_str()));
    }
}

#[test]
fn every_case_gives_the_references_bytes() {
    let (mut store, golden) = Store::new();
    assert_eq!((golden.cases.len(), golden.images.len()), (24, 8));
    for (index, case) in golden.cases.iter().enumerate() {
        for jobs in ["1", "2", "8"] {
            if let Some(file) = check_layers(&store, case, index, jobs) {
                store.layers.insert(case.name.clone(), file);
            }
        }
    }
    for case in &golden.images {
        check_image(&store, case);
    }
}
