//! Contents of `docs/adding-a-dialect.md`: excerpts of files, edits and commands.

const GUIDE: &str = include_str!("../../docs/adding-a-dialect.md");

/// Lines that must appear in a file.
pub(crate) struct Excerpt {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

/// Lines of a file, and their replacement.
pub(crate) struct Edit {
    pub(crate) path: &'static str,
    old: String,
    new: String,
}

/// Returns the blocks in Rust and TOML.
pub(crate) fn excerpts() -> Vec<Excerpt> {
    let shown = blocks("rust").chain(blocks("toml"));
    shown.map(Excerpt::of).collect()
}

/// Returns the edits of the diff blocks, in their order.
pub(crate) fn edits() -> Vec<Edit> {
    let differences = blocks("diff").map(Excerpt::of);
    differences
        .flat_map(|Excerpt { path, text }| {
            let hunks = text.split("@@\n");
            hunks.map(move |hunk| Edit::parse(path, hunk))
        })
        .collect()
}

/// Returns the commands, in their order.
pub(crate) fn commands() -> Vec<&'static str> {
    blocks("sh").flat_map(str::lines).collect()
}

fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fenced = GUIDE.split("```").skip(1).step_by(2);
    fenced.filter_map(move |block| block.strip_prefix(language)?.strip_prefix('\n'))
}

impl Excerpt {
    /// Splits a block into the path and the text. Its first line is a comment with the path.
    fn of(block: &'static str) -> Self {
        let (first, text) = block.split_once('\n').unwrap();
        let path = first.trim_start_matches(['#', '/', ' ']);
        Self { path, text }
    }
}

impl Edit {
    fn parse(path: &'static str, hunk: &str) -> Self {
        let (mut old, mut new) = (String::new(), String::new());
        for line in hunk.split_inclusive('\n') {
            let (sign, line) = line.split_at(1);
            let (before, after) = match sign {
                " " => (line, line),
                "-" => (line, ""),
                "+" => ("", line),
                _ => panic!("{path}: no difference: {line}"),
            };
            old += before;
            new += after;
        }
        Self { path, old, new }
    }

    /// Returns whether the edit keeps all existing lines.
    pub(crate) fn only_adds(&self) -> bool {
        let mut new = self.new.lines();
        self.old.lines().all(|old| new.any(|line| line == old))
    }

    /// Returns the file's text with the edit applied. Panics unless the old lines occur exactly once.
    pub(crate) fn apply(&self, text: &str) -> String {
        let Self { path, old, new } = self;
        let places = text.matches(old.as_str()).count();
        assert_eq!(
            places, 1,
            "the guide's edit of {path} fits in {places} places:\n{old}"
        );
        text.replace(old, new)
    }
}
