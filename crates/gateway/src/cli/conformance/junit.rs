//! The report in JUnit XML, for build servers.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use isogloss_conformance::Host;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::outcome::{ExchangeResult, Verdict};

/// Writes the results to a file in JUnit XML, with one suite for each dialect. Fails if the file cannot be
/// written.
pub(super) fn write(file: &Path, host: &Host, results: &[ExchangeResult]) -> Result<()> {
    let mut report = Report::new(format!("isogloss conformance of {}", host.base()));
    for of_dialect in results.chunk_by(|a, b| a.case.dialect == b.case.dialect) {
        let dialect = of_dialect
            .first()
            .map(|result| result.case.dialect.as_str());
        let mut suite = TestSuite::new(dialect.unwrap_or_default());
        suite.add_test_cases(of_dialect.iter().map(test_case));
        suite.set_time(of_dialect.iter().map(|result| result.took).sum());
        report.add_test_suite(suite);
    }
    let act = || format!("cannot write {}", file.display());
    report
        .serialize(File::create(file).with_context(act)?)
        .with_context(act)
}

fn test_case(result: &ExchangeResult) -> TestCase {
    let mut status = match result.verdict {
        Verdict::Ok => TestCaseStatus::success(),
        Verdict::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Skipped(_) => TestCaseStatus::skipped(),
    };
    match (&result.verdict, result.verdict.reason()) {
        (Verdict::Failed(_), Some(reason)) => status.set_description(reason),
        (_, Some(reason)) => status.set_message(reason),
        (_, None) => &mut status,
    };
    let mut case = TestCase::new(result.case.name.clone(), status);
    case.set_classname(result.case.dialect.clone())
        .set_time(result.took);
    case
}
