//! Modules depend on one another in one direction: what a file of `src` names of its own crate is read here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every module, with the modules that it may name. Each of those stands above it, so that there are no circles.
const MAY_NAME: &[(&str, &[&str])] = &[
    // Texts and messages about them.
    ("error, excerpt, source", &[]),
    ("stack", &["error"]),
    ("types", &["error"]),
    ("syntax", &["error", "stack", "types"]),
    ("constants", &["error", "types", "syntax"]),
    ("declaration", &["error", "types", "syntax", "constants"]),
    ("ir", &["error", "types"]),
    ("interp", &["error", "types", "ir"]),
    ("capabilities", &["types", "ir"]),
    ("passes", &["error", "types", "ir", "interp", "capabilities"]),
    ("typing", &["error", "types", "syntax", "constants", "declaration", "ir"]),
    ("kernel", &["error", "types", "ir", "passes"]),
    ("pipeline", &["error", "ir", "capabilities", "passes"]),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a text names by `crate::` or in the braces after it, comments aside; or by as many `super::` as
/// there are modules around it, which is `depth`.
fn named(text: &str, depth: usize) -> BTreeSet<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let code = code.join("\n");
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    let upwards = "super::".repeat(depth);
    let roots = code.match_indices("crate::").chain(code.match_indices(&upwards));
    for (place, root) in roots {
        let rest = code[place + root.len()..].trim_start_matches("super::");
        match rest.strip_prefix('{') {
            None => names.extend([word(rest)]),
            Some(inside) => {
                let mut depth = 0;
                let mut starts = true;
                for (at, sign) in inside.char_indices() {
                    match sign {
                        '}' if depth == 0 => break,
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 0 => starts = true,
                        _ if sign.is_whitespace() => {}
                        _ if starts && depth == 0 => {
                            names.extend([word(&inside[at..])]);
                            starts = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    names
}

/// The row of a module.
fn row(module: &str) -> Option<usize> {
    MAY_NAME.iter().position(|(names, _)| names.split(", ").any(|name| name == module))
}

/// What is wrong with a file of `module` that has this text and stands that deep.
fn wrong(module: &str, depth: usize, text: &str) -> Vec<String> {
    let Some(own) = row(module) else {
        return vec![format!("the module '{module}' has no row in this test: say what it may name")];
    };
    let mut complaints = Vec::new();
    for name in named(text, depth) {
        // What is in no row is no module: `crate::Result`.
        let Some(other) = row(&name) else { continue };
        if other != own && !MAY_NAME[own].1.iter().any(|allowed| row(allowed) == Some(other)) {
            complaints.push(format!("'{module}' names '{name}'"));
        }
    }
    complaints
}

#[test]
fn files_name_what_stands_below_them() {
    for (place, (names, allowed)) in MAY_NAME.iter().enumerate() {
        for name in *allowed {
            assert!(row(name).is_some_and(|other| other < place), "{names}: '{name}' does not stand above");
        }
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&sources, &mut found);
    assert!(found.len() > 50, "{} files", found.len());
    let mut complaints = Vec::new();
    for path in found {
        let relative = path.strip_prefix(&sources).expect("below src");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let depth = relative.components().count() - path.ends_with("mod.rs") as usize;
        complaints
            .extend(wrong(module, depth, &text).into_iter().map(|what| format!("{}: {what}", relative.display())));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_wrong_direction_is_seen() {
    for (module, text) in [
        ("types", "use crate::syntax::tree::Module;"),
        ("syntax", "fn f() { crate::typing::infer() }"),
        ("syntax", "use crate::{source, typing::Rules};"),
        ("syntax", "use crate::{error::{ErrorClass, Error}, declaration};"),
        ("declaration", "pub use crate::typing;"),
        ("ir", "let same = crate::interp::scalar::apply;"),
        ("types", "use crate::ir;"),
        ("types", "use super::super::syntax::tree;"),
        ("other", ""),
    ] {
        assert_eq!(wrong(module, 2, text).len(), 1, "{module}: {text}");
    }
    assert!(
        wrong("typing", 2, "use super::item; use crate::{ir, types}; // crate::interp\nuse crate::Result;").is_empty()
    );
}
