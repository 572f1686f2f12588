//! Verification on the command line: what is said of layers that are as they
//! were, of those that changed, and of those that cannot be made any more.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use common::{Place, run};
use serde_json::{Value, json};

impl Place {
    /// An image of two store paths, `lib` and `app`, a layer each.
    fn with_image(more: &[&str]) -> Self {
        let place = Place::new();
        for name in ["store/lib/one", "store/lib/two", "store/app/run"] {
            let path = place.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        symlink("run", place.path("store/app/link")).unwrap();
        let (lib, app) = (place.text("store/lib"), place.text("store/app"));
        place.json("graph", &json!([{"path": app, "references": [lib]}]));
        place.json("config", &json!({}));
        let [graph, layers, config, image] =
            ["graph", "layers", "config", "image"].map(|n| place.text(n));
        let packed = [
            "layers-from-reference-graph",
            &layers,
            &graph,
            "--max-layers",
            "2",
        ];
        let more: Vec<_> = more
            .iter()
            .map(|word| word.replace("@", &place.text("")))
            .collect();
        let more = more.iter().map(String::as_str);
        let made = run(&packed.into_iter().chain(more).collect::<Vec<_>>());
        assert!(made.status.success(), "{made:?}");
        let made = run(&["image", &image, &config, &layers]);
        assert!(made.status.success(), "{made:?}");
        place
    }

    /// What `verify` says to people, with its exit status as told.
    fn said(&self, want: i32) -> String {
        let output = run(&["verify", &self.text("image")]);
        assert_eq!(output.status.code(), Some(want), "{output:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(message.lines().count(), want as usize, "{message}");
        assert_eq!(message.starts_with("error: "), want == 1, "{message}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it says to programs.
    fn report(&self) -> Vec<Value> {
        let output = run(&["verify", "--json", "--jobs", "3", &self.text("image")]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let layers = report["layers"].as_array().unwrap().clone();
        let ok = layers.iter().all(|layer| layer["ok"] == true);
        assert_eq!(output.status.success(), ok);
        layers
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn layers_that_did_not_change_are_the_same() {
    for more in [
        &[][..],
        &["--file-digests", "@digests"],
        &["--tar-directory", "@"],
    ] {
        let place = Place::with_image(more);
        let said = place.said(0);
        assert_eq!(said.matches(" is the same: sha256:").count(), 2, "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }
}

/// A change of the store; what differs then, in words; what helps.
type Change<'a> = (&'a dyn Fn(&Place), &'a str, &'a str, &'a str);

#[test]
fn the_first_file_that_changed_is_named_with_what_helps() {
    let changes: [Change<'_>; 7] = [
        (
            &|place| fs::write(place.path("store/lib/two"), "longer than it was").unwrap(),
            "content",
            "/lib/two had 13 bytes of sha256:",
            "reproducible = false",
        ),
        (
            &|place| fs::write(place.path("store/lib/one"), "STORE/LIB/ONE").unwrap(),
            "content",
            "/lib/one had 13 bytes of sha256:",
            "reproducible = false",
        ),
        (
            &|place| set_mode(&place.path("store/lib/two"), 0o600),
            "mode",
            "/lib/two had mode 0644 and has mode 0600",
            "`perms`",
        ),
        (
            &|place| fs::remove_file(place.path("store/lib/one")).unwrap(),
            "missing",
            "/lib/one was a file and is not there",
            "reproducible = false",
        ),
        (
            &|place| fs::create_dir(place.path("store/lib/new")).unwrap(),
            "new",
            "/lib/new is a directory and was not there",
            "reproducible = false",
        ),
        (
            &|place| {
                fs::remove_file(place.path("store/app/link")).unwrap();
                symlink("elsewhere", place.path("store/app/link")).unwrap();
            },
            "target",
            "/app/link led to run and leads to elsewhere",
            "reproducible = false",
        ),
        (
            &|place| fs::write(place.path("store/lib/one~nix~case~hack~1"), "").unwrap(),
            "new",
            "/lib/one~nix~case~hack~1 is a file",
            "use-case-hack",
        ),
    ];
    for (change, what, sentence, help) in changes {
        let place = Place::with_image(&["--file-digests", "@digests"]);
        change(&place);
        let layers = place.report();
        let changed: Vec<_> = layers.iter().filter(|layer| layer["ok"] == false).collect();
        assert_eq!(changed.len(), 1, "{sentence}");
        let difference = &changed[0]["difference"];
        assert_eq!(difference["what"], what, "{difference}");
        assert!(
            difference["sentence"].as_str().unwrap().contains(sentence),
            "{difference}"
        );
        assert!(
            changed[0]["help"].as_str().unwrap().contains(help),
            "{help}"
        );
        assert_ne!(changed[0]["actual"]["digest"], changed[0]["digest"]);
        let said = place.said(1);
        for part in [
            " differs: sha256:",
            "  expected  ",
            "  actual    ",
            sentence,
            help,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn without_file_digests_the_layer_and_its_paths_are_named() {
    let place = Place::with_image(&[]);
    fs::write(place.path("store/app/run"), "other").unwrap();
    let said = place.said(1);
    let app = place.text("store/app");
    for part in [
        "layer 1 of 2 is the same: ",
        "layer 2 of 2 differs: ",
        &format!("  path      {app}\n"),
        "  help      build the layer with `fileDigests = true`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("  first"), "{said}");
}

#[test]
fn the_file_is_named_of_an_image_that_is_no_longer_compressed() {
    let place = Place::with_image(&["--file-digests", "@digests", "--compressor", "gzip"]);
    let image = place.text("image");
    let made = run(&["image-uncompressed", &image, &image]);
    assert!(made.status.success(), "{made:?}");
    place.said(0);
    fs::write(place.path("store/app/run"), "other").unwrap();
    let said = place.said(1);
    let first = format!("  first     {} had ", place.text("store/app/run"));
    assert!(said.contains(&first), "{said}");
}

#[test]
fn a_path_that_is_gone_is_the_reason() {
    let place = Place::with_image(&["--file-digests", "@digests"]);
    fs::remove_dir_all(place.path("store/app")).unwrap();
    let said = place.said(1);
    let reason = format!("  reason    cannot read {}: ", place.text("store/app"));
    assert!(
        said.contains(&reason) && said.contains("copy them here"),
        "{said}"
    );
    assert!(said.contains("layer 1 of 2 is the same"), "{said}");
}

#[test]
fn digests_that_are_gone_or_of_other_layers_are_a_reason() {
    for (text, reason) in [
        ("[]", "digests: it does not have the layer sha256:"),
        ("x", "digests is not the file digests of layers: "),
    ] {
        let place = Place::with_image(&["--file-digests", "@digests"]);
        fs::write(place.path("store/app/run"), "other").unwrap();
        fs::write(place.path("digests"), text).unwrap();
        let said = place.said(1);
        assert!(
            said.contains("  actual    ") && said.contains(reason),
            "{said}"
        );
    }
}

#[test]
fn a_kept_tarball_is_verified_too() {
    let place = Place::with_image(&["--tar-directory", "@", "--file-digests", "@digests"]);
    fs::write(place.path("store/app/run"), "the tarball does not care").unwrap();
    place.said(0);
    assert_eq!(fs::read_to_string(place.path("digests")).unwrap(), "[]");
    let layers: Value = serde_json::from_slice(&fs::read(place.path("layers")).unwrap()).unwrap();
    assert!(layers[0].get("file-digests").is_none());
    fs::write(layers[0]["layer-path"].as_str().unwrap(), "changed").unwrap();
    let said = place.said(1);
    assert!(said.contains("  actual    7 bytes of sha256:"), "{said}");
    assert!(
        said.contains("  help      the kept tarball was changed: build"),
        "{said}"
    );
}

#[test]
fn file_digests_say_what_the_tarball_says() {
    let place = Place::with_image(&["--file-digests", "@digests"]);
    let layers: Value = serde_json::from_slice(&fs::read(place.path("layers")).unwrap()).unwrap();
    assert_eq!(layers[0]["file-digests"], place.text("digests"));
    let digests: Value = serde_json::from_slice(&fs::read(place.path("digests")).unwrap()).unwrap();
    assert_eq!(digests.as_array().unwrap().len(), 2);
    assert_eq!(digests[1]["digest"], layers[1]["digest"]);
    let files = digests[1]["files"].as_array().unwrap();
    let name = |file: &Value| file["name"].as_str().unwrap().to_owned();
    let of = |wanted: &str| {
        files
            .iter()
            .find(|file| name(file).ends_with(wanted))
            .unwrap()
    };
    assert_eq!(name(&files[0]), "/");
    assert_eq!(of("/app/link")["target"], "run");
    assert_eq!(of("/app/run")["size"], 13);
    let output = Command::new("sha256sum")
        .arg(place.path("store/app/run"))
        .output()
        .unwrap();
    let digest = String::from_utf8(output.stdout).unwrap();
    let want = format!("sha256:{}", digest.split(' ').next().unwrap());
    assert_eq!(of("/app/run")["digest"], want);
}
