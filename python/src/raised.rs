//! The exceptions that kernels raise: which objects their names stand for, and how they are made.

use crate::error::front_exception;
use crate::function::number;
use numbra_front::error::{ErrorClass, Mistake};
use numbra_front::ir::Object;
use numbra_front::source::Source;
use numbra_front::syntax::bind::chain;
use numbra_front::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, Statement, StatementKind};
use numbra_runtime::error::{Fault, Raised};
use pyo3::exceptions::{PyBaseException, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyDict, PyString, PyTuple, PyType};
use std::sync::Arc;

/// What the names after `raise` in a kernel and its helpers stand for.
#[derive(Default)]
pub struct Exceptions {
    known: Vec<(String, Exception)>,
}

struct Exception {
    class: Py<PyType>,
    /// Those of an exception object that is raised as it is.
    arguments: Option<Py<PyTuple>>,
}

/// As `exception_of` gives it: a class with an object's arguments, or the class of a mistake, what is wrong, and a help.
type Found<'py> = (Option<(Bound<'py, PyType>, Option<Bound<'py, PyTuple>>)>, Option<(String, String, String)>);

impl Exceptions {
    /// Finds what `function` raises, and notes it in `raised`: for a name, and whether it is called, the class and an
    /// object's arguments. Its names become names that differ in all of the kernel: helpers of other modules and closures
    /// may mean other classes by the same one.
    pub fn find(
        &mut self,
        finder: &Bound<PyModule>,
        function: &Bound<PyAny>,
        source: &Arc<Source>,
        definition: &mut FunctionDefinition,
        raised: &Bound<PyDict>,
    ) -> PyResult<()> {
        let py = function.py();
        each(&mut definition.body, &mut |exception| {
            let span = exception.span;
            let (name, called) = match &mut exception.kind {
                ExpressionKind::Call { function, .. } => (function.as_mut(), true),
                _ => (exception, false),
            };
            let Some(text) = chain(name) else { return Ok(()) };
            let found: Found = finder.call_method1("exception_of", (function, &text, called))?.extract()?;
            match found {
                (Some((class, arguments)), _) => {
                    raised.set_item((text, called), (&class, &arguments))?;
                    name.kind = ExpressionKind::Name(self.name(&class, arguments)?);
                    Ok(())
                }
                (None, Some((kind, message, help))) => {
                    let class = match kind.as_str() {
                        "name" => ErrorClass::Name,
                        "type" => ErrorClass::Type,
                        "refused" => ErrorClass::Refused,
                        _ => ErrorClass::Unsupported,
                    };
                    let mistake = Mistake::new(class, source, span, message).help(help);
                    Err(front_exception(py, mistake.into()))
                }
                (None, None) => Ok(()),
            }
        })
    }

    /// The name of an exception in the kernel.
    fn name(&mut self, class: &Bound<PyType>, arguments: Option<Bound<PyTuple>>) -> PyResult<String> {
        let same = |known: &Exception| {
            known.class.is(class)
                && match (&known.arguments, &arguments) {
                    (Some(known), Some(arguments)) => known.is(arguments),
                    (None, None) => true,
                    _ => false,
                }
        };
        if let Some((name, _)) = self.known.iter().find(|(_, known)| same(known)) {
            return Ok(name.clone());
        }
        let plain = class.name()?.to_string();
        let builtin = class.py().import("builtins")?.getattr(plain.as_str()).ok();
        // What the compiler itself raises are builtins.
        let taken = |name: &str| {
            self.known.iter().any(|(known, _)| known == name)
                || name == plain && builtin.as_ref().is_some_and(|builtin| !builtin.is(class) || arguments.is_some())
        };
        let numbered = (2..).map(|number| format!("{plain}#{number}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(plain.clone());
        let exception =
            Exception { class: class.clone().unbind(), arguments: arguments.map(|arguments| arguments.unbind()) };
        self.known.push((name.clone(), exception));
        Ok(name)
    }

    /// What a kernel or a function raised, as an exception: `raise ValueError("text")` is a ValueError("text") here too. Of a
    /// kernel its place is a note.
    pub fn exception(&self, py: Python, fault: &Fault, raised: &Raised) -> PyErr {
        if let Some(handled) = reraised(py, raised) {
            return handled;
        }
        let made = self.made(py, raised);
        if fault.function.is_some() {
            return made.unwrap_or_else(|error| error);
        }
        let made = made.unwrap_or_else(|_| {
            // A class whose objects want other arguments.
            PyRuntimeError::new_err(match raised.name.split_once('#') {
                Some((plain, _)) => fault.message.replacen(&raised.name, plain, 1),
                None => fault.message.to_string(),
            })
        });
        let mut shown = fault.mistake.clone();
        shown.message = "raised by the kernel".to_string();
        let note = shown.to_string();
        // A note is not worth another exception.
        let _ = add_note(made.value(py), &note);
        made
    }

    /// Error: what its class says when the object is made.
    fn made(&self, py: Python, raised: &Raised) -> PyResult<PyErr> {
        let known = self.known.iter().find(|(known, _)| *known == raised.name).map(|(_, known)| known);
        let class = match known {
            Some(known) => known.class.bind(py).clone().into_any(),
            // What an assertion raises.
            None => py.import("builtins")?.getattr(raised.name.as_str())?,
        };
        let arguments = match known.and_then(|known| known.arguments.as_ref()) {
            Some(arguments) if raised.arguments.is_empty() => arguments.bind(py).clone(),
            _ => {
                let arguments = raised.arguments.iter().map(|argument| object(py, argument));
                PyTuple::new(py, arguments.collect::<PyResult<Vec<_>>>()?)?
            }
        };
        let made = class.call1(arguments)?;
        match made.is_instance_of::<PyBaseException>() {
            true => Ok(PyErr::from_value(made)),
            false => Err(PyTypeError::new_err("exceptions must derive from BaseException")),
        }
    }
}

/// What a `raise` without an exception raises again, outside of the function's own handlers: the exception that Python
/// handles at the moment.
fn reraised(py: Python, raised: &Raised) -> Option<PyErr> {
    let nothing = matches!(&raised.arguments[..], [Object::Text(text)] if &**text == "No active exception to reraise");
    if raised.name != "RuntimeError" || !nothing {
        return None;
    }
    let handled = py.import("sys").and_then(|sys| sys.call_method0("exc_info")?.get_item(1)).ok()?;
    (!handled.is_none()).then(|| PyErr::from_value(handled))
}

/// An object that a function speaks of; it has no arrays.
pub fn object<'py>(py: Python<'py>, object: &Object) -> PyResult<Bound<'py, PyAny>> {
    Ok(match object {
        Object::None | Object::Array(_) => py.None().into_bound(py),
        Object::Text(text) => PyString::new(py, text).into_any(),
        Object::Scalar(constant) => number(py, *constant)?,
        Object::Complex(real, imaginary) => PyComplex::from_doubles(py, real.as_f64(), imaginary.as_f64()).into_any(),
        Object::Tuple(entries) => {
            let entries = entries.iter().map(|entry| self::object(py, entry));
            PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
    })
}

/// Text for tracebacks to show below an exception.
fn add_note(exception: &Bound<PyBaseException>, note: &str) -> PyResult<()> {
    if exception.hasattr("add_note")? {
        return exception.call_method1("add_note", (note,)).map(|_| ());
    }
    // Before Python 3.11 nothing shows it, but it can be read.
    exception.setattr("__notes__", vec![note])
}

/// Shows every exception that statements raise.
fn each(statements: &mut [Statement], visit: &mut dyn FnMut(&mut Expression) -> PyResult<()>) -> PyResult<()> {
    for statement in statements {
        match &mut statement.kind {
            StatementKind::Raise { exception: Some(exception) } => visit(exception)?,
            StatementKind::Function(inner) => each(&mut inner.body, visit)?,
            _ => {
                let mut result = Ok(());
                statement.blocks_mut(&mut |_, block| {
                    if result.is_ok() {
                        result = each(block, visit);
                    }
                });
                result?;
            }
        }
    }
    Ok(())
}
