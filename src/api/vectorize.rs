//! Functions of scalars, applied to arrays.

use super::argument::{Arguments, IntoArgument, IntoDestination, inputs, inputs_with};
use super::kernel::{Described, On, Role, shared};
use super::wording::{self, InRust};
use super::{DeviceArray, Output, quick};
use numbra_front::declaration::Identity;
use numbra_front::syntax::tree::Module;
use numbra_front::types::ScalarType;
use numbra_runtime::emit::Emit;
use numbra_runtime::ufunc::Outcome;
use numbra_runtime::{Error, Input, Kernel, Result};
use std::sync::Arc;

/// A function of scalars that applies to arrays, element by element, as NumPy's universal functions do.
///
/// Arguments broadcast as in NumPy. Their types decide which of the declared signatures is used: the first one that all
/// of them convert to without loss; without signatures the function is compiled for the very types that come. Integer
/// division by zero gives 0, an index out of bounds is an error.
///
/// Its methods set options and return the changed kernel; [`Vectorize::on`] puts it on a device.
///
/// ```
/// use numbra::{Device, Typing};
/// let source = numbra::source("def saxpy(a, x, y): return a * x + y")?;
/// let saxpy = source.vectorize("saxpy")?.signatures(["f32(f32, f32, f32)"])?.typing(Typing::Exact);
/// let result = saxpy.on(&Device::auto()?).call((2.0, &[1.0f32, 2.0, 3.0], &[0.5f32, 0.5, 0.5]))?;
/// assert_eq!(result.as_slice::<f32>()?, [2.5, 4.5, 6.5]);
/// # Ok::<(), numbra::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Vectorize {
    described: Described,
}

shared!(Vectorize, "float32(float32, float32)");

impl Vectorize {
    pub(crate) fn new(module: &Arc<Module>, name: &str) -> Result<Vectorize> {
        Ok(Vectorize { described: Described::new(module, name, Role::Vectorize)? })
    }

    /// The signatures, in the order in which they are tried: `f64(f64, i32)`, the result first, or without the result,
    /// `(f64, i32)`. They take the place of those in the text; none: the arguments decide. Numba's names of types will do as
    /// well (`float64`, `int8`). `i8` and `u8` are refused: Numba means 8 bytes by them.
    ///
    /// Errors: text that is no signature of scalars, or of another number of parameters.
    pub fn signatures<S: Into<String>>(self, signatures: impl IntoIterator<Item = S>) -> Result<Vectorize> {
        let signature = |text: S| wording::signature(&text.into());
        let signatures = signatures.into_iter().map(signature).collect::<Result<_>>()?;
        Ok(Vectorize { described: self.described.with(|options| options.signatures = signatures).checked()? })
    }

    /// What [`reduce`](On::reduce) may assume: that 0 or 1 changes no value, or that the order of values makes no
    /// difference.
    ///
    /// Errors: a number other than 0 and 1.
    pub fn identity(self, identity: Identity) -> Result<Vectorize> {
        if let Identity::Number(number) = identity
            && !matches!(number, 0 | 1)
        {
            let help = "Identity::Number is of 0 and 1; Identity::Reorderable says that the order makes no difference";
            return Err(Error::call_with_help(format!("Invalid identity value {number}"), help));
        }
        Ok(Vectorize { described: self.described.with(|options| options.identity = Some(identity)).checked()? })
    }

    /// The signatures that are declared, as text.
    pub fn declared_signatures(&self) -> &[String] {
        &self.described.options().signatures
    }

    /// The type and the shape that a call with these arguments gives, without making the call.
    ///
    /// Errors: as [`On::call`], as far as they can be told without computing.
    pub fn outcome<'a>(&self, arguments: impl Arguments<'a>) -> Result<(ScalarType, Vec<usize>)> {
        let arguments = arguments.into_arguments()?;
        let Outcome { scalar, shape, .. } = self.runtime()?.outcome(&inputs(&arguments)?).in_rust()?;
        Ok((scalar, shape))
    }

    fn runtime(&self) -> Result<&numbra_runtime::ufunc::Vectorize> {
        match self.described.kernel()? {
            Kernel::Vectorize(kernel) => Ok(kernel),
            Kernel::Stencil(kernel) => Err(Error::Internal(format!("'{}' is not vectorized", kernel.name()))),
        }
    }
}

impl On<Vectorize> {
    /// Applies the function to the arguments, and brings the result back to the host.
    ///
    /// Errors: a number of arguments that is not that of the parameters; shapes that do not broadcast; types that no
    /// signature takes; a mistake in the function's text; what the device cannot do; what goes wrong while computing.
    pub fn call<'a>(&self, arguments: impl Arguments<'a>) -> Result<Output> {
        let arguments = arguments.into_arguments()?;
        let kernel = self.kernel.runtime()?;
        if let Some(output) =
            quick::call(kernel, self.kernel.described.prepared(), &self.device, &arguments).in_rust()?
        {
            return Ok(output);
        }
        let inputs = inputs(&arguments)?;
        let Outcome { scalar, shape, strides } = kernel.outcome(&inputs).in_rust()?;
        let output = Output::new(scalar, &shape, &strides)?;
        kernel.call_into(&self.device.0, &inputs, output.borrowed()).in_rust()?;
        Ok(output)
    }

    /// As [`On::call`]; the result stays on the device, which may still be working on it when this returns.
    pub fn call_device<'a>(&self, arguments: impl Arguments<'a>) -> Result<DeviceArray> {
        let arguments = arguments.into_arguments()?;
        self.kernel.runtime()?.call_on_device(&self.device.0, &inputs(&arguments)?).map(DeviceArray).in_rust()
    }

    /// As [`On::call`]; the results are stored in an array of the caller's, where the arguments are broadcast to its
    /// shape. An argument may be [`Out`](crate::Out): that array itself.
    ///
    /// ```
    /// # use numbra::Device;
    /// let half = numbra::source("def half(x): return x / 2")?.vectorize("half")?.on(&Device::open("interp")?);
    /// let mut rows = [0f32; 4];
    /// half.call_into(&[3.0, 5.0, 7.0, 9.0], &mut rows)?;
    /// assert_eq!(rows, [1.5, 2.5, 3.5, 4.5]);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: as [`On::call`]; a shape that the arguments do not broadcast to; a result that does not convert to the
    /// array's type by NumPy's rule 'same_kind' (floats to integers, say).
    pub fn call_into<'a, 'b>(&self, arguments: impl Arguments<'a>, out: impl IntoDestination<'b>) -> Result<()> {
        let (arguments, out) = (arguments.into_arguments()?, out.into_destination()?);
        self.kernel.runtime()?.call_into(&self.device.0, &inputs_with(&arguments, &out), out.array()).in_rust()
    }

    /// All values along the axes, which the result lacks, combined to one. `axes`: `[0]`, `[0, 2]`.
    ///
    /// A function that has an [identity](Vectorize::identity), or is `+`, `*`, `minimum`, `maximum`, `&`, `|` or `^`,
    /// combines them in a tree that depends on their number alone; any other from left to right, `f(f(a[0], a[1]), a[2])`
    /// and so on. Either way every device gives the same bits.
    ///
    /// ```
    /// # use numbra::{Argument, Device};
    /// let add = numbra::source("def add(x, y): return x + y")?.vectorize("add")?.on(&Device::open("interp")?);
    /// let table = Argument::from_slice(&[1, 2, 3, 10, 20, 30], &[2, 3])?;
    /// assert_eq!(add.reduce(&table, [0])?.into_vec::<i64>()?, [11, 22, 33]);
    /// assert_eq!(add.accumulate(&table, 1)?.into_vec::<i64>()?, [1, 3, 6, 10, 30, 60]);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: a function that has not two parameters, or gives another type than it takes; an axis that the array has
    /// not; several axes, or an axis without elements, where the function has no [identity](Vectorize::identity).
    pub fn reduce<'a>(&self, array: impl IntoArgument<'a>, axes: impl AsRef<[usize]>) -> Result<Output> {
        let array = array.into_argument()?;
        let result = self.kernel.runtime()?.reduce(&self.device.0, array.input()?, axes.as_ref()).in_rust()?;
        Output::from_host(&result)
    }

    /// All values of the fold along an axis, in an array of the same shape.
    ///
    /// Errors: as [`On::reduce`].
    pub fn accumulate<'a>(&self, array: impl IntoArgument<'a>, axis: usize) -> Result<Output> {
        let array = array.into_argument()?;
        Output::from_host(&self.kernel.runtime()?.accumulate(&self.device.0, array.input()?, axis).in_rust()?)
    }

    /// `f(a, b)` for all pairs of an element of `left` and one of `right`: the axes of `left`, then those of `right`.
    ///
    /// Errors: as [`On::call`].
    pub fn outer<'a>(&self, left: impl IntoArgument<'a>, right: impl IntoArgument<'a>) -> Result<Output> {
        let (left, right) = (left.into_argument()?, right.into_argument()?);
        let rank = match right.input()? {
            Input::Scalar(_) | Input::Typed(_) => 0,
            array => array.shape().len(),
        };
        self.call((left.with_trailing_axes(rank)?, right))
    }
}
