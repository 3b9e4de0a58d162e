//! Adds the fields of the request to log lines that are not in a span.

use std::fmt;

use isogloss_core::audit::RequestContext;
use isogloss_core::{printable, printable_json};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Returns the format of the fields in a line of text. Values quote clients and errors of other software, so
/// each is made printable and stays on its line.
pub(super) fn fields() -> impl for<'writer> FormatFields<'writer> {
    let format = debug_fn(|writer, field, value| {
        let value = format!("{value:?}");
        match field.name() {
            "message" => writer.write_str(&printable(&value)),
            name => write!(writer, "{name}={}", printable(&value)),
        }
    });
    format.delimited(" ")
}

/// Format of log lines that adds the fields of the request at the end.
pub(super) struct WithRequestFields<F> {
    format: F,
    add: fn(&mut String, &RequestContext) -> fmt::Result,
    /// Whether whole lines are made printable here. In lines of text each [field](fields) is instead: a whole
    /// line may have colour codes.
    escapes: bool,
}

impl<F> WithRequestFields<F> {
    /// Returns a format for lines of text, which adds the fields of the request at the end of a line of `format`, if
    /// the line belongs to a request and is not in a span.
    pub(super) fn text(format: F) -> Self {
        Self {
            format,
            add: add_as_text,
            escapes: false,
        }
    }

    /// Returns a format for lines of JSON, which adds the fields of the request to a line of `format`, in the member
    /// that a span would have, if the line belongs to a request and is not in a span. Makes whole lines printable.
    pub(super) fn json(format: F) -> Self {
        Self {
            format,
            add: add_as_json,
            escapes: true,
        }
    }
}

impl<S, N, F> FormatEvent<S, N> for WithRequestFields<F>
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
        let caller = RequestContext::current();
        let has_fields = caller.request_id.is_none() || context.lookup_current().is_some();
        if has_fields && !self.escapes {
            return self.format.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.format
            .format_event(context, Writer::new(&mut line), event)?;
        if !has_fields {
            (self.add)(&mut line, &caller)?;
        }
        if self.escapes {
            return writer.write_str(&printable_json(&line));
        }
        writer.write_str(&line)
    }
}

fn add_as_text(line: &mut String, caller: &RequestContext) -> fmt::Result {
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

fn add_as_json(line: &mut String, caller: &RequestContext) -> fmt::Result {
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
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;
    use tracing::warn;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Registry, fmt};
    use uuid::Uuid;

    use super::*;

    const HOSTILE: &str = "é\u{1b}[2J\u{7}\r\nforged\t\0\u{7f}\u{9b}\u{2028}\u{202e}\u{2066}";

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(sink: &Sink) -> String {
        String::from_utf8(sink.0.lock().unwrap().clone()).unwrap()
    }

    /// Logs a message, a text, a value with `Display`, and an error, each with the hostile name.
    fn write_hostile_lines() {
        let error = io::Error::other(HOSTILE);
        let span = tracing::info_span!("request", dialect = HOSTILE, shown = %HOSTILE);
        let _entered = span.enter();
        warn!(
            client = HOSTILE,
            shown = %HOSTILE,
            error = &error as &dyn std::error::Error,
            "it broke: {HOSTILE}"
        );
    }

    fn assert_one_printable_line(text: &str) {
        let line = text.strip_suffix('\n').unwrap();
        let obeyed = line.chars().find(|c| isogloss_core::is_unprintable(*c));
        assert_eq!(obeyed, None, "{line:?}");
        assert!(line.contains('é'), "{line}");
    }

    #[test]
    fn a_line_of_text_has_no_character_that_terminals_obey() {
        let sink = Sink::default();
        let writer = sink.clone();
        let lines = fmt::layer()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .fmt_fields(fields())
            .map_event_format(WithRequestFields::text);
        with_default(Registry::default().with(lines), write_hostile_lines);
        assert_one_printable_line(&written(&sink));
    }

    #[test]
    fn a_line_of_json_has_none_either_and_keeps_its_values() {
        let sink = Sink::default();
        let writer = sink.clone();
        let lines = fmt::layer()
            .json()
            .with_writer(move || writer.clone())
            .map_event_format(WithRequestFields::json);
        with_default(Registry::default().with(lines), write_hostile_lines);
        assert_one_printable_line(&written(&sink));
        let read: serde_json::Value = serde_json::from_str(&written(&sink)).unwrap();
        assert_eq!(read["fields"]["client"], HOSTILE);
    }

    fn caller() -> RequestContext {
        RequestContext {
            dialect: Some("toy"),
            request_id: Some(Uuid::from_u128(7)),
            ..RequestContext::default()
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
