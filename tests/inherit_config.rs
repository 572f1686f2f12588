//! Images that take over the config of their base: a base as Docker makes it,
//! an image on it, and an image on that.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::process::Output;

use common::Place;
use nix2container::Digest;
use serde_json::{Value, json};

impl Place {
    /// A directory with a pulled base of three layers, the last of them equal to
    /// the first.
    fn with_base() -> Self {
        Self::with_changed_base(|_| ())
    }

    /// The same, after a change of the base's config.
    fn with_changed_base(change: impl FnOnce(&mut Value)) -> Self {
        let place = Place::new();
        fs::create_dir(place.path("base")).unwrap();
        let layers = ["first", "second layer", "first"].map(|content| {
            let mut layer = place.blob(content.as_bytes());
            layer["mediaType"] = json!("application/vnd.docker.image.rootfs.diff.tar.gzip");
            layer
        });
        let diff_ids = ["a", "b", "a"].map(|name| Digest::of(name.as_bytes()).to_string());
        let mut config = json!({
            "architecture": "arm64", "variant": "v8", "os": "linux", "author": "me",
            "created": "2024-05-13T09:31:10.5Z",
            "config": {
                "Env": ["PATH=/bin", "LANG=C"], "Cmd": ["sh"], "Labels": {"from": "base"},
                "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000_u64},
                "Shell": ["/bin/ash", "-c"], "OnBuild": ["RUN x"], "Image": "sha256:00",
            },
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [
                {"created": "2024-05-13T09:31:09Z", "created_by": "ADD a"},
                {"created_by": "ENV LANG=C", "empty_layer": true},
                {"created_by": "ADD b"},
                {"created_by": "ADD a again", "comment": "once more"},
                {"created_by": "CMD sh", "empty_layer": true},
            ],
        });
        change(&mut config);
        let mut manifest = json!({"schemaVersion": 2, "layers": layers});
        manifest["config"] = place.blob(config.to_string().as_bytes());
        fs::write(place.path("base/manifest.json"), manifest.to_string()).unwrap();

        fs::create_dir_all(place.path("store/a")).unwrap();
        fs::write(place.path("store/a/file"), "content").unwrap();
        place.json("graph.json", &json!([{"path": place.text("store/a")}]));
        place.succeed(
            "layers-from-reference-graph",
            &["layers.json", "graph.json"],
        );
        place
    }

    fn blob(&self, content: &[u8]) -> Value {
        let digest = Digest::of(content);
        fs::write(self.path("base").join(digest.hex()), content).unwrap();
        json!({"digest": digest.to_string(), "size": content.len()})
    }

    /// Runs a command in the directory.
    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        common::program()
            .current_dir(self.root())
            .arg(command)
            .args(arguments)
            .output()
            .unwrap()
    }

    #[track_caller]
    fn succeed(&self, command: &str, arguments: &[&str]) -> String {
        let output = self.run(command, arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The message of a run that failed.
    #[track_caller]
    fn refused(&self, command: &str, arguments: &[&str]) -> String {
        let output = self.run(command, arguments);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    fn pull(&self) {
        self.succeed("image-from-dir", &["base.json", "base", "--with-config"]);
    }

    /// Makes an image that inherits, and gives its config blob.
    fn inherit(&self, base: &str, out: &str, config: &Value) -> Value {
        self.json("config.json", config);
        let options = ["--inherit-config", "--from-image", base];
        self.succeed(
            "image",
            &[&[out, "config.json", "layers.json"], &options[..]].concat(),
        );
        self.value("config", out)
    }

    /// What a command prints of an image.
    fn value(&self, command: &str, image: &str) -> Value {
        serde_json::from_str(&self.succeed(command, &[image])).unwrap()
    }
}

/// The texts of a field of each element of a list.
fn all(list: &Value, field: &str) -> Vec<String> {
    let texts = list.as_array().unwrap().iter();
    texts
        .map(|element| element[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn config_history_and_platform_come_from_the_base() {
    let place = Place::with_base();
    place.pull();
    let config = place.inherit(
        "base.json",
        "image.json",
        &json!({"env": ["LANG=de", "A=1"]}),
    );
    let run = json!({
        "Env": ["PATH=/bin", "LANG=de", "A=1"], "Cmd": ["sh"], "Labels": {"from": "base"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000_u64},
        "Shell": ["/bin/ash", "-c"],
    });
    assert_eq!(config["config"], run);
    assert_eq!(config["created"], "0001-01-01T00:00:00Z");
    let platform = ["architecture", "os", "variant"].map(|field| &config[field]);
    assert_eq!(platform, ["arm64", "linux", "v8"]);
    let steps = all(&config["history"], "created_by");
    assert_eq!(
        steps,
        ["ADD a", "ENV LANG=C", "ADD b", "ADD a again", "CMD sh", ""]
    );
    assert_eq!(config["history"][3]["comment"], "once more");
    assert_eq!(config["history"][1]["empty_layer"], true);

    let manifest = place.value("manifest", "image.json");
    let sizes: Vec<_> = manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["size"])
        .collect();
    // The size of each file; the last is our own tarball.
    assert_eq!(sizes[..3], [5, 12, 5]);
    assert_eq!(sizes.len(), 4);
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 4);
}

#[test]
fn an_image_on_an_image_inherits_what_that_one_inherited() {
    let place = Place::with_base();
    place.pull();
    let first = place.inherit("base.json", "first.json", &json!({"user": "me"}));
    let second = place.inherit(
        "first.json",
        "second.json",
        &json!({"entrypoint": ["/run"]}),
    );
    assert_eq!(second["config"]["User"], "me");
    assert_eq!(second["config"]["Entrypoint"], json!(["/run"]));
    assert_eq!(second["config"].get("Cmd"), None);
    assert_eq!(
        second["config"]["Healthcheck"],
        first["config"]["Healthcheck"]
    );
    // Its own layer is there already.
    assert_eq!(second["history"], first["history"]);
    assert_eq!(second["rootfs"], first["rootfs"]);
}

#[test]
fn without_the_flag_nothing_of_the_config_is_taken_over() {
    let place = Place::with_base();
    place.pull();
    place.succeed("image-from-dir", &["plain.json", "base"]);
    place.json("config.json", &json!({"cmd": ["a"]}));
    for base in ["base.json", "plain.json"] {
        let out = format!("on-{base}");
        place.succeed(
            "image",
            &[&out, "config.json", "--from-image", base, "--arch", "amd64"],
        );
    }
    let image = fs::read_to_string(place.path("on-plain.json")).unwrap();
    assert_eq!(
        fs::read_to_string(place.path("on-base.json")).unwrap(),
        image
    );
    assert!(
        !image.contains("inheritance") && !image.contains("platform"),
        "{image}"
    );
    let plain = fs::read_to_string(place.path("plain.json")).unwrap();
    assert!(
        !plain.contains("inheritance") && !plain.contains("Healthcheck"),
        "{plain}"
    );
}

#[test]
fn a_manifest_keeps_the_config_too() {
    let place = Place::with_base();
    place.pull();
    let files: serde_json::Map<_, _> = fs::read_dir(place.path("base"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| (name.clone(), json!(format!("base/{name}"))))
        .collect();
    place.json("blobs.json", &Value::Object(files));
    let files = [
        "map.json",
        "base/manifest.json",
        "blobs.json",
        "--with-config",
    ];
    place.succeed("image-from-manifest", &files);
    let images =
        ["base.json", "map.json"].map(|name| fs::read_to_string(place.path(name)).unwrap());
    assert_eq!(images[0], images[1]);
}

#[test]
fn what_cannot_be_inherited() {
    let place = Place::with_base();
    place.succeed("image-from-dir", &["plain.json", "base"]);
    place.pull();
    place.json("config.json", &json!({}));
    let image = [
        "image.json",
        "config.json",
        "--inherit-config",
        "--from-image",
    ];
    let message = place.refused("image", &[&image[..], &["plain.json"]].concat());
    assert!(
        message.contains("plain.json") && message.contains("`withConfig`"),
        "{message}"
    );
    let message = place.refused(
        "image",
        &[&image[..], &["base.json", "--arch", "amd64"]].concat(),
    );
    for part in [
        "base.json",
        "arm64",
        "for amd64",
        "`fromImage`",
        "`arch = \"arm64\"`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(place.run("image", &image[..3]).status.code(), Some(2));
    assert!(!place.path("image.json").exists());
}

#[test]
fn a_history_that_does_not_fit_the_layers() {
    let place =
        Place::with_changed_base(|config| config["history"][0]["empty_layer"] = json!(true));
    let message = place.refused("image-from-dir", &["base.json", "base", "--with-config"]);
    assert!(message.contains("2 layers, and it has 3"), "{message}");
    place.succeed("image-from-dir", &["plain.json", "base"]);

    let place = Place::with_changed_base(|config| config["history"] = json!(null));
    place.pull();
    let config = place.inherit("base.json", "image.json", &json!({}));
    assert_eq!(config["history"], json!([{}, {}, {}, {}]));

    let mut image: Value =
        serde_json::from_str(&fs::read_to_string(place.path("base.json")).unwrap()).unwrap();
    image["layers"].as_array_mut().unwrap().pop();
    place.json("broken.json", &image);
    let message = place.refused("config", &["broken.json"]);
    assert!(
        message.contains("broken.json") && message.contains("3 layers"),
        "{message}"
    );
}
