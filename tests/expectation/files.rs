//! The IR texts in the folders of tests/, and what is expected of each function in them.

use crate::{Case, Expected, cases};
use numbra_front::ir::{Form, Function, Module, Statement, parse, verify};
use numbra_front::source::Source;
use std::path::PathBuf;
use std::sync::Arc;

/// The texts of `tests/FOLDER`, by their names: read, parsed and verified.
///
/// # Panics
/// If one of them is wrong: this is for tests.
pub fn files(folder: &str) -> Vec<(Arc<Source>, Module)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ir"))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            let source = Source::new(name, text);
            let module = parse::parse_source(&source).unwrap_or_else(|error| panic!("{error}"));
            verify::verify(&module).unwrap_or_else(|error| panic!("{}: {error}", source.name));
            (source, module)
        })
        .collect()
}

/// A function that has expectations: the module with that function first, as the pipelines want it.
pub struct Entry {
    pub module: Module,
    pub cases: Vec<Case>,
}

impl Entry {
    /// Those of a text.
    ///
    /// # Panics
    /// If an expectation is wrong.
    pub fn all(source: &Source, module: &Module) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for case in cases(source, module).unwrap_or_else(|error| panic!("{error}")) {
            match entries.iter_mut().find(|entry| entry.module.functions[0].name == case.function) {
                Some(entry) => entry.cases.push(case),
                None => {
                    let mut module = module.clone();
                    let place = module.functions.iter().position(|function| function.name == case.function);
                    module.functions.swap(0, place.unwrap_or_default());
                    entries.push(Entry { module, cases: vec![case] });
                }
            }
        }
        entries
    }
}

/// What the native host can run: the functions of `tests/ir/host` and of `tests/ir`, with those alone that they call. Left
/// out is what launches kernels, and what fails at a point of a `parallel`, since a loop in its place has no points.
///
/// # Panics
/// If a text is wrong.
pub fn whole_functions() -> Vec<(Arc<Source>, Entry)> {
    let mut found = Vec::new();
    for (source, module) in files("ir/host").into_iter().chain(files("ir")) {
        for Entry { mut module, mut cases } in Entry::all(&source, &module) {
            let mut needed = vec![module.functions[0].name.clone()];
            let mut looked_at = 0;
            while let Some(function) = needed.get(looked_at).and_then(|name| module.function(name)) {
                for callee in calls(function) {
                    if !needed.contains(&callee) {
                        needed.push(callee);
                    }
                }
                looked_at += 1;
            }
            module.functions.retain(|function| needed.contains(&function.name));
            cases.retain(|case| !matches!(case.expected, Expected::Traps { position: Some(_), .. }));
            if module.functions.iter().all(is_whole) && !cases.is_empty() {
                found.push((source.clone(), Entry { module, cases }));
            }
        }
    }
    found
}

fn calls(function: &Function) -> Vec<String> {
    let mut calls = Vec::new();
    function.body.walk(&mut |statement| {
        if let Statement::Call { function: callee, .. } = statement {
            calls.push(callee.clone());
        }
    });
    calls
}

fn is_whole(function: &Function) -> bool {
    let mut launches = false;
    function.body.walk(&mut |statement| launches |= matches!(statement, Statement::Launch { .. }));
    function.form == Form::Function && !launches
}
