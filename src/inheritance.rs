//! Inheritance: what an image takes over from its base beside the layers.
//!
//! Takes a base image, whose config is known, and the config that the user
//! gives; gives an image by the rules that Docker has for `FROM`. The base's
//! history and platform are kept. Its `OnBuild` is not: those are commands for
//! a Dockerfile, and there is none.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::config::{DockerConfig, Member};
use crate::layer::{History, Layer};
use crate::{Error, Image, ImageConfig, Result};

/// What the config blob has that neither the user nor a layer gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct Inheritance {
    /// The history of the base: an entry for each of its layers, and for each
    /// of its steps that changed no file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<History>,
    /// The fields of the base's config that only Docker knows.
    #[serde(skip_serializing_if = "DockerConfig::is_empty")]
    pub(crate) config: DockerConfig,
}

impl Inheritance {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Inheritance::default()
    }

    /// The number of layers that the history tells of.
    pub(crate) fn layer_count(&self) -> usize {
        self.history.iter().filter(|step| !step.empty_layer).count()
    }

    /// The history of a base with so many layers. A base without any gets an
    /// empty entry for each.
    ///
    /// # Errors
    /// When the history tells of more layers, or of fewer.
    pub(crate) fn new(history: Vec<History>, config: DockerConfig, layers: usize) -> Result<Self> {
        let history = match history.is_empty() {
            true => vec![History::default(); layers],
            false => history,
        };
        let inheritance = Inheritance { history, config };
        match inheritance.layer_count() {
            count if count == layers => Ok(inheritance),
            count => Err(Error::Value(format!(
                "its history tells of {count} layers, and it has {layers}"
            ))),
        }
    }
}

/// The config that the user gives: a field that is there is set, even to
/// nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "an object")]
pub struct OwnConfig {
    user: Option<String>,
    exposed_ports: BTreeMap<String, Member>,
    env: Vec<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    volumes: BTreeMap<String, Member>,
    working_dir: Option<String>,
    labels: BTreeMap<String, String>,
    stop_signal: Option<String>,
}

impl OwnConfig {
    /// The config of an image on a base with that config.
    pub fn over(self, base: &ImageConfig) -> ImageConfig {
        let base = base.clone();
        // The arguments of the base's entrypoint mean nothing to another.
        let base_cmd = match self.entrypoint {
            None => base.cmd,
            Some(_) => Vec::new(),
        };
        ImageConfig {
            user: self.user.unwrap_or(base.user),
            exposed_ports: joined(base.exposed_ports, self.exposed_ports),
            env: joined_env(base.env, self.env),
            entrypoint: self.entrypoint.unwrap_or(base.entrypoint),
            cmd: self.cmd.unwrap_or(base_cmd),
            volumes: joined(base.volumes, self.volumes),
            working_dir: self.working_dir.unwrap_or(base.working_dir),
            labels: joined(base.labels, self.labels),
            stop_signal: self.stop_signal.unwrap_or(base.stop_signal),
        }
    }
}

/// All keys of both; of a key that both have, our value.
fn joined<T>(mut base: BTreeMap<String, T>, own: BTreeMap<String, T>) -> BTreeMap<String, T> {
    base.extend(own);
    base
}

/// The base's variables but those that ours replace, then ours.
fn joined_env(mut base: Vec<String>, own: Vec<String>) -> Vec<String> {
    fn name(variable: &str) -> &str {
        variable.split_once('=').map_or(variable, |(name, _)| name)
    }
    let replaced: HashSet<&str> = own.iter().map(|variable| name(variable)).collect();
    base.retain(|variable| !replaced.contains(name(variable)));
    base.extend(own);
    base
}

/// An image on a base: with the base's layers, all of them, below its own, the
/// base's history and platform, and its config where ours sets nothing.
/// `architecture` is what ours must be for; None for that of the base.
///
/// # Errors
/// When the base's config is not known, its history does not fit its layers,
/// or it is for another architecture.
pub fn inherit(
    base: &Image,
    own: OwnConfig,
    layers: Vec<Layer>,
    architecture: Option<&str>,
) -> Result<Image> {
    if base.lacks_config() {
        return Err(Error::Value(
            "it was written without the config of the base image; write it again with \
             `--with-config`, as `pullImage` and `pullImageFromManifest` do for their \
             attribute `withConfig`"
                .to_owned(),
        ));
    }
    let platform = base.platform();
    if let Some(wanted) = architecture
        && wanted != platform.architecture
    {
        return Err(Error::Value(format!(
            "this base image is for the architecture {}, and the image for {wanted}; take another \
             `fromImage`, or set `arch = \"{0}\"`",
            platform.architecture
        )));
    }
    let history = base.history().cloned().collect();
    let docker = base.inheritance().config.clone();
    let inheritance = Inheritance::new(history, docker, base.layers().len())?;
    let layers = base.layers().iter().cloned().chain(layers).collect();
    Ok(
        Image::new(own.over(base.config()), layers, platform.clone())
            .with_inheritance(inheritance)
            .without_repeated_layers(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go_json;

    fn merged(base: &str, own: &str) -> Result<ImageConfig, go_json::JsonError> {
        let base: ImageConfig = go_json::from_slice(base.as_bytes())?;
        Ok(go_json::from_slice::<OwnConfig>(own.as_bytes())?.over(&base))
    }

    #[test]
    fn variables_are_merged_by_name_with_ours_last() -> Result<(), go_json::JsonError> {
        let config = merged(
            r#"{"Env":["PATH=/bin","A=1","EMPTY","B=2=3"]}"#,
            r#"{"env":["C=4","A=5","EMPTY=x"]}"#,
        )?;
        assert_eq!(config.env, ["PATH=/bin", "B=2=3", "C=4", "A=5", "EMPTY=x"]);
        Ok(())
    }

    #[test]
    fn an_entrypoint_drops_the_command_of_the_base() -> Result<(), go_json::JsonError> {
        let base = r#"{"Entrypoint":["/entry"],"Cmd":["base"]}"#;
        for (own, entrypoint, cmd) in [
            ("{}", vec!["/entry"], vec!["base"]),
            (r#"{"cmd":["own"]}"#, vec!["/entry"], vec!["own"]),
            (r#"{"entrypoint":["/own"]}"#, vec!["/own"], vec![]),
            (r#"{"entrypoint":[]}"#, vec![], vec![]),
            (r#"{"entrypoint":null}"#, vec!["/entry"], vec!["base"]),
            (r#"{"cmd":[]}"#, vec!["/entry"], vec![]),
            (
                r#"{"entrypoint":["/own"],"cmd":["own"]}"#,
                vec!["/own"],
                vec!["own"],
            ),
        ] {
            let config = merged(base, own)?;
            assert_eq!(
                (config.entrypoint, config.cmd),
                (owned(entrypoint), owned(cmd)),
                "{own}"
            );
        }
        Ok(())
    }

    fn owned(texts: Vec<&str>) -> Vec<String> {
        texts.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn sets_are_joined_and_the_rest_is_taken_over() -> Result<(), go_json::JsonError> {
        let base = r#"{"User":"me","WorkingDir":"/base","StopSignal":"INT","Volumes":{"/a":{}},
            "ExposedPorts":{"80/tcp":{}},"Labels":{"a":"base","b":"base"}}"#;
        let own = r#"{"workingdir":"/own","user":"","volumes":{"/b":{}},
            "exposedports":{"443/tcp":{}},"labels":{"b":"own"}}"#;
        let want = r#"{"WorkingDir":"/own","StopSignal":"INT","Volumes":{"/a":{},"/b":{}},
            "ExposedPorts":{"80/tcp":{},"443/tcp":{}},"Labels":{"a":"base","b":"own"}}"#;
        assert_eq!(merged(base, own)?, go_json::from_slice(want.as_bytes())?);
        Ok(())
    }
}
