//! Logs a panic: its location, and its text only if that is a literal of the code.

use std::panic::PanicHookInfo;

use tracing::{error, field};

/// Logs a panic. Leaves out a text that was formatted, as by `unwrap` of an error: it may quote a request.
///
/// If a handler panics, its connection is closed without a response. Its thread continues, and so do all other
/// requests.
pub(crate) fn report(panic: &PanicHookInfo<'_>) {
    let text = panic.payload().downcast_ref::<&'static str>().copied();
    error!(
        location = panic.location().map(field::display),
        text, "panicked"
    );
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::panic::{catch_unwind, set_hook, take_hook};
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Returns what a panic writes to the log. Tests panic in threads of their own, and log there.
    fn logged(panicking: fn()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let before = take_hook();
        set_hook(Box::new(report));
        let outcome = with_default(subscriber, || catch_unwind(panicking));
        set_hook(before);
        assert!(outcome.is_err());
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_panic_is_logged_with_its_place_and_without_what_it_quotes() {
        let quoting = logged(|| {
            let password = "Kq7RightPasswordXv9";
            let _: u32 = password.parse().map_err(|_| password).unwrap();
        });
        assert!(
            quoting.contains("panicked location=crates/gateway/src/telemetry/panic_hook.rs:"),
            "{quoting}"
        );
        assert!(!quoting.contains("Kq7"), "{quoting}");
        let plain = logged(|| panic!("a text of the code"));
        assert!(plain.contains("text=\"a text of the code\""), "{plain}");
    }
}
