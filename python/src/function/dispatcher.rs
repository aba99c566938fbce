//! What `jit` makes of a Python function: compiled when it is called with arguments of new types, or for declared ones.

use super::arguments::{self, Place};
use super::parameters::{Argument, Parameters};
use super::quick::Quick;
use super::{results, types};
use crate::error::{exception_of, heard, holding};
use crate::freeze::{Surrounded, freeze_with};
use crate::raised::Exceptions;
use crate::target::Target;
use numbra::emit::Emit;
use numbra_front::ir::Kind;
use numbra_front::syntax::tree::{Expression, ExpressionKind};
use numbra_front::types::DeviceName;
use numbra_front::typing::{FunctionOptions, ItemType};
use numbra_runtime::function::{Declared, Function, Passed, Specialization};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A function that is compiled whole when it is called, and that kernels can call.
#[pyclass(module = "numbra", dict, weakref, frozen)]
pub struct Dispatcher {
    function: Py<PyAny>,
    /// For kernels that call the function: the decorator as text.
    decorator: String,
    /// What it was made with: signatures and options, for other processes.
    made_with: Py<PyAny>,
    /// The lines of its file.
    lines: Py<PyAny>,
    name: String,
    options: FunctionOptions,
    /// Whether other threads of Python may run meanwhile.
    releases_lock: bool,
    parameters: Parameters,
    /// The signatures that it was declared with, or compiled for.
    declared: Mutex<Vec<Declared>>,
    /// Whether types that were not declared are compiled for.
    compiles: AtomicBool,
    /// The types for which it runs as plain Python; `None`: arguments that have no type yet.
    plain: Mutex<HashSet<Option<Vec<ItemType>>>>,
    /// What the first compilation without an error made of it.
    settled: Mutex<Option<Arc<Frozen>>>,
    /// The same with functions as arguments.
    with_functions: Mutex<Vec<Arc<Frozen>>>,
    /// What the last call was, if it can go the short way.
    last: Mutex<Last>,
}

/// The function with the values that its names had.
struct Frozen {
    function: Function,
    target: Target,
    exceptions: Exceptions,
    /// What it is made of, as Python's objects.
    surroundings: Py<PyDict>,
    /// Which parameters have a default that stands in the text as it is.
    literal_defaults: Vec<bool>,
    /// The functions that it is given, by the parameters that they go to.
    given: Vec<(usize, Py<PyAny>)>,
}

/// With more combinations of functions as arguments the oldest are compiled anew when they come again.
const MOST_COMBINATIONS: usize = 256;

/// What the last call was, with the function as it was then.
type Last = Option<Arc<(Quick, Arc<Frozen>)>>;

/// The arguments of a call as the runtime takes them.
struct Arguments<'py> {
    passed: Vec<Passed>,
    /// The arrays that they are made of.
    objects: Vec<Bound<'py, PyAny>>,
}

#[pymethods]
impl Dispatcher {
    /// `decorator`: for kernels that call the function. `error_model`: whether zero divisors fail.
    #[new]
    #[pyo3(signature = (function, decorator, lines, made_with, *, fastmath, zero_division, bounds, releases_lock))]
    #[allow(clippy::too_many_arguments, reason = "the options of a decorator, by their names")]
    fn new(
        function: &Bound<PyAny>,
        decorator: String,
        lines: &Bound<PyAny>,
        made_with: &Bound<PyAny>,
        fastmath: bool,
        zero_division: bool,
        bounds: bool,
        releases_lock: bool,
    ) -> PyResult<Dispatcher> {
        Ok(Dispatcher {
            name: function.getattr("__name__")?.extract()?,
            parameters: Parameters::of(function)?,
            function: function.clone().unbind(),
            decorator,
            made_with: made_with.clone().unbind(),
            lines: lines.clone().unbind(),
            options: FunctionOptions { fastmath, zero_division, bounds },
            releases_lock,
            declared: Mutex::default(),
            compiles: AtomicBool::new(true),
            plain: Mutex::default(),
            settled: Mutex::default(),
            with_functions: Mutex::default(),
            last: Mutex::default(),
        })
    }

    #[pyo3(signature = (*arguments, **keywords))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if keywords.is_none()
            && let Some(result) = self.quickly(py, arguments)?
        {
            return Ok(result);
        }
        let bound = self.parameters.bind(arguments, keywords);
        let frozen = match &bound {
            Ok(bound) => self.frozen_for(py, bound)?,
            Err(_) => self.frozen(py)?,
        };
        let passed = bound.and_then(|bound| self.passed(&frozen, bound));
        let Arguments { passed, objects } = match passed {
            Err(error) if self.may_run_plain(py, &error)? => {
                self.begin_plain(py, &frozen, None, &error)?;
                return self.function.bind(py).call(arguments, keywords);
            }
            passed => passed?,
        };
        let types: Vec<ItemType> = passed.iter().map(Passed::item_type).collect();
        let specialization = match self.specialization(py, &frozen, &types) {
            Err(error) if self.may_run_plain(py, &error)? => {
                self.begin_plain(py, &frozen, Some(types), &error)?;
                None
            }
            specialization => specialization?,
        };
        let Some(specialization) = specialization else { return self.function.bind(py).call(arguments, keywords) };
        let (generation, target) = (frozen.target.generation(), frozen.target.name());
        let outcome = match self.releases_lock {
            true => heard(py, || specialization.call(target, &passed))?,
            false => holding(py, || specialization.call(target, &passed))?,
        };
        let returned = outcome.map_err(|error| exception_of(py, error, &frozen.exceptions))?;
        if target != DeviceName::Interp && !self.releases_lock && self.parameters.is_plain() {
            let quick = Quick::new(&specialization, generation);
            *self.last() = quick.map(|quick| Arc::new((quick, frozen.clone())));
        }
        results::object(py, returned, &by_slot(&passed, &specialization.arguments, objects))
    }

    /// As a method it gets the object that it is a method of.
    fn __get__<'py>(
        slf: Bound<'py, Self>,
        instance: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = owner;
        match instance {
            None => Ok(slf.into_any()),
            Some(instance) => slf.py().import("types")?.getattr("MethodType")?.call1((&slf, instance)),
        }
    }

    fn __repr__(&self, py: Python) -> PyResult<String> {
        Ok(format!("CPUDispatcher({})", self.function.bind(py).repr()?))
    }

    /// The Python function.
    #[getter]
    fn py_func(&self, py: Python) -> Py<PyAny> {
        self.function.clone_ref(py)
    }

    /// The decorator as text, for kernels that call the function.
    #[getter]
    fn _decorator(&self) -> &str {
        &self.decorator
    }

    /// What it was made with, for other processes.
    #[getter]
    fn _made_with(&self, py: Python) -> Py<PyAny> {
        self.made_with.clone_ref(py)
    }

    /// Whether it is compiled for types that were not declared.
    #[getter]
    fn _can_compile(&self) -> bool {
        self.compiles.load(Ordering::Relaxed)
    }

    /// The types of the arguments of everything that it was compiled for, in order.
    #[getter]
    fn signatures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let all = self.specializations();
        PyList::new(py, all.iter().map(|one| types_of(py, &one.arguments)).collect::<PyResult<Vec<_>>>()?)
    }

    /// The same with the types of the results, as objects with `args` and `return_type`.
    #[getter]
    fn nopython_signatures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let all = self.specializations();
        PyList::new(py, all.iter().map(|one| signature_of(py, one)).collect::<PyResult<Vec<_>>>()?)
    }

    /// What it was compiled for, by the types of the arguments.
    #[getter]
    fn overloads<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let py = slf.py();
        let make = py.import("numbra._function")?.getattr("Overload")?;
        let overloads = PyDict::new(py);
        for one in slf.get().specializations() {
            let entry = make.call1((signature_of(py, &one)?, slf))?;
            overloads.set_item(types_of(py, &one.arguments)?, entry)?;
        }
        Ok(overloads)
    }

    /// Compiles the function for the types of a signature: text, a type, or a tuple of types.
    fn compile(&self, py: Python, signature: &Bound<PyAny>) -> PyResult<()> {
        let read = py.import("numbra._function")?.call_method1("signature_of", (signature,))?;
        let arguments = read.getattr("args")?.try_iter()?.map(|argument| types::item_type(&argument?));
        let arguments = arguments.collect::<PyResult<Vec<ItemType>>>()?;
        let result = read.getattr("return_type")?;
        let result = if result.is_none() { None } else { Some(types::item_type(&result)?) };
        let expected = self.parameters.names().len();
        if arguments.len() != expected {
            let message = format!(
                "Signature mismatch: {} argument types given, but function takes {expected} arguments\n  help: write one type for \
                 each parameter of '{}'",
                arguments.len(),
                self.name
            );
            return Err(crate::error::of_package(py, "NumbaTypeError", message));
        }
        let frozen = self.frozen(py)?;
        if !self.compiles.load(Ordering::Relaxed) && frozen.function.known(&arguments).is_none() {
            return Err(PyRuntimeError::new_err("compilation disabled"));
        }
        self.compiled(py, &frozen, |function| function.specialize(&arguments, result.as_ref()))?;
        self.declared().push((arguments, result));
        Ok(())
    }

    /// Whether the function is compiled for types for which it was not yet: from now on not, or again.
    #[pyo3(signature = (val=true))]
    fn disable_compile(&self, val: bool) {
        self.compiles.store(!val, Ordering::Relaxed);
    }

    /// The IR for a signature; without one, for all that there are, a dictionary.
    #[pyo3(signature = (signature=None))]
    fn inspect_ir<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.inspected(py, signature, |specialization| specialization.text(Emit::Ir))
    }

    /// Shows the function's text with the types of its expressions, for a signature or for all that there are.
    #[pyo3(signature = (file=None, signature=None, pretty=false, style="default"))]
    fn inspect_types(
        &self,
        py: Python,
        file: Option<&Bound<PyAny>>,
        signature: Option<&Bound<PyAny>>,
        pretty: bool,
        style: &str,
    ) -> PyResult<()> {
        if pretty {
            let message = format!(
                "numbra shows types as text alone (pretty=True, style='{style}')\n  help: leave out 'pretty' and 'style'"
            );
            return Err(crate::error::of_package(py, "KernelUnsupportedError", message));
        }
        let shown = self.inspected(py, signature, |specialization| Ok(specialization.annotated()))?;
        let texts: Vec<String> = match shown.cast::<PyDict>() {
            Ok(all) => all.values().extract()?,
            Err(_) => vec![shown.extract()?],
        };
        let file = match file.filter(|file| !file.is_none()) {
            Some(file) => file.clone(),
            None => py.import("sys")?.getattr("stdout")?,
        };
        for text in texts {
            file.call_method1("write", (text + &"=".repeat(80) + "\n",))?;
        }
        Ok(())
    }

    /// Numba's figures on its cache; there is none of whole functions yet.
    #[getter]
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("numbra._function")?.getattr("Stats")?.call0()
    }

    /// Forgets what was compiled, and compiles it again for the same types, with the values that the names around the
    /// function have now.
    fn recompile(&self, py: Python) -> PyResult<()> {
        let types: Vec<Declared> = match self.declared().clone() {
            declared if declared.is_empty() => {
                self.specializations().iter().map(|one| (one.arguments.clone(), None)).collect()
            }
            declared => declared,
        };
        self.settled().take();
        self.with_functions().clear();
        self.plain().clear();
        self.last().take();
        let frozen = self.frozen(py)?;
        for (arguments, result) in &types {
            self.compiled(py, &frozen, |function| function.specialize(arguments, result.as_ref()))?;
        }
        Ok(())
    }

    /// LLVM IR for this machine's processor.
    #[pyo3(signature = (signature=None))]
    fn inspect_llvm<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.inspected(py, signature, |specialization| specialization.text(Emit::Llvm))
    }

    /// Assembly for this machine's processor.
    #[pyo3(signature = (signature=None))]
    fn inspect_asm<'py>(&self, py: Python<'py>, signature: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        self.inspected(py, signature, |specialization| specialization.text(Emit::Asm))
    }

    /// By name where the name finds it, else by value.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("numbra._travel")?.call_method1("reduced", (slf,))
    }

    /// Whether it was compiled, so that nothing of it changes any more; and what it is made of.
    fn _surroundings(&self, py: Python) -> PyResult<(bool, Py<PyDict>)> {
        let settled = self.settled().is_some();
        Ok((settled, self.frozen(py)?.surroundings.clone_ref(py)))
    }

    /// The same function, as for plain ones.
    fn __copy__(slf: Bound<Self>) -> Bound<Self> {
        slf
    }

    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memory: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }
}

impl Dispatcher {
    /// The function: what was compiled before, else one with the globals and closure values that there are now.
    fn frozen(&self, py: Python) -> PyResult<Arc<Frozen>> {
        if let Some(frozen) = self.settled().clone() {
            return Ok(frozen);
        }
        self.freeze(py, Vec::new())
    }

    /// The function for these arguments, some of which may be functions.
    fn frozen_for(&self, py: Python, bound: &[Argument]) -> PyResult<Arc<Frozen>> {
        let given: Vec<(usize, Py<PyAny>)> = (bound.iter().enumerate())
            .filter_map(|(number, argument)| {
                let (Argument::Given(object) | Argument::Omitted(object)) = argument;
                object.is_instance_of::<Dispatcher>().then(|| (number, object.clone().unbind()))
            })
            .collect();
        if given.is_empty() {
            return self.frozen(py);
        }
        let same = |known: &&Arc<Frozen>| {
            let pairs = known.given.iter().zip(&given);
            known.given.len() == given.len()
                && pairs.into_iter().all(|((place, function), (at, object))| place == at && function.is(object))
        };
        if let Some(known) = self.with_functions().iter().find(same) {
            return Ok(known.clone());
        }
        let frozen = self.freeze(py, given)?;
        let mut all = self.with_functions();
        if all.len() >= MOST_COMBINATIONS {
            all.remove(0);
        }
        all.push(frozen.clone());
        Ok(frozen)
    }

    fn with_functions(&self) -> MutexGuard<'_, Vec<Arc<Frozen>>> {
        self.with_functions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn freeze(&self, py: Python, given: Vec<(usize, Py<PyAny>)>) -> PyResult<Arc<Frozen>> {
        let named = |(number, object): &(usize, Py<PyAny>)| {
            let name = self.parameters.names().get(*number).cloned().unwrap_or_default();
            (name, object.bind(py).clone())
        };
        let named: Vec<(String, Bound<PyAny>)> = given.iter().map(named).collect();
        let made_of = freeze_with(py, self.function.bind(py), self.lines.bind(py), &named)?;
        let Surrounded { module, name, exceptions, surroundings } = made_of;
        let target = Target::new(None).map_err(|error| exception_of(py, error, &exceptions))?;
        let definition = module.function(&name);
        let literal_defaults = definition.map_or(Vec::new(), |definition| {
            definition.parameters.iter().map(|parameter| parameter.default.as_ref().is_some_and(is_literal)).collect()
        });
        let function = Function::new(module, &name, self.options.clone());
        Ok(Arc::new(Frozen { function, target, exceptions, surroundings, literal_defaults, given }))
    }

    /// Whether what kept the function from being compiled is only something that numbra does not have yet.
    fn may_run_plain(&self, py: Python, error: &PyErr) -> PyResult<bool> {
        let class = py.import("numbra.core.errors")?.getattr("KernelUnsupportedError")?;
        Ok(self.compiles.load(Ordering::Relaxed) && error.matches(py, class)?)
    }

    /// From now on these arguments run the function as Python does, which is right but slow: a warning says so once.
    fn begin_plain(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        types: Option<Vec<ItemType>>,
        error: &PyErr,
    ) -> PyResult<()> {
        self.settle(frozen);
        if self.plain().insert(types) {
            py.import("numbra._function")?.call_method1("warn_of_plain", (&self.name, error.value(py)))?;
        }
        Ok(())
    }

    fn settle(&self, frozen: &Arc<Frozen>) {
        if frozen.given.is_empty() {
            // Another thread may have been first; either is as good.
            self.settled().get_or_insert_with(|| frozen.clone());
        }
    }

    fn plain(&self) -> MutexGuard<'_, HashSet<Option<Vec<ItemType>>>> {
        self.plain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From the first time that the function could be compiled on its names stand for what they stood for then.
    fn compiled<T: Send>(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        work: impl FnOnce(&Function) -> numbra::Result<T> + Send,
    ) -> PyResult<T> {
        let outcome = heard(py, || work(&frozen.function))?;
        if outcome.is_ok() {
            self.settle(frozen);
        }
        outcome.map_err(|error| exception_of(py, error, &frozen.exceptions))
    }

    fn passed<'py>(&self, frozen: &Frozen, bound: Vec<Argument<'py>>) -> PyResult<Arguments<'py>> {
        let mut objects = Vec::new();
        let mut passed = Vec::with_capacity(bound.len());
        for (number, argument) in bound.into_iter().enumerate() {
            let parameter = self.parameters.names().get(number).map_or("", String::as_str);
            let place = Place { function: &self.name, parameter };
            passed.push(match argument {
                _ if frozen.given.iter().any(|(place, _)| *place == number) => Passed::Omitted,
                Argument::Omitted(_) if frozen.literal_defaults.get(number) == Some(&true) => Passed::Omitted,
                Argument::Given(object) | Argument::Omitted(object) => arguments::passed(place, &object, &mut objects)?,
            });
        }
        Ok(Arguments { passed, objects })
    }

    /// The function for these types; `None`: it runs as plain Python.
    fn specialization(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        types: &[ItemType],
    ) -> PyResult<Option<Arc<Specialization>>> {
        if self.compiles.load(Ordering::Relaxed) {
            if let Some(known) = frozen.function.known(types) {
                return Ok(Some(known));
            }
            if self.plain().contains(&Some(types.to_vec())) {
                return Ok(None);
            }
            return self.compiled(py, frozen, |function| function.specialize(types, None)).map(Some);
        }
        let declared = self.declared().clone();
        let declared = match declared.is_empty() {
            // Compiling was forbidden after some calls.
            true => self.specializations().iter().map(|one| (one.arguments.clone(), None)).collect(),
            false => declared,
        };
        self.compiled(py, frozen, |function| function.among(&declared, types)).map(Some)
    }

    fn specializations(&self) -> Vec<Arc<Specialization>> {
        let mut all = self.settled().as_ref().map_or(Vec::new(), |frozen| frozen.function.specializations());
        all.extend(self.with_functions().iter().flat_map(|frozen| frozen.function.specializations()));
        all
    }

    /// The result, if the call can go the short way.
    #[inline]
    fn quickly<'py>(&self, py: Python<'py>, arguments: &Bound<'py, PyTuple>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(last) = self.last().clone() else { return Ok(None) };
        let (quick, frozen) = &*last;
        if quick.generation != frozen.target.generation() {
            return Ok(None);
        }
        quick.call(py, arguments, |error| exception_of(py, error, &frozen.exceptions))
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settled(&self) -> MutexGuard<'_, Option<Arc<Frozen>>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn declared(&self) -> MutexGuard<'_, Vec<Declared>> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A form of the function for a signature; without one, for all that there are, by the types of their arguments.
    fn inspected<'py>(
        &self,
        py: Python<'py>,
        signature: Option<&Bound<'py, PyAny>>,
        form: impl Fn(&Specialization) -> numbra::Result<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let text = |one: &Specialization| form(one).map_err(|error| crate::error::exception(py, error));
        let Some(signature) = signature.filter(|signature| !signature.is_none()) else {
            let all = PyDict::new(py);
            for one in self.specializations() {
                all.set_item(types_of(py, &one.arguments)?, text(&one)?)?;
            }
            return Ok(all.into_any());
        };
        let read = py.import("numbra._function")?.call_method1("signature_of", (signature,))?;
        for one in self.specializations() {
            if types_of(py, &one.arguments)?.eq(read.getattr("args")?)? {
                return Ok(text(&one)?.into_pyobject(py)?.into_any());
            }
        }
        let help = "call it with arguments of these types first, or compile() it for them";
        Err(PyRuntimeError::new_err(format!("'{}' was not compiled for {signature}\n  help: {help}", self.name)))
    }
}

/// The arrays of the arguments by the pieces that the function takes: nothing where an array that is optional is not there.
fn by_slot<'py>(
    passed: &[Passed],
    types: &[ItemType],
    objects: Vec<Bound<'py, PyAny>>,
) -> Vec<Option<Bound<'py, PyAny>>> {
    fn walk<'py>(
        passed: &Passed,
        to: &ItemType,
        objects: &mut std::vec::IntoIter<Bound<'py, PyAny>>,
        found: &mut Vec<Option<Bound<'py, PyAny>>>,
    ) {
        match (passed, to) {
            (Passed::None, ItemType::Optional(inner)) => {
                let arrays = inner.kinds().into_iter().filter(|kind| matches!(kind, Kind::Array(_)));
                found.extend(arrays.map(|_| None));
            }
            (given, ItemType::Optional(inner)) => walk(given, inner, objects, found),
            (Passed::Array(_), _) => found.push(objects.next()),
            (Passed::Tuple(entries), ItemType::Tuple(types))
            | (Passed::Named(_, entries), ItemType::Named(_, types) | ItemType::Tuple(types)) => {
                entries.iter().zip(types).for_each(|(entry, to)| walk(entry, to, objects, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::with_capacity(objects.len());
    let mut objects = objects.into_iter();
    passed.iter().zip(types).for_each(|(passed, to)| walk(passed, to, &mut objects, &mut found));
    found
}

/// Whether a default means the same wherever it is read.
fn is_literal(default: &Expression) -> bool {
    matches!(
        default.kind,
        ExpressionKind::None
            | ExpressionKind::Bool(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float { .. }
            | ExpressionKind::String(_)
    )
}

fn types_of<'py>(py: Python<'py>, arguments: &[ItemType]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, arguments.iter().map(|argument| types::object(py, argument)).collect::<PyResult<Vec<_>>>()?)
}

fn signature_of<'py>(py: Python<'py>, one: &Specialization) -> PyResult<Bound<'py, PyAny>> {
    let (result, arguments) = (types::object(py, &one.result)?, types_of(py, &one.arguments)?);
    py.import("numbra.types")?.getattr("Signature")?.call1((result, arguments))
}
