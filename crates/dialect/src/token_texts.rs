//! The texts in a call that have the place of a token, and the one token that they may spell.

use std::fmt;

use isogloss_core::{AuthError, BearerToken, RefusalCause};

use crate::Dialect;

/// The texts in a call that have the place of a token.
#[derive(Default, Clone, PartialEq, Eq)]
pub(crate) struct TokenTexts {
    /// Texts in places that have no other purpose.
    pub(crate) tokens: Vec<String>,
    /// Texts in places that may have another purpose: a back end may set a cookie of the same name, and members of JSON
    /// bodies are named by each route.
    pub(crate) ambiguous: Vec<String>,
}

impl TokenTexts {
    /// Adds a text in a place that has no other purpose. Blank texts are no tokens: clients send parameters without a
    /// value.
    pub(crate) fn add_token(&mut self, text: impl Into<String>) {
        add(&mut self.tokens, text.into());
    }

    /// Adds a text in a place that may have another purpose. Blank texts are no tokens.
    pub(crate) fn add_ambiguous(&mut self, text: impl Into<String>) {
        add(&mut self.ambiguous, text.into());
    }

    /// Adds all texts of `others`.
    pub(crate) fn extend(&mut self, others: Self) {
        self.tokens.extend(others.tokens);
        self.ambiguous.extend(others.ambiguous);
    }

    /// Returns the token that all texts spell, or `None` if there is no text.
    ///
    /// # Errors
    /// The texts are different tokens, or one of them is no token of the dialect: the back end might read another one
    /// than the gateway. An ambiguous text that is no token is an error only if there is no other token.
    pub(crate) fn only_token<D: Dialect>(&self) -> Result<Option<BearerToken>, AuthError> {
        let parse = |text: &String| {
            D::parse_token(text).ok_or(AuthError::InvalidToken(RefusalCause::NoToken))
        };
        let tokens = self.tokens.iter().map(parse);
        let mut tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        tokens.extend(
            self.ambiguous
                .iter()
                .filter_map(|text| D::parse_token(text)),
        );
        let Some((first, others)) = tokens.split_first() else {
            return if self.ambiguous.is_empty() {
                Ok(None)
            } else {
                Err(AuthError::InvalidToken(RefusalCause::NoToken))
            };
        };
        if others.iter().all(|other| other.is_same(first)) {
            Ok(Some(first.clone()))
        } else {
            Err(AuthError::InvalidToken(RefusalCause::NoToken))
        }
    }
}

impl fmt::Debug for TokenTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tokens, ambiguous) = (self.tokens.len(), self.ambiguous.len());
        write!(formatter, "TokenTexts({tokens} and {ambiguous}, …)")
    }
}

fn add(texts: &mut Vec<String>, text: String) {
    if !text.trim().is_empty() {
        texts.push(text);
    }
}
