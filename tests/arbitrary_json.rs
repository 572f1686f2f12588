//! Arbitrary bytes as each JSON input: an answer or an error, never a panic.
//!
//! Half of the cases are bytes, most of them near JSON; the other half are
//! JSON with the formats' own keys and values in the wrong places.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use nix2container::base_image::{self, BaseConfig};
use nix2container::inheritance::OwnConfig;
use nix2container::path_options::OptionsTable;
use nix2container::popularity::by_popularity;
use nix2container::{Closure, Image, ImageConfig, go_json, layer::History, layer_json};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// The cases of the whole test, over all inputs.
const CASES: u32 = 10_000;

const KEYS: &[&str] = &[
    "path",
    "references",
    "regex",
    "repl",
    "mode",
    "uid",
    "gname",
    "created",
    "empty_layer",
    "digest",
    "size",
    "diff_ids",
    "paths",
    "options",
    "rewrite",
    "perms",
    "mediatype",
    "mediaType",
    "layer-path",
    "History",
    "version",
    "image-config",
    "layers",
    "arch",
    "variant",
    "platform",
    "inheritance",
    "history",
    "annotations",
    "Entrypoint",
    "env",
    "Labels",
    "ExposedPorts",
    "schemaVersion",
    "config",
    "rootfs",
    "ENV",
    "\u{17f}ize",
    "",
];

fn word() -> impl Strategy<Value = Value> {
    let digest = format!("sha256:{}", "0".repeat(64));
    let words = [
        "/nix/store/a",
        "",
        "(",
        "^/a",
        "$1${",
        "0755",
        "8",
        "2024-05-13T09:31:10Z",
        "\u{0}",
        "é",
        "application/vnd.oci.image.layer.v1.tar",
        "2024-05-13T09:31:1é",
        &digest,
        "..",
        "/",
    ];
    let words: Vec<_> = words.iter().map(|word| json!(word)).collect();
    let numbers = [0, 1, 2, -1, i64::MAX, i64::MIN].map(|number| json!(number));
    let others = [
        Value::Null,
        json!(true),
        json!(1e300),
        json!(0.5),
        json!(u64::MAX),
    ];
    prop::sample::select([&words[..], &numbers, &others].concat())
}

fn value() -> impl Strategy<Value = Value> {
    word().prop_recursive(5, 40, 6, |inner| {
        let key = prop::sample::select(KEYS).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => value().prop_map(|value| value.to_string().into_bytes()),
        1 => "[\\[\\]{}\",:0-9a-z\\\\ \u{80}]{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..60),
        1 => (value(), any::<prop::sample::Index>()).prop_map(|(value, cut)| {
            let text = value.to_string().into_bytes();
            text[..cut.index(text.len())].to_vec()
        }),
    ]
}

/// Reads one file as every kind of input, and uses what came out.
fn read_all(file: &Path) {
    if let Ok(closure) = Closure::from_file(file) {
        let _ = by_popularity(&closure);
    }
    let mut options = OptionsTable::default();
    let _ = options.add_rewrites(file);
    let _ = options.add_perms(file);
    let _ = go_json::from_file::<History>(file, "a history");
    let _ = go_json::from_file::<ImageConfig>(file, "a config");
    let _ = go_json::from_file::<OwnConfig>(file, "a config");
    if let Ok(layers) = layer_json::from_file(file) {
        layer_json::to_text(&layers).unwrap();
    }
    if let Ok(image) = Image::from_file(file) {
        let text = image.to_text().unwrap();
        image.manifest().unwrap().to_text().unwrap();
        std::fs::write(file, text).unwrap();
        assert_eq!(Image::from_file(file).unwrap(), image);
    }
    for config in [BaseConfig::Dropped, BaseConfig::Kept] {
        let _ = base_image::from_manifest(file, file, config);
        let _ = base_image::from_directory(file.parent().unwrap(), config);
    }
}

#[test]
fn no_input_panics() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("manifest.json");
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&input(), |bytes| {
        std::fs::write(&file, bytes).unwrap();
        read_all(&file);
        Ok(())
    });
    assert!(
        outcome.is_ok(),
        "{}",
        outcome.err().map(|e| e.to_string()).unwrap_or_default()
    );
}
