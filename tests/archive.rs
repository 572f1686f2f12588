//! Archives and indexes as other programs read them: the files of a tarball and
//! of a directory, their digests, and what is refused.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::Output;

use common::Place;
use nix2container::Digest;
use serde_json::{Value, json};

impl Place {
    /// Images for two architectures that share a layer.
    fn with_images() -> Self {
        let place = Place::new();
        for name in ["shared", "amd64", "arm64"] {
            fs::create_dir_all(place.path("store").join(name)).unwrap();
            fs::write(place.path("store").join(name).join("file"), name).unwrap();
        }
        place.json("config.json", &json!({"entrypoint": ["/bin/true"]}));
        for arch in ["amd64", "arm64"] {
            let path = |name| place.path("store").join(name);
            place.json(
                "graph.json",
                &json!([{"path": path(arch), "references": [path("shared")]}]),
            );
            let layers = ["layers-from-reference-graph", "layers.json", "graph.json"];
            place.succeed(&[&layers[..], &["--max-layers", "2"]].concat());
            let image = format!("{arch}.json");
            place.succeed(&[
                "image",
                &image,
                "config.json",
                "layers.json",
                "--arch",
                arch,
            ]);
        }
        place
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = common::program();
        command
            .current_dir(self.root())
            .args(arguments)
            .output()
            .unwrap()
    }

    #[track_caller]
    fn succeed(&self, arguments: &[&str]) -> Vec<u8> {
        let output = self.run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {message}");
        output.stdout
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], part: &str) {
        let output = self.run(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(message.contains(part), "{arguments:?}: {message}");
    }

    /// Every file of an archive on the standard output.
    fn files(&self, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
        read(&self.succeed(&[&["archive"], arguments].concat()))
    }
}

fn read(tarball: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(tarball).entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mode().unwrap(), 0o644);
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert!(
            files.insert(name.clone(), content).is_none(),
            "{name} is there twice"
        );
    }
    files
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[track_caller]
fn assert_blobs(files: &BTreeMap<String, Vec<u8>>, count: usize) {
    let blobs = files
        .iter()
        .filter_map(|(name, content)| Some((name.strip_prefix("blobs/sha256/")?, content)));
    let digests: Vec<_> = blobs
        .map(|(name, content)| (name.to_owned(), Digest::of(content).hex()))
        .collect();
    assert!(
        digests.iter().all(|(name, digest)| name == digest),
        "{digests:?}"
    );
    assert_eq!(digests.len(), count);
}

#[test]
fn a_docker_archive_has_config_and_layers() {
    let place = Place::with_images();
    let files = place.files(&["amd64.json", "--name", "me/app:1.0"]);
    let manifest = value(&files["manifest.json"]);
    assert_eq!(manifest[0]["RepoTags"], json!(["me/app:1.0"]));
    let config = &files[manifest[0]["Config"].as_str().unwrap()];
    assert_eq!(config, &place.succeed(&["config", "amd64.json"]));
    let layers = manifest[0]["Layers"].as_array().unwrap().iter();
    let diff_ids: Vec<_> = layers
        .map(|name| Digest::of(&files[name.as_str().unwrap()]).to_string())
        .collect();
    assert_eq!(value(config)["rootfs"]["diff_ids"], json!(diff_ids));
    assert_eq!(files.len(), 4);

    let nameless = place.files(&["amd64.json"]);
    assert_eq!(value(&nameless["manifest.json"])[0]["RepoTags"], json!([]));
}

#[test]
fn an_oci_archive_and_a_directory_have_the_same_files() {
    let place = Place::with_images();
    let arguments = ["--format", "oci", "--name", "example.org:5000/app"];
    let files = place.files(&[&["amd64.json"], &arguments[..]].concat());
    assert_eq!(
        value(&files["oci-layout"]),
        json!({"imageLayoutVersion": "1.0.0"})
    );
    let manifest = place.succeed(&["manifest", "amd64.json"]);
    let index = value(&files["index.json"]);
    let entry = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": Digest::of(&manifest).to_string(),
        "size": manifest.len(),
        "annotations": {
            "io.containerd.image.name": "example.org:5000/app:latest",
            "org.opencontainers.image.ref.name": "latest",
        },
        "platform": {"architecture": "amd64", "os": "linux"},
    });
    assert_eq!(index["manifests"], json!([entry]));
    assert_blobs(&files, 4);

    let directory = [
        "archive",
        "amd64.json",
        "--format",
        "oci-dir",
        "--name",
        "example.org:5000/app",
    ];
    place.succeed(&[&directory[..], &["-o", "layout"]].concat());
    for (name, content) in &files {
        assert_eq!(
            &fs::read(place.path("layout").join(name)).unwrap(),
            content,
            "{name}"
        );
    }
    place.refused(
        &[&directory[..], &["-o", "layout"]].concat(),
        "layout: it is there already",
    );
    place.refused(&directory, "--output");

    place.succeed(&[&["archive", "amd64.json", "-o", "file.tar"], &arguments[..]].concat());
    assert_eq!(read(&fs::read(place.path("file.tar")).unwrap()), files);
}

#[test]
fn an_index_describes_its_images() {
    let place = Place::with_images();
    place.json("annotations.json", &json!({"a": "b"}));
    let images = ["index", "index.json", "amd64.json", "arm64.json"];
    place.succeed(&[&images[..], &["--annotations", "annotations.json"]].concat());
    let index = value(&place.succeed(&["manifest", "index.json"]));
    assert_eq!(
        index["mediaType"],
        "application/vnd.oci.image.index.v1+json"
    );
    assert_eq!(index["annotations"], json!({"a": "b"}));
    for (number, arch) in ["amd64", "arm64"].into_iter().enumerate() {
        let entry = &index["manifests"][number];
        assert_eq!(
            entry["platform"],
            json!({"architecture": arch, "os": "linux"})
        );
        let digest = entry["digest"].as_str().unwrap();
        let manifest = place.succeed(&["manifest", "index.json", digest]);
        assert_eq!(
            manifest,
            place.succeed(&["manifest", &format!("{arch}.json")])
        );
        assert_eq!(Digest::of(&manifest).to_string(), digest);
        let layer = value(&manifest)["layers"][1]["digest"]
            .as_str()
            .unwrap()
            .to_owned();
        let blob = place.succeed(&["blob", "index.json", &layer]);
        assert_eq!(Digest::of(&blob).to_string(), layer);
    }
    let report = String::from_utf8(place.succeed(&["inspect", "index.json"])).unwrap();
    assert!(
        report.contains("arch      amd64\n") && report.contains("arch      arm64\n"),
        "{report}"
    );
    let report = value(&place.succeed(&["inspect", "--json", "index.json"]));
    assert_eq!(report["images"][1]["arch"], "arm64");

    // The index, two manifests and configs, and three layers.
    let files = place.files(&["index.json", "--format", "oci"]);
    assert_blobs(&files, 8);
    let text = place.succeed(&["manifest", "index.json"]);
    assert_eq!(
        value(&files["index.json"])["manifests"][0]["digest"],
        Digest::of(&text).to_string()
    );
}

#[test]
fn what_is_refused() {
    let place = Place::with_images();
    place.succeed(&["index", "index.json", "amd64.json", "arm64.json"]);
    place.refused(
        &["index", "twice.json", "amd64.json", "amd64.json"],
        "both for linux/amd64",
    );
    place.refused(
        &["index", "nested.json", "index.json"],
        "an index of 2 images",
    );
    place.refused(&["index", "none.json"], "<IMAGES>");
    place.refused(&["archive", "index.json"], "`--format oci`");
    place.refused(&["config", "index.json"], "give the file of one of them");
    place.refused(
        &["manifest", "index.json", &Digest::of(b"").to_string()],
        "no blob",
    );
    let of_no_form = ["", "App", "app:", "app@sha256:00", "app:a b", "/", "a/"];
    let of_no_component = ["/a", "a//b", "a..b", "-a", "a:-x", "a:b:c", "docker://a"];
    for name in [&of_no_form[..], &of_no_component[..]].concat() {
        place.refused(
            &["archive", "amd64.json", &format!("--name={name}")],
            "is not the name of an image",
        );
    }
    place.succeed(&[
        "image",
        "v8.json",
        "config.json",
        "--arch",
        "arm64",
        "--variant",
        "v8",
    ]);
    place.succeed(&["index", "variants.json", "v8.json", "arm64.json"]);

    fs::write(place.path("store/amd64/file"), "other").unwrap();
    for format in ["docker", "oci", "oci-dir"] {
        let arguments = ["archive", "amd64.json", "--format", format, "-o", "out"];
        place.refused(&arguments, "changed since the image was built");
        assert!(!place.path("out").exists());
    }
    let left = fs::read_dir(place.root()).unwrap();
    let hidden = left.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.')
    });
    assert_eq!(hidden.count(), 0);
}
