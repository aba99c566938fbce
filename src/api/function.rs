//! Whole functions.

use super::argument::{Argument, Arguments};
use super::value::Value;
use super::{Device, wording};
use numbra_front::declaration::signature;
use numbra_front::error::{ErrorClass, Warning};
use numbra_front::syntax::tree::Module;
use numbra_runtime::cache::{Cache, Kept};
use numbra_runtime::device::{self, DeviceName};
use numbra_runtime::emit::Emit;
use numbra_runtime::function::{self, Passed, PassedArray, Specialization};
use numbra_runtime::{Error, Input, Result};
use std::sync::Arc;
use wording::InRust;

/// A function that is called whole, with numbers and arrays: [`Source::function`](crate::Source::function) gives it. It is
/// compiled for the types of the arguments when it is first called with such, or for those of its signatures.
///
/// It runs on one thread of this machine's processor; on the device `interp`, which NUMBRA_TARGET and [`Function::on`] can name,
/// the interpreter runs it and checks every access. Copies share what was compiled.
#[derive(Debug, Clone)]
pub struct Function {
    inner: Arc<function::Function>,
    target: Option<DeviceName>,
}

impl Function {
    pub(crate) fn new(module: &Arc<Module>, name: &str) -> Result<Function> {
        Ok(Function { inner: Arc::new(function::Function::read(module, name)?), target: None })
    }

    /// The function's name.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// Names of the parameters, in order.
    pub fn parameters(&self) -> Vec<&str> {
        self.inner.parameters()
    }

    /// The function on a device: on `interp` every access is checked, every other one means this machine's processor.
    pub fn on(&self, device: &Device) -> Result<Function> {
        Ok(Function { inner: self.inner.clone(), target: Some(device.name().parse()?) })
    }

    /// The function with its code kept on disk, and found there by other processes, or not: see [`crate::cache`]. Nothing of
    /// it is compiled yet.
    ///
    /// ```no_run
    /// let source = numbra::source("def twice(x): return 2 * x")?;
    /// let twice = source.function("twice")?.cache(true)?;
    /// let result: f64 = twice.call(21.0)?.try_into()?;
    /// assert_eq!(result, 42.0);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: a size in the environment (NUMBRA_CACHE_MEGABYTES) that is none.
    pub fn cache(&self, cache: bool) -> Result<Function> {
        let kept = if cache { Some(Kept::new(Cache::standard()?)) } else { None };
        Ok(Function { inner: Arc::new(self.inner.anew(kept)), target: self.target })
    }

    /// The cache that code is looked up in, with what was found.
    pub fn kept(&self) -> Option<&Kept> {
        self.inner.kept()
    }

    /// What there is to warn of in what was compiled so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.inner.warnings()
    }

    /// Calls the function. Arrays behind `&mut` are written in place; parameters with a default can be left out at the end.
    /// Results that share an argument's memory are copied.
    ///
    /// Errors: too many or too few arguments; a mistake in the function; what the function raises ([`Error::Fault`]), with
    /// its place in the text.
    pub fn call<'a>(&self, arguments: impl Arguments<'a>) -> Result<Value> {
        let arguments = arguments.into_arguments()?;
        let mut passed = arguments.iter().map(passed).collect::<Result<Vec<Passed>>>()?;
        let parameters = self.parameters();
        let missing = passed.len()..parameters.len();
        if passed.len() > parameters.len() || !missing.clone().all(|number| self.inner.has_default(number)) {
            let (takes, given) = (parameters.len(), passed.len());
            let plural = if takes == 1 { "" } else { "s" };
            let message = format!("'{}' takes {takes} argument{plural}, and {given} are given", self.name());
            let help = format!("its parameters are: {}", parameters.join(", "));
            return Err(Error::call_with_help(message, help).of_class(ErrorClass::Type));
        }
        passed.extend(missing.map(|_| Passed::Omitted));
        let types: Vec<_> = passed.iter().map(Passed::item_type).collect();
        let specialization = self.inner.taking(&types).in_rust()?;
        Value::new(specialization.call(self.target()?, &passed)?)
    }

    /// The typed IR of the function for a signature: `f64(&[f64], i32)`, or as Numba writes it.
    ///
    /// Errors: a signature that is none, or has another number of types; a mistake in the function.
    pub fn ir(&self, signature: &str) -> Result<String> {
        self.compiled(signature)?.text(Emit::Ir)
    }

    /// The function for a signature as LLVM IR for this machine's processor. Errors: as [`Function::ir`]; a build without
    /// LLVM.
    pub fn llvm_ir(&self, signature: &str) -> Result<String> {
        self.compiled(signature)?.text(Emit::Llvm)
    }

    /// The function for a signature as assembly for this machine's processor. Errors: as [`Function::llvm_ir`].
    pub fn assembly(&self, signature: &str) -> Result<String> {
        self.compiled(signature)?.text(Emit::Asm)
    }

    fn compiled(&self, text: &str) -> Result<Arc<Specialization>> {
        let signature = signature::parse(&wording::signature(text)?).map_err(Error::from).in_rust()?;
        let (arguments, result) = function::declared::declared(&signature);
        self.inner.specialize(&arguments, result.as_ref()).in_rust()
    }

    fn target(&self) -> Result<DeviceName> {
        match self.target {
            Some(target) => Ok(target),
            None => Ok(device::target_from_environment()?.unwrap_or(DeviceName::Cpu)),
        }
    }
}

fn passed(argument: &Argument) -> Result<Passed> {
    Ok(match argument.input()? {
        Input::Scalar(constant) | Input::Typed(constant) => Passed::Scalar(*constant),
        Input::Borrowed(array) => Passed::Array(PassedArray { array: array.clone(), writable: argument.is_writable() }),
        Input::Host(array) => {
            let (address, strides) = (array.bytes().as_ptr().cast_mut(), array.strides());
            // SAFETY: the argument keeps the array until the call has returned; it is typed as one that is only read.
            let borrowed =
                unsafe { numbra_runtime::array::BorrowedArray::new(array.scalar(), address, array.shape(), &strides) }?;
            Passed::Array(PassedArray { array: borrowed, writable: false })
        }
        Input::Device(_) => {
            return Err(Error::call_with_help(
                "whole functions run on the host, and this array is on a device",
                "download it first",
            )
            .of_class(ErrorClass::Type));
        }
    })
}
