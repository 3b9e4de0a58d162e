//! Reads a new password from a prompt or the standard input, never from an
//! argument, which all users of the machine could read.

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
    /// Returns whether an option says where the password comes from.
    pub(super) fn is_given(&self) -> bool {
        self.password_stdin
    }

    /// Returns the password from the standard input or from a prompt, at which it must be typed twice. Fails if
    /// there is no terminal or the two entries differ.
    pub(super) fn read(&self) -> Result<SecretString> {
        if self.password_stdin {
            return first_line();
        }
        let password = prompt("Password: ", "--password-stdin")?;
        if prompt("Repeat the password: ", "--password-stdin")?.expose_secret()
            != password.expose_secret()
        {
            bail!("the passwords do not match");
        }
        Ok(password)
    }
}

/// Reads a line of the standard input, and returns it without its line end. Fails if the standard input cannot
/// be read.
pub(in crate::cli) fn first_line() -> Result<SecretString> {
    let mut line = String::new();
    stdin()
        .read_line(&mut line)
        .context("cannot read the standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// Prompts at the terminal without echo, and returns the typed text. Fails if there is no terminal; the error
/// names the `option` to use instead.
pub(in crate::cli) fn prompt(prompt: &str, option: &str) -> Result<SecretString> {
    let what = prompt.trim_end_matches([':', ' ']).to_lowercase();
    let answer = rpassword::prompt_password(prompt)
        .with_context(|| format!("there is no terminal to prompt for the {what}: use {option}"))?;
    Ok(answer.into())
}
