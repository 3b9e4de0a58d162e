//! How many cores the first morning takes: a table by users and minutes.

use std::fmt::Write as _;

/// Times within which all users log in, in minutes.
const MINUTES: [u32; 3] = [5, 15, 60];
/// Number of users for whom the table says how many cores they need.
const USERS: u32 = 10_000;

/// The CPU time of a first login, for each cost and format.
#[derive(Default)]
pub(super) struct Sizing(Vec<Row>);

struct Row {
    cost: u32,
    format: &'static str,
    milliseconds: f64,
}

impl Sizing {
    pub(super) fn add(&mut self, cost: u32, format: &'static str, milliseconds: f64) {
        let row = Row {
            cost,
            format,
            milliseconds,
        };
        self.0.push(row);
    }

    /// Returns the table in Markdown.
    pub(super) fn table(&self) -> String {
        let mut table = format!(
            "First logins that one core takes within 5, 15 and 60 minutes, and the cores for {USERS} of them:\n\n\
             | cost | hash before | CPU of a first login | 5 min | 15 min | 60 min | cores for 5 min | 15 min | 60 min |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
        );
        for Row {
            cost,
            format,
            milliseconds,
        } in &self.0
        {
            let users = MINUTES.map(|minutes| users_of_core(*milliseconds, minutes).to_string());
            let cores = MINUTES.map(|minutes| cores(*milliseconds, minutes).to_string());
            let cells = [users, cores].concat().join(" | ");
            // A string takes whatever is written to it.
            let _ = write!(
                table,
                "\n| {cost} | {format} | {milliseconds:.1} ms | {cells} |"
            );
        }
        table
    }
}

/// Returns how many first logins one core takes within that time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of users"
)]
fn users_of_core(milliseconds: f64, minutes: u32) -> u64 {
    (f64::from(minutes) * 60_000.0 / milliseconds) as u64
}

/// Returns how many cores are busy with first logins of all users within that time, rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of cores"
)]
fn cores(milliseconds: f64, minutes: u32) -> u64 {
    (f64::from(USERS) * milliseconds / (f64::from(minutes) * 60_000.0)).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_time_takes_fewer_cores() {
        let mut sizing = Sizing::default();
        sizing.add(12, "SSHA", 100.0);
        let table = sizing.table();
        let row = "| 12 | SSHA | 100.0 ms | 3000 | 9000 | 36000 | 4 | 2 | 1 |";
        assert!(table.ends_with(row), "{table}");
    }
}
