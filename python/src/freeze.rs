//! A Python function as a module of the front end: its text, and the values that it finds around it, frozen.

use crate::arrays;
use crate::error::front_exception;
use crate::raised::Exceptions;
use numbra_front::declaration;
use numbra_front::error::ErrorClass;
use numbra_front::source::Source;
use numbra_front::syntax::bind::{self, Meaning, Value};
use numbra_front::syntax::python::{self, Place};
use numbra_front::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, Link, Module};
use numbra_front::types::{Constant, ScalarType};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySlice, PyString, PyTuple};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// A function with everything that its kernel is made of.
pub struct Surrounded {
    pub module: Arc<Module>,
    /// The function's, in the module.
    pub name: String,
    pub exceptions: Exceptions,
    /// The same as Python's objects, for each function: the name, the first line and the text of its file, what its names
    /// stand for (`resolve`), and what it raises (`exception_of`).
    pub surroundings: Py<PyDict>,
}

/// The function and all functions that it calls, each a module of its own.
///
/// `lines`: the lines of the function's file as they were when the function was made, or None.
pub fn freeze(py: Python, function: &Bound<PyAny>, lines: &Bound<PyAny>) -> PyResult<Surrounded> {
    freeze_with(py, function, lines, &[])
}

/// The same, with functions in place of some parameters: those of these names. Their parameters are left out in calls, and have
/// the functions as defaults.
pub fn freeze_with(
    py: Python,
    function: &Bound<PyAny>,
    lines: &Bound<PyAny>,
    given: &[(String, Bound<PyAny>)],
) -> PyResult<Surrounded> {
    let mut freezer = Freezer::new(py)?;
    let (module, name) = freezer.module(function, lines, None)?;
    if given.is_empty() {
        let surroundings = freezer.surroundings.unbind();
        return Ok(Surrounded { module, name, exceptions: freezer.exceptions, surroundings });
    }
    let mut module = Module::clone(&module);
    for (parameter, object) in given {
        let (function, decorator): (Bound<PyAny>, String) =
            (object.getattr("py_func")?, object.getattr("_decorator")?.extract()?);
        let (linked, its_name) = freezer.module(&function, py.None().bind(py), Some(decorator))?;
        // A name that no text can have.
        let inner = format!("{parameter}()");
        let definition = module.functions.iter_mut().find(|definition| definition.name == name);
        let place =
            definition.and_then(|definition| definition.parameters.iter_mut().find(|place| place.name == *parameter));
        if let Some(place) = place {
            place.default = Some(Expression { kind: ExpressionKind::Name(inner.clone()), span: place.span });
        }
        module.linked.push(Link { name: inner, module: linked, function: its_name });
    }
    let surroundings = freezer.surroundings.unbind();
    Ok(Surrounded { module: Arc::new(module), name, exceptions: freezer.exceptions, surroundings })
}

/// What a function that kernels call is made of; see [`Surrounded::surroundings`].
#[pyfunction]
pub fn _surroundings(function: &Bound<PyAny>) -> PyResult<Py<PyDict>> {
    let py = function.py();
    Ok(freeze(py, function, py.None().bind(py))?.surroundings)
}

/// The function without what is around it.
pub fn text_alone(py: Python, function: &Bound<PyAny>, lines: &Bound<PyAny>) -> PyResult<(Module, String)> {
    let (source, definition) = Freezer::new(py)?.text(function, lines)?;
    let name = definition.name.clone();
    Ok((bind::assemble(&source, definition, Vec::new()), name))
}

struct Freezer<'py> {
    finder: Bound<'py, PyModule>,
    /// The functions that lead here, one calling the next.
    open: Vec<Bound<'py, PyAny>>,
    done: Vec<Done<'py>>,
    exceptions: Exceptions,
    surroundings: Bound<'py, PyDict>,
}

/// A function with its decorator, its module, and its name there.
type Done<'py> = (Bound<'py, PyAny>, Option<String>, (Arc<Module>, String));
/// A function that others call in a circle, and what it is in its text.
type Member<'py> = (Bound<'py, PyAny>, FunctionDefinition);
/// As `place_of` gives it: name, line, parameters, and the first and the last place.
type Found = (String, usize, Vec<String>, Option<[(usize, usize); 2]>);
/// Element type, shape, and the elements' bits.
type Elements = (ScalarType, Vec<usize>, Vec<u64>);

impl<'py> Freezer<'py> {
    fn new(py: Python<'py>) -> PyResult<Freezer<'py>> {
        let finder = py.import("numbra._source")?;
        let (exceptions, surroundings) = (Exceptions::default(), PyDict::new(py));
        Ok(Freezer { finder, open: Vec::new(), done: Vec::new(), exceptions, surroundings })
    }

    /// `decorator`: that of a function which kernels call.
    fn module(
        &mut self,
        function: &Bound<'py, PyAny>,
        lines: &Bound<'py, PyAny>,
        decorator: Option<String>,
    ) -> PyResult<(Arc<Module>, String)> {
        let same = |(known, with, _): &&Done| known.is(function) && *with == decorator;
        if let Some((_, _, done)) = self.done.iter().find(same) {
            return Ok(done.clone());
        }
        let (source, definition) = self.text(function, lines)?;
        let name = definition.name.clone();
        let others = self.circle(function, &source)?;
        let before = self.open.len();
        self.open.push(function.clone());
        self.open.extend(others.iter().map(|(other, _)| other.clone()));
        let mut module = self.alone(function, &source, definition, decorator.as_deref(), &others)?;
        for (other, definition) in &others {
            let decorator: String = self.finder.call_method1("declared_as", (function, &definition.name))?.extract()?;
            let mut more = self.alone(other, &source, definition.clone(), Some(&decorator), &others)?;
            module.imports.append(&mut more.imports);
            module.constants.append(&mut more.constants);
            module.linked.append(&mut more.linked);
            module.functions.append(&mut more.functions);
        }
        self.open.truncate(before);
        let module = Arc::new(module);
        self.done.push((function.clone(), decorator, (module.clone(), name.clone())));
        Ok((module, name))
    }

    /// A function as a module, in which the functions that it calls in a circle are missing.
    fn alone(
        &mut self,
        function: &Bound<'py, PyAny>,
        source: &Arc<Source>,
        mut definition: FunctionDefinition,
        decorator: Option<&str>,
        others: &[Member<'py>],
    ) -> PyResult<Module> {
        let raised = PyDict::new(function.py());
        self.exceptions.find(&self.finder, function, source, &mut definition, &raised)?;
        let names: Vec<String> = bind::outer_names(&definition).into_iter().map(|(name, _)| name).collect();
        let resolved = self.finder.call_method1("resolve", (function, names))?;
        self.surroundings.set_item(function, (&source.name, source.first_line, &source.text, &resolved, raised))?;
        let mut meanings = Vec::new();
        for entry in resolved.try_iter()? {
            let (name, kind, value): (String, String, Bound<PyAny>) = entry?.extract()?;
            let is_member = |(other, definition): &Member<'py>| {
                definition.name == name && value.get_item(0).is_ok_and(|function| function.is(other))
            };
            if kind != "function" || !others.iter().any(is_member) {
                meanings.push((name, self.meaning(&kind, &value)?));
            }
        }
        let name = definition.name.clone();
        let mut module = bind::assemble(source, definition, meanings);
        if let Some(decorator) = decorator {
            let declaration = declaration::apply(&module, &name, decorator);
            let declaration = Arc::new(declaration.map_err(|error| front_exception(function.py(), error))?);
            for definition in &mut module.functions {
                definition.declaration = Some(declaration.clone());
            }
        }
        Ok(module)
    }

    /// The other functions of the same file that call the function and are called by it.
    fn circle(&self, function: &Bound<'py, PyAny>, source: &Arc<Source>) -> PyResult<Vec<Member<'py>>> {
        let mut members = Vec::new();
        for other in self.finder.call_method1("circle_of", (function,))?.try_iter()? {
            let other = other?;
            let (place, definition) = self.text(&other, other.py().None().bind(other.py()))?;
            if Arc::ptr_eq(&place, source) {
                members.push((other, definition));
            }
        }
        Ok(members)
    }

    /// The function in its file; where the rest of the file is no Python that we can read, in its own lines.
    fn text(
        &self,
        function: &Bound<'py, PyAny>,
        lines: &Bound<'py, PyAny>,
    ) -> PyResult<(Arc<Source>, FunctionDefinition)> {
        let py = function.py();
        let place = self.place(function)?;
        let (name, text): (String, String) = self.finder.call_method1("file_of", (function, lines))?.extract()?;
        let source = remembered(name, text, 1);
        match python::find(&source, &place) {
            Ok(definition) => Ok((source, definition)),
            Err(error) if error.class() == Some(ErrorClass::Syntax) => {
                let block = self.finder.call_method1("block_of", (function,))?;
                let Ok((name, text, first_line)) = block.extract::<(String, String, usize)>() else {
                    return Err(front_exception(py, error));
                };
                let source = remembered(name, text, first_line);
                let definition = python::find(&source, &place).map_err(|_| front_exception(py, error))?;
                Ok((source, definition))
            }
            Err(error) => Err(front_exception(py, error)),
        }
    }

    fn place(&self, function: &Bound<'py, PyAny>) -> PyResult<Place> {
        let (name, line, parameters, inside): Found =
            self.finder.call_method1("place_of", (function.getattr("__code__")?,))?.extract()?;
        Ok(match name.as_str() {
            "<lambda>" => Place::Lambda { parameters, line, inside },
            _ => Place::Definition { name, line },
        })
    }

    fn meaning(&mut self, kind: &str, value: &Bound<'py, PyAny>) -> PyResult<Meaning> {
        Ok(match kind {
            "import" => Meaning::Import(value.extract()?),
            "constant" => match frozen(value)? {
                Some(value) => Meaning::Constant(value),
                None => unsupported(),
            },
            "function" => {
                let (function, decorator): (Bound<PyAny>, String) = value.extract()?;
                if self.open.iter().any(|open| open.is(&function)) {
                    return Ok(RECURSION);
                }
                let lines = value.py().None().into_bound(value.py());
                let (module, name) = self.module(&function, &lines, Some(decorator))?;
                Meaning::Function(module, name)
            }
            "stencil" => Meaning::Unsupported {
                what: "stencils as functions",
                instead: "move what both need into a function without a decorator",
            },
            "unsupported" => match value.extract::<Option<(String, String)>>()? {
                Some((what, instead)) => Meaning::Unsupported { what: lasting(what), instead: lasting(instead) },
                None => unsupported(),
            },
            _ => return Err(PyRuntimeError::new_err(format!("numbra._source gives a name of kind '{kind}'"))),
        })
    }
}

const RECURSION: Meaning = Meaning::Unsupported {
    what: "functions that call each other in a circle under other names, or from other files",
    instead: "define them side by side, and call them by their names",
};

fn unsupported() -> Meaning {
    Meaning::Unsupported {
        what: "objects that are no numbers, no arrays of numbers and no functions",
        instead: "pass the numbers that are needed as arguments",
    }
}

/// A text for the rest of the process, the same one for the same words: they name what a program has, of which there is
/// only so much.
fn lasting(text: String) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text.as_str()) {
        return known;
    }
    let text: &'static str = text.leak();
    texts.insert(text);
    text
}

/// The value that an object is frozen as.
fn frozen(object: &Bound<PyAny>) -> PyResult<Option<Value>> {
    if object.is_none() {
        return Ok(Some(Value::None));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Some(Value::Bool(value.is_true())));
    }
    if object.is_exact_instance_of::<PyInt>() {
        return Ok(Some(Value::Integer(object.extract::<i128>().ok())));
    }
    if object.is_exact_instance_of::<PyFloat>() {
        return Ok(Some(Value::Float(object.extract()?)));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Some(Value::Text(text.to_string())));
    }
    if object.is_instance_of::<PySlice>() {
        let parts = ["start", "stop", "step"].map(|name| object.getattr(name));
        let values = parts.into_iter().map(|part| frozen(&part?)).collect::<PyResult<Option<Vec<Value>>>>()?;
        return Ok(values.map(Value::Slice));
    }
    if object.is_instance_of::<PyTuple>() || object.is_instance_of::<PyList>() {
        let values = object.try_iter()?.map(|entry| frozen(&entry?)).collect::<PyResult<Option<Vec<Value>>>>()?;
        return Ok(values.map(Value::Tuple));
    }
    let Some((scalar, shape, bits)) = elements(object)? else { return Ok(None) };
    Ok(Some(match shape.as_slice() {
        [] => Value::Typed(Constant { scalar, bits: bits.first().copied().unwrap_or(0) }),
        _ => Value::Array(scalar, shape, bits),
    }))
}

const CONSTANT: arrays::Taker = arrays::Taker { kind: "constant", name: "", widens: false };

/// The elements of an array or scalar of NumPy's, in C order.
fn elements(object: &Bound<PyAny>) -> PyResult<Option<Elements>> {
    if arrays::is_masked(object)? {
        return Ok(None);
    }
    let Ok(held) = arrays::held(CONSTANT, object) else { return Ok(None) };
    let Ok(view) = held.array.view() else { return Ok(None) };
    let bits = view.iter().map(|constant| constant.bits).collect();
    Ok(Some((held.array.scalar(), held.array.shape().to_vec(), bits)))
}

/// The source with that text; the same one as the last time if it is the same, since a file has many kernels.
fn remembered(name: String, text: String, first_line: usize) -> Arc<Source> {
    static LAST: Mutex<Option<Arc<Source>>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some(source) if source.name == name && source.first_line == first_line && source.text == text => source.clone(),
        _ => {
            let source = Arc::new(Source { name, text, first_line });
            *last = Some(source.clone());
            source
        }
    }
}
