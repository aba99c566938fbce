//! Texts from which mutations start: examples, the prelude, the tests' own kernels, the documents of messages.

use numbra_tests::random::Random;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Every text of the corpus, in an order that does not change.
pub fn kernels() -> &'static [String] {
    static KERNELS: OnceLock<Vec<String>> = OnceLock::new();
    KERNELS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut texts: Vec<String> = files(&root.join("examples"), "py").iter().map(|path| read(path)).collect();
        texts.extend(files(&root.join("kernels/prelude"), "py").iter().map(|path| read(path)));
        let header = "import math\nimport numpy as np\nimport numba\nfrom numba import vectorize, stencil\n";
        let own = string_literals(&read(&root.join("tests/kernels.rs")));
        texts.extend(own.into_iter().filter(|text| text.contains("def ")).map(|text| format!("{header}{text}")));
        for path in files(&root.join("compiler/front/tests/messages"), "md") {
            texts.extend(python_blocks(&read(&path)));
        }
        texts
    })
}

/// Mostly a text of which functions arrive; now and then one that is wrong from the start.
pub fn pick(random: &mut Random) -> &'static str {
    static RIGHT: OnceLock<Vec<&str>> = OnceLock::new();
    let arrives = |text: &&str| crate::journey::travel(text, 0).is_ok_and(|functions| functions > 0);
    let right = RIGHT.get_or_init(|| kernels().iter().map(String::as_str).filter(arrives).collect());
    if random.once_in(6) { &kernels()[random.below(kernels().len())] } else { right[random.below(right.len())] }
}

/// Texts that once failed, with their names.
pub fn regressions() -> Vec<(String, String)> {
    let paths = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions"), "py");
    paths.iter().map(|path| (path.display().to_string(), read(path))).collect()
}

/// The files of a folder with that ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The blocks between ```python and ```.
fn python_blocks(document: &str) -> Vec<String> {
    let blocks = document.split("```python\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default().to_string()).collect()
}

/// The string literals of Rust text that has no raw strings and no quotes elsewhere, escapes resolved.
fn string_literals(text: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut characters = text.chars();
    while characters.by_ref().any(|character| character == '"') {
        let mut literal = String::new();
        while let Some(character) = characters.next().filter(|&character| character != '"') {
            match (character, character == '\\') {
                (_, true) => match characters.next() {
                    Some('n') => literal.push('\n'),
                    other => literal.extend(other),
                },
                (other, _) => literal.push(other),
            }
        }
        literals.push(literal);
    }
    literals
}
