//! The report that build servers read.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_conformance::Host;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::outcome::{Held, Verdict};

/// Writes one suite for each dialect.
pub(super) fn write(file: &Path, host: &Host, held: &[Held]) -> Result<()> {
    let mut report = Report::new(format!("isogloss conformance of {}", host.base()));
    for of_dialect in held.chunk_by(|a, b| a.case.dialect == b.case.dialect) {
        let dialect = of_dialect.first().map(|held| held.case.dialect.as_str());
        let mut suite = TestSuite::new(dialect.unwrap_or_default());
        suite.add_test_cases(of_dialect.iter().map(test_case));
        suite.set_time(of_dialect.iter().map(|held| held.took).sum());
        report.add_test_suite(suite);
    }
    let act = || format!("cannot write {}", file.display());
    report
        .serialize(File::create(file).with_context(act)?)
        .with_context(act)
}

fn test_case(held: &Held) -> TestCase {
    let mut status = match held.verdict {
        Verdict::Ok => TestCaseStatus::success(),
        Verdict::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::LeftOut(_) => TestCaseStatus::skipped(),
    };
    match (&held.verdict, held.verdict.reason()) {
        (Verdict::Failed(_), Some(reason)) => status.set_description(reason),
        (_, Some(reason)) => status.set_message(reason),
        (_, None) => &mut status,
    };
    let mut case = TestCase::new(held.case.name.clone(), status);
    case.set_classname(held.case.dialect.clone())
        .set_time(held.took);
    case
}
