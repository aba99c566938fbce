//! Messages as documents that are executed: `tests/messages/*.md`.
//!
//! A fenced `python` block is a kernel file; the fenced `error` block after it is every message that it gives, as
//! the command shows them, one empty line apart. A `python` block without an `error` block must give none. With
//! `NUMBRA_UPDATE_MESSAGES=1` the documents are rewritten with what the blocks give now; read the difference.
//!
//! What stands after `python`, if anything, are the types of the arguments for which the file's kernels are typed.

use numbra_front::Error;
use numbra_front::declaration::{self, Declaration, Kind, signature};
use numbra_front::source::Source;
use numbra_front::syntax::python;
use numbra_front::syntax::tree::{FunctionDefinition, Module};
use numbra_front::types::signature::Type;
use numbra_front::typing::{ArgumentType, Options, Relative, Rules, infer};
use std::path::Path;

/// Every message of a kernel file.
fn messages(text: &str, arguments: &str) -> String {
    let source = Source::new("kernel.py", text);
    let module = match python::parse(&source) {
        Ok(module) => module,
        Err(error) => return trimmed(&format!("error: {error}")),
    };
    let mut messages = Vec::new();
    for function in &module.functions {
        let result = declaration::read(&module, function)
            .and_then(|declaration| later_stages(&module, function, &declaration, arguments));
        if let Err(error) = result {
            messages.push(format!("error: {error}"));
        }
    }
    trimmed(&messages.join("\n\n"))
}

/// The renderer leaves spaces at the ends of lines.
fn trimmed(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Typing, if the document says for which arguments: `int64, float64[:, :]`, arrays for stencils.
fn later_stages(
    module: &Module,
    function: &FunctionDefinition,
    declaration: &Declaration,
    arguments: &str,
) -> Result<(), Error> {
    if arguments.is_empty() || matches!(declaration.kind, Kind::Function) {
        return Ok(());
    }
    let types = signature::parse(&format!("void({arguments})"))?.arguments.into_iter().map(|argument| match argument {
        Type::Scalar(scalar) => ArgumentType::Scalar(scalar),
        Type::Array(array) => ArgumentType::Relative { scalar: array.scalar, rank: array.rank },
    });
    let types: Vec<ArgumentType> = types.collect();
    let options = Options { rules: declaration.typing.unwrap_or(Rules::Numba), fastmath: false };
    infer(module, &function.name, &types, None, &Relative::default(), &options).map(|_| ())
}

/// The document with what its `python` blocks give now in its `error` blocks.
fn executed(document: &str) -> String {
    let mut result = String::new();
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(arguments) = line.strip_prefix("```python") else {
            result += &format!("{line}\n");
            continue;
        };
        let mut block = || {
            let lines: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            lines.iter().map(|line| format!("{line}\n")).collect::<String>()
        };
        let text = block();
        result += &format!("{line}\n{text}```\n");
        // What stands between the blocks: nothing but an empty line.
        let mut rest = lines.clone();
        if rest.next() == Some("") && rest.next() == Some("```error") {
            lines = rest;
            lines.by_ref().find(|line| *line == "```");
        }
        let given = messages(&text, arguments.trim());
        if !given.is_empty() {
            result += &format!("\n```error\n{given}\n```\n");
        }
    }
    result
}

#[test]
fn documents_say_what_happens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut documents = 0;
    let mut different = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the folder of the documents") {
        let path = entry.expect("a document").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        documents += 1;
        let document = std::fs::read_to_string(&path).expect("a text");
        let now = executed(&document);
        if now == document {
            continue;
        }
        if std::env::var_os("NUMBRA_UPDATE_MESSAGES").is_some() {
            std::fs::write(&path, &now).expect("the document is written");
            continue;
        }
        let line = document.lines().zip(now.lines()).position(|(before, after)| before != after);
        let line = line.unwrap_or_else(|| document.lines().count().min(now.lines().count()));
        let at = |text: &str| text.lines().skip(line).take(12).map(|line| format!("    {line}\n")).collect::<String>();
        different.push(format!(
            "{}:{}\n  the document says\n{}  but now it is\n{}",
            path.display(),
            line + 1,
            at(&document),
            at(&now)
        ));
    }
    assert!(documents >= 4, "the documents are gone");
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}

#[test]
fn the_runner_sees_differences() {
    let document = "# Title\n\n```python\nx = (\n```\n\n```error\nsomething else\n```\n\nmore\n";
    let now = executed(document);
    assert_ne!(now, document);
    assert!(now.contains("'(' was never closed"), "{now}");
    assert!(now.ends_with("```\n\nmore\n"), "{now}");
    assert_eq!(executed(&now), now);
    // A message that is not in the document.
    assert_ne!(executed("```python\nx = (\n```\n"), "```python\nx = (\n```\n");
}
