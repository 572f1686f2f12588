//! The closure graph: which store path refers to which.
//!
//! Takes the JSON that Nix writes for `exportReferencesGraph` (`path`,
//! `references` and perhaps `narSize` of each element; other keys are ignored)
//! and gives the paths numbered by first appearance: an element's own path
//! first, then its references in order. Elements of one path are merged; a path
//! that is only referred to is in the closure too.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::go_json;
use crate::{Error, Result};

/// A number that stands for a path of the closure: its first appearance.
pub type PathId = u32;

/// The store paths of a closure and their references.
#[derive(Debug, Default)]
pub struct Closure {
    paths: Vec<String>,
    references: Vec<Vec<PathId>>,
    sizes: Vec<Option<u64>>,
    ids: HashMap<String, PathId>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct Element {
    path: String,
    references: Vec<String>,
    /// Whatever stands there must not stop those who do not ask for sizes.
    #[serde(rename = "narSize")]
    nar_size: Option<Value>,
}

impl Closure {
    /// Reads the closure graph from a JSON file.
    ///
    /// # Errors
    /// When the file cannot be read or is not a closure graph.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = go_json::read_file(path)?;
        Self::from_json(&text).map_err(go_json::in_file(path, "a closure graph"))
    }

    /// Reads the closure graph from JSON text.
    ///
    /// # Errors
    /// When the text is not a closure graph, or a path is empty.
    pub fn from_json(text: &[u8]) -> Result<Self, go_json::JsonError> {
        let mut closure = Closure::default();
        let mut nameless = false;
        go_json::each(text, |element: Element| {
            nameless |= element.path.is_empty() || element.references.iter().any(String::is_empty);
            let size = element.nar_size.as_ref().and_then(Value::as_u64);
            closure.add(element.path, element.references, size);
        })?;
        if nameless {
            return Err(serde::de::Error::custom("a path is empty or missing"));
        }
        Ok(closure)
    }

    /// Adds an element with its size, if that is known; the references of a
    /// path that is there already grow.
    pub fn add(
        &mut self,
        path: String,
        references: impl IntoIterator<Item = String>,
        size: Option<u64>,
    ) {
        let id = self.id(path);
        if size.is_some() {
            self.sizes[id as usize] = size;
        }
        for reference in references {
            let reference = self.id(reference);
            self.references[id as usize].push(reference);
        }
    }

    fn id(&mut self, path: String) -> PathId {
        if let Some(id) = self.ids.get(&path) {
            return *id;
        }
        let id = self.paths.len() as PathId;
        self.paths.push(path.clone());
        self.references.push(Vec::new());
        self.sizes.push(None);
        self.ids.insert(path, id);
        id
    }

    /// The number of paths.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is no path.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The path with this number.
    pub fn path(&self, id: PathId) -> &str {
        &self.paths[id as usize]
    }

    /// The bytes of a path, if the graph tells them.
    pub fn size(&self, id: PathId) -> Option<u64> {
        self.sizes[id as usize]
    }

    /// The distinct paths that a path refers to, itself excluded, in
    /// ascending order.
    pub fn references(&self, id: PathId) -> Vec<PathId> {
        let mut references = self.references[id as usize].clone();
        references.sort_unstable();
        references.dedup();
        references.retain(|reference| *reference != id);
        references
    }

    /// The paths in an order in which each stands before what it refers to.
    ///
    /// # Errors
    /// [`Error::Cycle`] when different paths refer to each other in a circle.
    pub fn topological_order(&self) -> Result<Vec<PathId>> {
        let everything = 0..self.len() as PathId;
        let mut referrers = vec![0_u32; self.len()];
        for reference in everything.clone().flat_map(|id| self.references(id)) {
            referrers[reference as usize] += 1;
        }
        let mut order: Vec<PathId> = everything
            .filter(|id| referrers[*id as usize] == 0)
            .collect();
        let mut next = 0;
        while next < order.len() {
            for reference in self.references(order[next]) {
                referrers[reference as usize] -= 1;
                if referrers[reference as usize] == 0 {
                    order.push(reference);
                }
            }
            next += 1;
        }
        if order.len() < self.len() {
            return Err(Error::Cycle(self.find_cycle(&referrers)));
        }
        Ok(order)
    }

    /// Names one cycle among the paths that still have referrers: walking
    /// against the references from any of them never leaves that set.
    fn find_cycle(&self, referrers: &[u32]) -> Vec<String> {
        let left = |id: &PathId| referrers[*id as usize] > 0;
        let mut referrer_of = HashMap::new();
        for id in (0..self.len() as PathId).filter(left) {
            for reference in self.references(id) {
                referrer_of.entry(reference).or_insert(id);
            }
        }
        let mut trail: Vec<PathId> = (0..self.len() as PathId).filter(left).take(1).collect();
        while let Some(referrer) = trail.last().and_then(|id| referrer_of.get(id)) {
            if let Some(start) = trail.iter().position(|id| id == referrer) {
                trail.drain(..start);
                trail.push(*referrer);
                break;
            }
            trail.push(*referrer);
        }
        trail.reverse();
        trail.iter().map(|id| self.path(*id).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closure(json: &str) -> Result<Closure, go_json::JsonError> {
        Closure::from_json(json.as_bytes())
    }

    #[test]
    fn numbers_follow_first_appearance() -> Result<(), go_json::JsonError> {
        let graph = closure(
            r#"[{"path":"b","references":["c","a"],"narSize":1},{"PATH":"a","references":null},
                {"path":"b","references":["b","d","c"]}]"#,
        )?;
        let names: Vec<_> = (0..4).map(|id| graph.path(id)).collect();
        assert_eq!(names, ["b", "c", "a", "d"]);
        assert_eq!(graph.references(0), [1, 2, 3]);
        Ok(())
    }

    #[test]
    fn a_cycle_is_named() -> Result<(), go_json::JsonError> {
        let graph = closure(
            r#"[{"path":"top","references":["a"]},{"path":"a","references":["b"]},
                {"path":"b","references":["c"]},{"path":"c","references":["a","end"]}]"#,
        )?;
        let cycle = match graph.topological_order() {
            Err(Error::Cycle(cycle)) => cycle,
            _ => Vec::new(),
        };
        assert_eq!(cycle.len(), 4);
        assert_eq!(cycle.first(), cycle.last());
        assert!(
            ["a", "b", "c"]
                .iter()
                .all(|name| cycle.iter().any(|path| path == name))
        );
        Ok(())
    }

    #[test]
    fn an_empty_closure_and_a_null_one() {
        assert!(closure("[]").is_ok_and(|closure| closure.is_empty()));
        assert!(closure("null").is_ok_and(|closure| closure.is_empty()));
        assert!(Closure::from_json(br#"[{"references":[]}]"#).is_err());
        assert!(Closure::from_json(br#"[{"path":"a"}] x"#).is_err());
    }
}
