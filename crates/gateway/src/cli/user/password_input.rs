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
            return first_line();
        }
        let password = ask("Password: ", "--password-stdin")?;
        if ask("The same again: ", "--password-stdin")?.expose_secret() != password.expose_secret()
        {
            bail!("the two are not the same");
        }
        Ok(password)
    }
}

/// What a line of the standard input says.
pub(in crate::cli) fn first_line() -> Result<SecretString> {
    let mut line = String::new();
    stdin()
        .read_line(&mut line)
        .context("cannot read the standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// What is typed at the terminal, unseen. Where there is none, the option is told that does without.
pub(super) fn ask(prompt: &str, option: &str) -> Result<SecretString> {
    let what = prompt.trim_end_matches([':', ' ']).to_lowercase();
    let answer = rpassword::prompt_password(prompt)
        .with_context(|| format!("no terminal to ask for the {what} at; try {option}"))?;
    Ok(answer.into())
}
