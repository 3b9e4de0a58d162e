//! Log lines that say whose request they are about, where there is no span that does.

use std::fmt;

use isogloss_core::audit::Caller;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A format of lines, and what comes at the end of one.
pub(super) struct OfRequest<F> {
    format: F,
    add: fn(&mut String, &Caller) -> fmt::Result,
}

impl<F> OfRequest<F> {
    /// For lines of text.
    pub(super) fn text(format: F) -> Self {
        let add = add_as_text;
        Self { format, add }
    }

    /// For lines of JSON, in the member in which a span would stand.
    pub(super) fn json(format: F) -> Self {
        let add = add_as_json;
        Self { format, add }
    }
}

impl<S, N, F> FormatEvent<S, N> for OfRequest<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let caller = Caller::current();
        if caller.request_id.is_none() || context.lookup_current().is_some() {
            return self.format.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.format
            .format_event(context, Writer::new(&mut line), event)?;
        (self.add)(&mut line, &caller)?;
        writer.write_str(&line)
    }
}

fn add_as_text(line: &mut String, caller: &Caller) -> fmt::Result {
    use fmt::Write as _;

    line.truncate(line.trim_end().len());
    if let Some(id) = caller.request_id {
        write!(line, " request_id={id}")?;
    }
    if let Some(dialect) = caller.dialect {
        write!(line, " dialect={dialect:?}")?;
    }
    line.write_char('\n')
}

fn add_as_json(line: &mut String, caller: &Caller) -> fmt::Result {
    use fmt::Write as _;

    let Some(object) = line.trim_end().strip_suffix('}') else {
        return Ok(());
    };
    line.truncate(object.len());
    let span = serde_json::json!({
        "request_id": caller.request_id,
        "dialect": caller.dialect,
        "name": "request",
    });
    writeln!(line, ",\"span\":{span}}}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn caller() -> Caller {
        Caller {
            dialect: Some("toy"),
            request_id: Some(Uuid::from_u128(7)),
            ..Caller::default()
        }
    }

    #[test]
    fn a_line_of_text_ends_with_the_request() {
        let mut line = "2026-11-26T12:00:00Z  WARN it broke\n".to_owned();
        add_as_text(&mut line, &caller()).unwrap();
        let id = Uuid::from_u128(7);
        let expected =
            format!("2026-11-26T12:00:00Z  WARN it broke request_id={id} dialect=\"toy\"\n");
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_of_json_has_it_where_a_span_would_be() {
        let mut line = "{\"level\":\"WARN\"}\n".to_owned();
        add_as_json(&mut line, &caller()).unwrap();
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["span"]["request_id"], Uuid::from_u128(7).to_string());
        assert_eq!(read["span"]["dialect"], "toy");
        assert_eq!(read["level"], "WARN");
    }
}
