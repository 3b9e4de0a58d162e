//! Every relative link of every page leads to a file, and its anchor to a heading of that file; and source files that
//! pages name exist.

use std::fs;
use std::path::Path;

use crate::source_tree::{files, repository};

/// Returns the page without its fenced code blocks.
fn without_code(page: &str) -> String {
    let mut in_code = false;
    let lines = page.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the targets of the page's links, without those to other hosts.
fn links(page: &str) -> Vec<String> {
    let text = without_code(page);
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target);
    let relative =
        targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    relative.map(str::to_owned).collect()
}

/// Returns the anchors of the page's headings, as GitHub makes them.
fn anchors(page: &str) -> Vec<String> {
    let text = without_code(page);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let titles = headings.filter_map(|line| line.split_once(' '));
    titles.map(|(_, title)| anchor(title)).collect()
}

fn anchor(title: &str) -> String {
    let lower = title.trim().to_lowercase();
    let kept = lower
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Returns the broken links of a page.
fn broken(path: &Path, page: &str) -> Vec<String> {
    let is_broken = |link: &String| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        // A link of rustdoc, such as `crate::links::Auth`.
        if file.contains("::") {
            return false;
        }
        let target = match file {
            "" => path.to_owned(),
            _ => path.parent().unwrap().join(file),
        };
        if anchor.is_empty() {
            return !target.exists();
        }
        let text = fs::read_to_string(target);
        !text.is_ok_and(|text| anchors(&text).iter().any(|known| known == anchor))
    };
    links(page).into_iter().filter(is_broken).collect()
}

/// Returns the Rust files that the page names between backticks.
fn source_files(page: &str) -> Vec<String> {
    let text = without_code(page);
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let of_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        Path::new(text)
            .extension()
            .is_some_and(|extension| extension == "rs")
            && text.chars().all(of_path)
    };
    quoted.filter(is_path).map(str::to_owned).collect()
}

#[test]
fn every_source_file_that_a_page_names_exists() {
    let known = files(repository(), "rs");
    let mut count = 0;
    for path in files(repository(), "md") {
        // These name files of former releases, and files that the reader is about to write.
        if path.ends_with("CHANGELOG.md") || path.ends_with("docs/adding-a-dialect.md") {
            continue;
        }
        for file in source_files(&fs::read_to_string(&path).unwrap()) {
            let exists = known.iter().any(|known| known.ends_with(&file));
            assert!(exists, "{}: {file}", path.display());
            count += 1;
        }
    }
    assert!(count >= 20, "only {count} files were found");
}

#[test]
fn every_link_leads_somewhere() {
    let pages = files(repository(), "md");
    assert!(pages.len() >= 30, "{pages:?}");
    let mut count = 0;
    for path in pages {
        let page = fs::read_to_string(&path).unwrap();
        let broken = broken(&path, &page);
        assert!(broken.is_empty(), "{}: {broken:?}", path.display());
        count += links(&page).len();
    }
    assert!(count >= 100, "only {count} links were found");
}

#[test]
fn every_page_is_listed_in_the_index() {
    let folder = repository().join("docs");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let listed = links(&index);
    for path in files(&folder, "md") {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "README.md" || listed.iter().any(|link| link == name),
            "{name}"
        );
    }
}

#[test]
fn broken_links_are_found() {
    let path = repository().join("docs/README.md");
    let page = "[a](redis.md) [b](gone.md) [c](redis.md#gone) [d](#there) [e](#gone) [f](https://example.com/x)\n\
                ```\n[g](code.md)\n```\n## There\n";
    assert_eq!(
        links(page),
        ["redis.md", "gone.md", "redis.md#gone", "#there", "#gone"]
    );
    assert_eq!(anchors(page), ["there"]);
    assert_eq!(
        source_files("`src/a.rs` b.rs `*.rs` `c.rs`\n```\n`d.rs`\n```\n"),
        ["src/a.rs", "c.rs"]
    );
    assert_eq!(
        anchor("`isogloss doctor`: what it says, and why"),
        "isogloss-doctor-what-it-says-and-why"
    );
    assert_eq!(
        broken(&path, page),
        ["gone.md", "redis.md#gone", "#there", "#gone"]
    );
}
