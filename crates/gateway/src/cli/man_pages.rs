//! Manual pages and shell completions.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Outcome, output};

/// Arguments of `completions`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss completions bash > /etc/bash_completion.d/isogloss
  isogloss completions zsh > ~/.zfunc/_isogloss")]
pub(super) struct Completions {
    /// Shell to complete commands in
    shell: Shell,
}

/// Arguments of `man`.
#[derive(Args)]
#[command(after_help = "\
Examples:
  isogloss man /usr/local/share/man/man1")]
pub(super) struct Man {
    /// Folder for the pages, one file for each command
    folder: PathBuf,
}

impl Completions {
    pub(super) fn print(&self) -> Result<Outcome> {
        // The library panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "isogloss", &mut script);
        output::raw(&script)?;
        Ok(Outcome::Done)
    }
}

impl Man {
    pub(super) fn write(&self) -> Result<Outcome> {
        let folder = &self.folder;
        let write = || {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder)
        };
        write().with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Outcome::Done)
    }
}
