//! Where a password that is to be set comes from: a prompt or the standard input, never an
//! argument, which everybody on the machine could read.

use std::io::stdin;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

#[derive(Args)]
pub(in crate::cli) struct PasswordSource {
    /// Read the password from the first line of the standard input
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordSource {
    /// The password. At a prompt it is asked for twice.
    pub(super) fn read(&self) -> Result<SecretString> {
        if self.password_stdin {
            let mut line = String::new();
            stdin()
                .read_line(&mut line)
                .context("cannot read the standard input")?;
            return Ok(line.trim_end_matches(['\r', '\n']).into());
        }
        let password = ask("Password: ")?;
        if ask("The same again: ")?.expose_secret() != password.expose_secret() {
            bail!("the two are not the same");
        }
        Ok(password)
    }
}

fn ask(prompt: &str) -> Result<SecretString> {
    let answer = rpassword::prompt_password(prompt)
        .context("no terminal to ask for the password at; try --password-stdin")?;
    Ok(answer.into())
}
