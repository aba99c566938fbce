//! docs/tour.md shows what the compiler really prints: every block after a marker
//! `<!-- numbra ARGUMENTS -->` is the output of the command with these arguments, run in the repository's root.
//!
//! `NUMBRA_UPDATE_TOUR=1 cargo test -p numbra-cli --test tour` writes the blocks anew.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The arguments of a marker; single quotes keep blanks.
fn arguments(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in text.trim().chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

fn output(marker: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_numbra")).args(arguments(marker)).current_dir(root()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "numbra {marker}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_string() + "\n"
}

#[test]
fn the_tour_shows_what_is_printed() {
    let path = root().join("docs/tour.md");
    let text = std::fs::read_to_string(&path).unwrap();
    // What an older build has written would hide what this one does not write.
    let _ = std::fs::remove_dir_all(root().join("target/tour"));
    let mut fresh = String::new();
    let mut rest = text.as_str();
    let mut blocks = 0;
    while let Some(start) = rest.find("<!-- numbra ") {
        let end = start + rest[start..].find(" -->").expect("a marker ends");
        let marker = &rest[start + "<!-- numbra ".len()..end];
        let open = end + rest[end..].find("```").expect("a block after the marker");
        let body = open + rest[open..].find('\n').unwrap() + 1;
        let close = body + rest[body..].find("```").expect("the block ends");
        fresh.push_str(&rest[..body]);
        let printed = match marker.split_once(" | ") {
            // A file that the command wrote.
            Some((command, file)) => {
                output(command);
                std::fs::read_to_string(root().join(file)).unwrap()
            }
            None => output(marker),
        };
        fresh.push_str(&printed);
        rest = &rest[close..];
        blocks += 1;
    }
    fresh.push_str(rest);
    assert!(blocks >= 5, "the tour has lost its blocks");
    if std::env::var_os("NUMBRA_UPDATE_TOUR").is_some() {
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert!(
            fresh == text,
            "docs/tour.md is out of date: NUMBRA_UPDATE_TOUR=1 cargo test -p numbra-cli --test tour"
        );
    }
}
