//! Kernel text.

use super::argument::{Argument, IntoArgument};
use super::{Function, Stencil, Vectorize};
use numbra_front::error::ErrorClass;
use numbra_front::source::Source as Text;
use numbra_front::syntax::bind::{self, Value};
use numbra_front::syntax::python;
use numbra_front::syntax::tree::Module;
use numbra_runtime::error::FileError;
use numbra_runtime::{Error, Input, Result};
use std::path::Path;
use std::sync::Arc;

/// Parses kernel text: functions in Python syntax, with Numba's decorators or without. Messages call it `<source>`. Text
/// that is indented as a whole, as strings in programs are, counts as if it were not.
///
/// ```
/// let error = numbra::source("def f(x):\n    return x +\n").unwrap_err();
/// let message = error.to_string();
/// assert!(message.contains("<source>:2:15"), "{message}");
/// ```
///
/// Errors: text that is no Python.
pub fn source(text: impl Into<String>) -> Result<Source> {
    Source::named("<source>", text)
}

/// Parses a file of kernels.
///
/// Errors: a file that cannot be read (the [source](std::error::Error::source) is the [`std::io::Error`]), text that is no
/// Python.
pub fn read(path: impl AsRef<Path>) -> Result<Source> {
    let path = path.as_ref();
    let help = Some("pass the path of a file of kernels in Python syntax");
    let bytes = std::fs::read(path).map_err(|error| FileError::new(path, error, help))?;
    let text = Text::from_bytes(path.display().to_string(), &bytes)?;
    Ok(Source { module: Arc::new(python::parse(&text)?) })
}

/// Kernel text, parsed. [`source`] and [`read`] make it; its functions become kernels by [`Source::vectorize`] and
/// [`Source::stencil`].
#[derive(Debug, Clone)]
pub struct Source {
    module: Arc<Module>,
}

impl Source {
    /// Parses kernel text that messages call `name`.
    ///
    /// Errors: text that is no Python.
    pub fn named(name: &str, text: impl Into<String>) -> Result<Source> {
        Ok(Source { module: Arc::new(python::parse(&Text::new(name, dedented(text.into())))?) })
    }

    /// Gives a name that functions use a value, as if `name = value` stood in the text: a scalar, which is a number of
    /// Python's kind, or an array, which keeps its type and is indexed from its start, one axis at a time: `W[1][0]`. Kernels
    /// that were made before keep what they had.
    ///
    /// ```
    /// # use numbra::Device;
    /// let source = numbra::source("def f(x): return GAIN * x + TABLE[1]")?;
    /// let f = source.constant("GAIN", 3.0)?.constant("TABLE", &[10i32, 20, 30])?.vectorize("f")?;
    /// assert_eq!(f.on(&Device::open("interp")?).call(0.5)?.into_scalar::<f64>()?, 21.5);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: what is no name in Python, such as `if`; an array that cannot be read.
    pub fn constant<'a>(&self, name: &str, value: impl IntoArgument<'a>) -> Result<Source> {
        let name = constant_name(name)?;
        let mut module = (*self.module).clone();
        module.constants.push(bind::constant(&name, &frozen(&value.into_argument()?)?));
        Ok(Source { module: Arc::new(module) })
    }

    /// The names of the functions, in order.
    pub fn functions(&self) -> Vec<&str> {
        self.module.functions.iter().map(|function| function.name.as_str()).collect()
    }

    /// The function of that name, to be called whole with numbers and arrays.
    ///
    /// ```
    /// let source = numbra::source("
    /// def sums(x):
    ///     total = 0.0
    ///     for i in range(len(x)):
    ///         total += x[i]
    ///         x[i] = total
    ///     return total
    /// ")?;
    /// let mut x = [1.0, 2.0, 3.0];
    /// let total: f64 = source.function("sums")?.call(&mut x)?.try_into()?;
    /// assert_eq!((total, x), (6.0, [1.0, 3.0, 6.0]));
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: no such function; one that is declared as a kernel; a mistake in its decorator.
    pub fn function(&self, name: &str) -> Result<Function> {
        Function::new(&self.module, name)
    }

    /// The function of that name as one of scalars, applied to arrays element by element.
    ///
    /// Errors: no such function; one that is declared as a stencil; a mistake in its decorator.
    pub fn vectorize(&self, name: &str) -> Result<Vectorize> {
        Vectorize::new(&self.module, name)
    }

    /// The function of that name as one of an array's neighbourhoods.
    ///
    /// Errors: no such function; one that is declared with `vectorize`; a mistake in its decorator.
    pub fn stencil(&self, name: &str) -> Result<Stencil> {
        Stencil::new(&self.module, name)
    }
}

/// A name that can be assigned to, as Python's text has it: letters that look alike are one.
fn constant_name(name: &str) -> Result<String> {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || first.is_alphabetic());
    let is_word = starts && letters.all(|letter| letter == '_' || letter.is_alphanumeric());
    let parsed = is_word.then(|| python::parse(&Text::new("<constant>", format!("{name} = 0"))));
    match parsed {
        Some(Ok(mut module)) if module.constants.len() == 1 => Ok(module.constants.remove(0).name),
        _ => Err(Error::call_with_help(
            format!("'{name}' cannot be the name of a constant"),
            "a name has letters, digits and '_', begins with no digit, and is no keyword of Python",
        )
        .of_class(ErrorClass::Name)),
    }
}

/// The text without the blanks that all its lines begin with.
fn dedented(text: String) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let Some(first) = lines().next() else { return text };
    let mut common = &first[..blanks(first)];
    for line in lines() {
        let same = common.bytes().zip(line.bytes()).take_while(|(left, right)| left == right).count();
        common = &common[..same];
    }
    if common.is_empty() {
        return text;
    }
    text.split_inclusive('\n')
        .map(|line| line.strip_prefix(common).unwrap_or(line.trim_start_matches([' ', '\t'])))
        .collect()
}

/// The value that an argument is frozen as.
fn frozen(argument: &Argument) -> Result<Value> {
    let view;
    let array = match argument.input()? {
        Input::Typed(constant) => return Ok(Value::Typed(*constant)),
        Input::Scalar(constant) => {
            return Ok(match (constant.scalar, constant.as_integer()) {
                (numbra_front::types::ScalarType::Bool, _) => Value::Bool(constant.bits != 0),
                (_, Some(integer)) => Value::Integer(Some(integer)),
                (_, None) => Value::Float(constant.as_f64()),
            });
        }
        Input::Host(array) => array.view(),
        Input::Borrowed(array) => {
            view = array.to_array()?;
            view.view()
        }
        Input::Device(array) => {
            view = array.clone().into_host()?;
            view.view()
        }
    };
    let bits = array.iter().map(|constant| constant.bits).collect();
    Ok(Value::Array(array.scalar(), array.shape().to_vec(), bits))
}

#[cfg(test)]
mod tests {
    use super::dedented;

    #[test]
    fn indented_text() {
        let text = "\n    def f(x):\n        return x\n\n  \n    def g(x):\n        return x\n    ";
        assert_eq!(dedented(text.into()), "\ndef f(x):\n    return x\n\n\ndef g(x):\n    return x\n");
        for text in ["", " \n", "def f(x):\n    return x", "  a\n b\nc", "\ta\n    b"] {
            assert_eq!(dedented(text.into()), text);
        }
        assert_eq!(dedented("  a\r\n    b\r\n".into()), "a\r\n  b\r\n");
    }
}
