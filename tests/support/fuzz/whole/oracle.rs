//! Plain Python, which says what a program means.

use super::Argument;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PROGRAM: &str = include_str!("oracle.py");

/// A Python process that answers one program after the other.
pub struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

#[derive(Serialize)]
struct Question<'a> {
    text: &'a str,
    arguments: &'a [Argument],
}

/// What Python makes of a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Returns { results: Vec<Leaf>, arrays: Vec<Leaf> },
    Fails { failed: String, message: String },
    Skipped { skipped: String },
}

/// A part of a result that is no tuple.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Leaf {
    Nothing(()),
    Bool(bool),
    Int(i64),
    /// Its bits.
    Float {
        float: u64,
    },
    Array {
        dtype: String,
        shape: Vec<i64>,
        elements: Vec<Leaf>,
    },
}

impl Oracle {
    /// `None`: there is no Python with NumPy here.
    pub fn start() -> Option<Oracle> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let ours = root.join("target/venv/bin/python");
        [ours.as_path(), Path::new("python3")].into_iter().find_map(|python| {
            let mut child =
                Command::new(python).args(["-c", PROGRAM]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
            let (input, output) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
            let mut oracle = Oracle { child, input, output };
            match oracle.ask("def f(x):\n    return x\n", &[Argument::Int(7)]) {
                Ok(Answer::Returns { results, .. }) if results == [Leaf::Int(7)] => Some(oracle),
                _ => None,
            }
        })
    }

    pub fn ask(&mut self, text: &str, arguments: &[Argument]) -> Result<Answer, String> {
        let question = serde_json::to_string(&Question { text, arguments }).map_err(|error| error.to_string())?;
        writeln!(self.input, "{question}").and_then(|()| self.input.flush()).map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("Python's answer '{}': {error}", line.trim()))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
