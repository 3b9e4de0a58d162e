//! `isogloss openapi`: prints the OpenAPI documents.

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Outcome, output};
use crate::openapi::documents;

#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss openapi > management.json
  isogloss openapi memsource > memsource.json

The documents of dialects contain their default paths. A running gateway serves the same documents at
its management listener, with the configured paths: /openapi.json, /openapi/memsource.json.")]
pub(super) struct Arguments {
    /// `management`, or the name of a dialect
    #[arg(default_value = "management", value_parser = PossibleValuesParser::new(names()))]
    name: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let mut documents = documents().into_iter();
    if let Some((_, document)) = documents.find(|(name, _)| *name == arguments.name) {
        output::json(&document)?;
    }
    Ok(Outcome::Done)
}

fn names() -> Vec<&'static str> {
    documents().into_iter().map(|(name, _)| name).collect()
}
