//! The Python package's objects for types have the names that the list of the front end has, and are the same types.

use numbra_front::source::Source;
use numbra_front::syntax::python;
use numbra_front::syntax::tree::{ExpressionKind, Module};
use numbra_front::types::names::{self, Meaning};
use std::path::Path;

/// The name of the type that `name = Class("...")` makes.
fn made(module: &Module, name: &str) -> Option<String> {
    let ExpressionKind::Call { arguments, .. } = &module.constant(name)?.value.kind else { return None };
    match &arguments.first()?.kind {
        ExpressionKind::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn the_package_has_the_names_of_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python/numbra/types.py");
    let text = std::fs::read_to_string(&path).expect("the package's types");
    let module = python::parse(&Source::new("types.py", text)).unwrap();
    let mut wrong = Vec::new();
    for (name, meaning) in names::numba() {
        let Meaning::Scalar(scalar) = meaning else { continue };
        if made(&module, name).as_deref() != Some(scalar.name()) {
            wrong.push(format!("{name}: {:?}, not {scalar}", made(&module, name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn another_type_is_seen() {
    let module = python::parse(&Source::new("t.py", "byte = char = Integer('int8')\nu1 = 3\n")).unwrap();
    assert_eq!(made(&module, "byte").as_deref(), Some("int8"));
    assert_eq!((made(&module, "u1"), made(&module, "u2")), (None, None));
}
