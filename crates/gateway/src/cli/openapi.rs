//! `isogloss openapi`: what is served, for programs.

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

Dialects are described where they are mounted by default. A running gateway serves the same at its
management listener, with the paths of its configuration: /openapi.json, /openapi/memsource.json.")]
pub(super) struct Arguments {
    /// The management listener, or a dialect
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
