//! What the tests of the program share: a directory for the files of one test,
//! and the program itself.

// Each test is a program of its own and uses what it needs.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A directory that goes with its test.
pub struct Directory(tempfile::TempDir);

impl Directory {
    pub fn new() -> Self {
        Directory(tempfile::tempdir().unwrap())
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file, and makes the directories above it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn json(&self, name: &str, value: &Value) -> PathBuf {
        self.file(name, value.to_string())
    }
}

/// The program, outside of any Nix build.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nix2container"));
    command.env_remove("NIX_BUILD_TOP");
    command
}
