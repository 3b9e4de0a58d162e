//! The layers of the configuration, later ones over earlier ones.

use std::env::current_dir;
use std::path::{Path, PathBuf, absolute};

use ::config::{Map, Source as _, Value, ValueKind};

use super::environment::{Variables, check_texts};
use super::legacy_path::LegacyPath;
use super::paths::Layer;
use super::{ConfigError, file, key, renamed_keys};

/// Suffix of keys that name a file with the value.
const FILE: &str = "_file";

/// The merged values of all layers.
pub(super) struct Merged {
    pub(super) tables: Map<String, Value>,
    /// Folder of default paths.
    pub(super) folder: PathBuf,
    legacy_paths: Vec<LegacyPath>,
}

impl Merged {
    /// Returns a configuration without layers, whose default paths are below `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            tables: Map::new(),
            folder,
            legacy_paths: Vec::new(),
        }
    }

    /// Reads the files in order, then the environment. Relative paths become absolute. If a key and the same
    /// key with `_file` are set in different layers, only the later one is kept. Fails if a file cannot be
    /// read, or a layer is invalid.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, ConfigError> {
        let here =
            current_dir().map_err(|error| ConfigError::new("the working directory", error))?;
        let first = files.first().map(|file| folder(file));
        let mut merged = Self::new(first.transpose()?.unwrap_or_else(|| here.clone()));
        for file in files {
            merged.add(
                &file.display().to_string(),
                file::read(file)?,
                &folder(file)?,
            )?;
        }
        check_texts()?;
        let variables = ::config::Config::builder()
            .add_source(Variables::new())
            .build()
            .and_then(|variables| variables.collect())
            .map_err(|error| ConfigError::from_library("", error))?;
        merged.add("the environment", variables, &here)?;
        for legacy_path in std::mem::take(&mut merged.legacy_paths) {
            legacy_path.check(&merged.tables)?;
        }
        Ok(merged)
    }

    /// Adds a layer on top of the previous ones. Fails with the name of the layer if it sets a key both
    /// directly and by `_file`, or has an invalid path.
    pub(super) fn add(
        &mut self,
        layer: &str,
        mut tables: Map<String, Value>,
        folder: &Path,
    ) -> Result<(), ConfigError> {
        renamed_keys::rename(&mut tables);
        refuse_both("", &tables).map_err(|problem| problem.in_layer(layer))?;
        let layer = Layer {
            name: layer,
            folder,
        };
        layer.resolve("", &mut tables, &mut self.legacy_paths)?;
        merge(&mut self.tables, tables);
        Ok(())
    }
}

/// Returns the absolute folder of a file, without resolving symbolic links. Fails if the working directory is
/// unknown.
fn folder(file: &Path) -> Result<PathBuf, ConfigError> {
    let problem = |error| ConfigError::new(file.display().to_string(), error);
    let file = absolute(file).map_err(problem)?;
    Ok(file.parent().map(Path::to_owned).unwrap_or(file))
}

/// Fails if the table sets a key both directly and by `_file`.
fn refuse_both(section: &str, table: &Map<String, Value>) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = key::join(section, name);
        if table.contains_key(&format!("{name}{FILE}")) {
            let reason = format!("{key}{FILE} is set as well, expected only one of them");
            return Err(ConfigError::new(key, reason));
        }
        if let ValueKind::Table(inner) = &value.kind {
            refuse_both(&key, inner)?;
        } else if let ValueKind::Array(items) = &value.kind {
            for (index, item) in items.iter().enumerate() {
                if let ValueKind::Table(inner) = &item.kind {
                    refuse_both(&format!("{key}[{index}]"), inner)?;
                }
            }
        }
    }
    Ok(())
}

/// Adds the values of `higher` to `lower`, and replaces values of the same key.
fn merge(lower: &mut Map<String, Value>, higher: Map<String, Value>) {
    for (name, mut value) in higher {
        match name.strip_suffix(FILE) {
            Some(plain) => lower.remove(plain),
            None => lower.remove(&format!("{name}{FILE}")),
        };
        if let (
            Some(Value {
                kind: ValueKind::Table(below),
                ..
            }),
            ValueKind::Table(above),
        ) = (lower.get_mut(&name), &mut value.kind)
        {
            merge(below, std::mem::take(above));
        } else {
            lower.insert(name, value);
        }
    }
}
