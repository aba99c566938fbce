//! The documents that say how to add something name files of this tree.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands between backticks and looks like a path: `runtime/src/device`, `Cargo.toml`.
fn paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
        let file = [".rs", ".py", ".md", ".toml"].iter().any(|end| text.ends_with(end));
        plain && (text.contains('/') || file)
    };
    quoted.filter(is_path).collect()
}

#[test]
fn the_files_that_they_name_exist() {
    let mut documents = 0;
    for entry in std::fs::read_dir(root().join("docs")).expect("the folder docs") {
        let path = entry.expect("an entry").path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("add-")) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable document");
        let named = paths(&text);
        assert!(named.len() >= 5, "{} names too few files", path.display());
        for name in named {
            assert!(root().join(name).exists(), "{}: there is no '{name}'", path.display());
        }
        documents += 1;
    }
    assert!(documents >= 2, "docs/ has lost documents that say how to add something");
}
