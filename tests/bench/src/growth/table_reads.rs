//! Counts which rows of its tables PostgreSQL reads.

use anyhow::{Context as _, Result};
use isogloss_testkit::Postgres;

/// How many rows of each table were read, as the server counts them when a connection ends.
#[derive(Debug, Clone)]
pub(super) struct TableReads(pub(super) Vec<TableRead>);

/// A table: its rows, and those that were read.
#[derive(Debug, Clone)]
pub(super) struct TableRead {
    pub(super) name: String,
    pub(super) all: u64,
    pub(super) by_scan: u64,
    pub(super) by_index: u64,
}

impl TableReads {
    /// Reads the statistics of the server.
    pub(super) fn read(postgres: &Postgres, database: &str) -> Result<Self> {
        let told = postgres.sql(
            database,
            "SELECT relname, n_live_tup, seq_tup_read, coalesce(idx_tup_fetch, 0)
             FROM pg_stat_user_tables ORDER BY relname",
        )?;
        let tables: Result<_> = told.lines().map(TableRead::parse).collect();
        Ok(Self(tables?))
    }

    /// Returns what was read since `before`.
    pub(super) fn since(mut self, before: &Self) -> Self {
        for table in &mut self.0 {
            if let Some(known) = before.0.iter().find(|known| known.name == table.name) {
                table.by_scan = table.by_scan.saturating_sub(known.by_scan);
                table.by_index = table.by_index.saturating_sub(known.by_index);
            }
        }
        self
    }
}

impl TableRead {
    fn parse(line: &str) -> Result<Self> {
        let mut columns = line.split('|');
        let mut next = || columns.next().context("a column is missing");
        Ok(Self {
            name: next()?.to_owned(),
            all: next()?.parse()?,
            by_scan: next()?.parse()?,
            by_index: next()?.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_from_what_the_server_tells() {
        let users = TableRead::parse("users|1000000|7|52").unwrap();
        assert_eq!(users.name, "users");
        assert_eq!(
            (users.all, users.by_scan, users.by_index),
            (1_000_000, 7, 52)
        );
        assert!(TableRead::parse("users|1000000").is_err());
    }

    #[test]
    fn what_was_read_before_does_not_count() {
        let reads = |text: &str| TableReads(vec![TableRead::parse(text).unwrap()]);
        let read = reads("users|1000000|7|52").since(&reads("users|1000000|5|50"));
        assert_eq!((read.0[0].by_scan, read.0[0].by_index), (2, 2));
    }
}
