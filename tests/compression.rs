//! Compressed layers: the same bytes with any number of jobs and again at copy
//! time, next to plain layers and base layers, kept, and when they cannot be
//! made again.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use common::{Place, assert_refused, assert_silent, run};
use nix2container::Digest;
use serde_json::{Value, json};

impl Place {
    /// A directory with a store path of 9 MB, which are several parts of each
    /// format, and one of a few bytes.
    fn with_store() -> Self {
        let place = Place::new();
        for name in ["large", "small"] {
            fs::create_dir_all(place.path("store").join(name)).unwrap();
        }
        let numbers = (0..1_300_000).map(|n: u64| n.wrapping_mul(n) % 999_983);
        let text: Vec<_> = numbers.map(|n| format!("{n}\n")).collect();
        fs::write(place.path("store/large/numbers"), text.concat()).unwrap();
        fs::write(place.path("store/small/file"), "content").unwrap();
        place.json("graph.json", &place.graph(&["large", "small"]));
        place.json("config.json", &json!({}));
        place
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    fn graph(&self, names: &[&str]) -> Value {
        let element = |name: &&str| json!({"path": self.text(&format!("store/{name}"))});
        names.iter().map(element).collect()
    }

    fn layers_output(&self, out: &str, options: &[&str]) -> Output {
        let (out, graph) = (self.text(out), self.text("graph.json"));
        run(&[&["layers-from-reference-graph", &out, &graph], options].concat())
    }

    /// Packs the graph, a layer for each path, and gives the layers.
    fn layers(&self, out: &str, options: &[&str]) -> Vec<Value> {
        assert_silent(&self.layers_output(out, &[&["--max-layers", "2"], options].concat()));
        self.read(out).as_array().unwrap().clone()
    }

    /// An image of layers files; gives its layers.
    fn image(&self, files: &[&str]) -> Vec<Value> {
        let files: Vec<_> = files.iter().map(|name| self.text(name)).collect();
        let (image, config) = (self.text("image.json"), self.text("config.json"));
        let mut arguments = vec!["image", &image, &config];
        arguments.extend(files.iter().map(String::as_str));
        assert_silent(&run(&arguments));
        self.read("image.json")["layers"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn blob(&self, digest: &Value) -> Output {
        run(&["blob", &self.text("image.json"), digest.as_str().unwrap()])
    }
}

fn digest(bytes: &[u8]) -> Value {
    json!(Digest::of(bytes).to_string())
}

/// What a well-known program makes of compressed bytes.
fn decompressed(format: &str, bytes: &[u8]) -> Vec<u8> {
    if format == "zstd" {
        return zstd::stream::decode_all(bytes).unwrap();
    }
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = gzip.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn any_number_of_jobs_gives_the_bytes_that_are_made_again() {
    let place = Place::with_store();
    let plain = place.layers("plain.json", &[]);
    for (format, default) in [("gzip", "4"), ("zstd", "3")] {
        let mut first = None;
        for jobs in ["1", "2", "8"] {
            let options = ["--compressor", format, "--jobs", jobs];
            place.layers("layers.json", &options);
            let text = fs::read(place.path("layers.json")).unwrap();
            assert!(first.get_or_insert(text.clone()) == &text, "{jobs} jobs");
        }
        let level = ["--compressor", format, "--compression-level", default];
        place.layers("layers.json", &level);
        assert!(first == fs::read(place.path("layers.json")).ok());

        for (layer, plain) in place.image(&["layers.json"]).iter().zip(&plain) {
            let blob = place.blob(&layer["digest"]);
            assert_silent(&blob);
            assert_eq!(layer["digest"], digest(&blob.stdout));
            assert_eq!(layer["size"], json!(blob.stdout.len()));
            assert_eq!(layer["diff_ids"], plain["digest"]);
            let tarball = decompressed(format, &blob.stdout);
            assert_eq!(digest(&tarball), plain["digest"]);
            let media_type = format!("application/vnd.oci.image.layer.v1.tar+{format}");
            assert_eq!(layer["mediatype"], json!(media_type));
            assert_eq!(layer["compression"]["name"], json!(format));
        }
    }
}

/// Whoever builds for another machine, or with another compiler, gets these
/// digests, as long as the encoders have the versions that are named here.
#[test]
fn the_bytes_are_those_of_the_encoders_version() {
    let place = Place::with_store();
    fs::remove_dir_all(place.path("store/small")).unwrap();
    place.json("graph.json", &place.graph(&["large"]));
    let rewrite = json!([{"path": place.text("store/large"),
        "regex": format!("^{}", place.text("store")), "repl": ""}]);
    place.json("rewrites.json", &rewrite);
    for (format, level, encoder, hex) in [
        (
            "gzip",
            "1",
            "libdeflate 1.26",
            "404346f3fea16e15e9430fa17ca4fba5f43c80f48e9d5e95578351e0b8fa4540",
        ),
        (
            "gzip",
            "4",
            "libdeflate 1.26",
            "2033234d27c0968df162c83ae1caeaaf6fb52736d05d34e146831ee7c21a5f49",
        ),
        (
            "gzip",
            "12",
            "libdeflate 1.26",
            "4a5ff0788a751333282c4f2da7298e2aba602ecd3b5ae35ca8cce55a4a43a5fc",
        ),
        (
            "zstd",
            "3",
            "zstd 1.5.7",
            "2ccf16a7538e92ec5c7d8283b3c054f7e9d03ee414123833c79e9cf6d4e4abfa",
        ),
        (
            "zstd",
            "19",
            "zstd 1.5.7",
            "869628b01233013060a8bd17bea15049d9bfa25e5d09ec69e1fcff9a7adb4ec9",
        ),
    ] {
        let rewrites = place.text("rewrites.json");
        let options = ["--rewrites", &rewrites, "--compressor", format];
        let level = ["--compression-level", level];
        let layer = &place.layers("layers.json", &[&options[..], &level].concat())[0];
        assert_eq!(layer["compression"]["encoder"], json!(encoder));
        let wanted = format!("sha256:{hex}");
        assert_eq!(layer["digest"], json!(wanted), "{format} {level:?}");
    }
}

#[test]
fn equal_diff_ids_are_one_layer() {
    let place = Place::with_store();
    let plain = place.layers("plain.json", &[]);
    let gzip = place.layers("gzip.json", &["--compressor", "gzip"]);
    let zstd = place.layers("zstd.json", &["--compressor", "zstd"]);
    assert_eq!(
        place.image(&["plain.json", "gzip.json", "zstd.json"]),
        plain
    );
    assert_eq!(place.image(&["zstd.json", "gzip.json", "plain.json"]), zstd);
    // Mixed with others, each keeps its form and every blob can be had.
    place.json("mixed.json", &json!([gzip[0], plain[1]]));
    let mixed = place.image(&["mixed.json", "zstd.json"]);
    assert_eq!(mixed, [gzip[0].clone(), plain[1].clone()]);
    for layer in &mixed {
        assert_eq!(
            layer["digest"],
            digest(&place.blob(&layer["digest"]).stdout)
        );
    }
}

#[test]
fn a_base_layer_stays_below_what_is_compressed_here() {
    let place = Place::with_store();
    let directory = place.text("");
    let options = ["--compressor", "gzip", "--compression-level", "1"];
    let kept = place.layers(
        "kept.json",
        &[&options[..], &["--tar-directory", &directory]].concat(),
    );
    let base: Vec<_> = kept
        .iter()
        .map(|layer| {
            let mut layer = layer.clone();
            layer.as_object_mut().unwrap().remove("paths");
            layer
        })
        .collect();
    place.json(
        "base.json",
        &json!({"version": 1, "image-config": {}, "layers": base, "arch": "amd64"}),
    );
    let image = |layers: &str| {
        let names = ["image.json", "config.json", layers, "base.json"];
        let [out, config, layers, base] = names.map(|name| place.text(name));
        assert_silent(&run(&[
            "image",
            &out,
            &config,
            &layers,
            "--from-image",
            &base,
        ]));
        place.read("image.json")["layers"].as_array().unwrap().len()
    };
    place.layers("zstd.json", &["--compressor", "zstd"]);
    assert_eq!(image("zstd.json"), 2);
    // As it always was: only digests were compared.
    place.layers("plain.json", &[]);
    assert_eq!(image("plain.json"), 4);
}

#[test]
fn what_a_compressed_parent_has_is_left_out() {
    let place = Place::with_store();
    place.json("graph.json", &place.graph(&["large"]));
    place.layers("parent.json", &["--compressor", "zstd"]);
    place.json("graph.json", &place.graph(&["large", "small"]));
    let layers = place.layers("layers.json", &[&place.text("parent.json")]);
    assert_eq!(layers.len(), 1);
    assert_eq!(
        layers[0]["paths"][0]["path"],
        json!(place.text("store/small"))
    );
}

#[test]
fn a_kept_tarball_is_the_compressed_one() {
    let place = Place::with_store();
    for (format, extension) in [("gzip", "tar.gz"), ("zstd", "tar.zst")] {
        let directory = place.text("");
        let options = ["--compressor", format, "--tar-directory", &directory];
        for layer in place.layers("layers.json", &options) {
            let file = layer["layer-path"].as_str().unwrap();
            let hex = layer["digest"].as_str().unwrap().replace("sha256:", "");
            assert_eq!(file, place.text(&format!("{hex}.{extension}")));
            assert_eq!(layer["digest"], digest(&fs::read(file).unwrap()));
            // It is never compressed again, so it does not matter how it was.
            assert!(layer.get("compression").is_none());
        }
        for layer in place.image(&["layers.json"]) {
            let blob = place.blob(&layer["digest"]).stdout;
            assert_eq!(layer["digest"], digest(&blob));
            assert_eq!(layer["diff_ids"], digest(&decompressed(format, &blob)));
        }
    }
}

#[test]
fn another_version_of_the_encoder() {
    let place = Place::with_store();
    place.layers("layers.json", &["--compressor", "gzip"]);
    let mut layers = place.image(&["layers.json"]);
    let change = |layers: &mut Vec<Value>, key: &str, value: Value| {
        layers[0]["compression"][key] = value;
        let mut image = place.read("image.json");
        image["layers"] = json!(layers);
        place.json("image.json", &image);
    };
    let of_layer = layers[0]["digest"].clone();
    // As long as the bytes are the same, its version does not matter.
    change(&mut layers, "encoder", json!("libdeflate 0.9"));
    assert_silent(&place.blob(&of_layer));
    // Another level stands for a version that gives other bytes.
    change(&mut layers, "level", json!(1));
    let parts = [
        "compressed by libdeflate 0.9,",
        "has libdeflate 1.26,",
        "build the image again",
    ];
    assert_refused(&place.blob(&of_layer), &parts);
    assert_refused(
        &place.blob(&of_layer),
        &[of_layer.as_str().unwrap(), "store/"],
    );
    // Where the store path changed, the encoder is not to blame.
    let path = layers[0]["paths"][0]["path"].as_str().unwrap().to_owned();
    fs::write(format!("{path}/more"), "").unwrap();
    assert_refused(&place.blob(&of_layer), &["its bytes changed since"]);
}

#[test]
fn an_image_without_compression_is_the_one_that_never_had_it() {
    let place = Place::with_store();
    place.layers("plain.json", &[]);
    place.image(&["plain.json"]);
    let plain = fs::read(place.path("image.json")).unwrap();
    let directory = place.text("");
    for format in ["gzip", "zstd"] {
        place.layers("layers.json", &["--compressor", format]);
        place.image(&["layers.json"]);
        let (image, out) = (place.text("image.json"), place.text("uncompressed.json"));
        assert_silent(&run(&["image-uncompressed", &out, &image]));
        assert!(fs::read(&out).unwrap() == plain, "{format}");
    }
    // A layer in a file is what it is.
    let options = ["--compressor", "zstd", "--tar-directory", &directory];
    place.layers("layers.json", &options);
    place.image(&["layers.json"]);
    let (image, out) = (place.text("image.json"), place.text("uncompressed.json"));
    assert_silent(&run(&["image-uncompressed", &out, &image]));
    assert!(fs::read(&out).unwrap() == fs::read(&image).unwrap());
}

#[test]
fn json_that_cannot_be() {
    let place = Place::with_store();
    let layers = place.layers("layers.json", &["--compressor", "gzip"]);
    for (key, value, reason) in [
        (
            "compression",
            json!({"name": "lzma", "level": 1}),
            "`lzma` is not a compressor",
        ),
        ("compression", json!({"level": 1}), "`gzip` or `zstd`"),
        (
            "compression",
            json!({"name": "gzip", "level": 13}),
            "level 13; it should be 1 to 12",
        ),
        (
            "compression",
            json!({"name": "zstd", "level": 0}),
            "level 0; it should be 1 to 19",
        ),
        (
            "compression",
            json!({"name": "gzip", "level": "1"}),
            "[0].compression.level",
        ),
        (
            "compression",
            json!({"name": "zstd", "level": 3}),
            "does not give the `mediatype`",
        ),
        (
            "compression",
            json!({"name": "gzip", "level": 3}),
            "`tarball_size` is missing",
        ),
        ("compression", json!(1), "[0].compression"),
        (
            "compression",
            Value::Null,
            "needs a `layer-path` or a `compression`",
        ),
        (
            "mediatype",
            json!("application/vnd.oci.image.layer.v1.tar"),
            "`mediatype`",
        ),
    ] {
        let mut layer = layers[0].clone();
        layer[key] = value;
        place.json("bad.json", &json!([layer]));
        let names = ["image.json", "config.json", "bad.json"].map(|name| place.text(name));
        let [image, config, bad] = names.each_ref().map(String::as_str);
        assert_refused(&run(&["image", image, config, bad]), &["bad.json", reason]);
        assert!(!place.path("image.json").exists());
    }
}

#[test]
fn arguments_that_cannot_be() {
    let place = Place::with_store();
    for (format, level, reason) in [
        (
            "gzip",
            "0",
            "gzip has no compression level 0; it should be 1 to 12",
        ),
        ("gzip", "-3", "level -3"),
        (
            "zstd",
            "20",
            "zstd has no compression level 20; it should be 1 to 19",
        ),
    ] {
        let options = ["--compressor", format, "--compression-level", level];
        assert_refused(&place.layers_output("layers.json", &options), &[reason]);
    }
    for options in [
        &["--compressor", "lzma"][..],
        &["--compression-level", "3"],
        &["--compressor", "gzip", "--compression-level", "best"],
    ] {
        let output = place.layers_output("layers.json", options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
    }
    assert!(!place.path("layers.json").exists());
}
