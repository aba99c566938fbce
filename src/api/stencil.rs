//! Functions of an array's neighbourhoods.

use super::argument::{Arguments, IntoDestination, inputs, inputs_with};
use super::kernel::{Described, On, Role, shared};
use super::options::BorderValue;
use super::wording::InRust;
use super::{DeviceArray, Output};
use numbra_front::syntax::tree::Module;
use numbra_front::types::ScalarType;
use numbra_runtime::array::row_major_strides;
use numbra_runtime::emit::Emit;
use numbra_runtime::{Error, Kernel, Result};
use std::sync::Arc;

/// A function of the elements around a position, applied at every position of an array: `a[-1, 0]` is the element above.
///
/// The first argument is the array that gives the result its shape. Other arrays have the same number of axes and are
/// nowhere smaller, unless they are indexed absolutely ([`Stencil::standard_indexing`]). Where the function would reach
/// over an edge, the result is [`cval`](Stencil::cval), or 0.
///
/// ```
/// use numbra::Device;
/// let source = numbra::source("def blur(a): return (a[-1] + a[0] + a[1]) / 3")?;
/// let blur = source.stencil("blur")?.cval(-1.0).on(&Device::auto()?);
/// assert_eq!(blur.call(&[3.0, 0.0, 6.0, 3.0, 0.0])?.into_vec::<f64>()?, [-1.0, 3.0, 3.0, 3.0, -1.0]);
/// # Ok::<(), numbra::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stencil {
    described: Described,
}

shared!(Stencil, "float32(float32[:, :])");

impl Stencil {
    pub(crate) fn new(module: &Arc<Module>, name: &str) -> Result<Stencil> {
        Ok(Stencil { described: Described::new(module, name, Role::Stencil)? })
    }

    /// The result where the function would reach over an edge. It has to be a value of the type that the function
    /// returns, which the first call checks.
    pub fn cval(self, value: impl Into<BorderValue>) -> Stencil {
        let BorderValue(number) = value.into();
        Stencil { described: self.described.with(|options| options.cval = Some(number)) }
    }

    /// How far the function reaches along every axis, (lowest, highest): `[(-1, 1), (0, 2)]`. Needed where positions are
    /// computed in loops; otherwise numbra finds it out.
    ///
    /// Errors: no axes, offsets beyond 2^30, a lowest one above 0 or a highest one below.
    pub fn neighborhood(self, pairs: impl Into<Vec<(i64, i64)>>) -> Result<Stencil> {
        let pairs = pairs.into();
        Ok(Stencil { described: self.described.with(|options| options.neighborhood = Some(pairs)).checked()? })
    }

    /// The names of parameters that are arrays indexed from their start, such as tables of weights.
    ///
    /// Errors: a name that is no parameter, or that of the first one.
    pub fn standard_indexing<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Result<Stencil> {
        let names = names.into_iter().map(S::into).collect();
        Ok(Stencil { described: self.described.with(|options| options.standard_indexing = names).checked()? })
    }

    /// The type and the shape that a call with these arguments gives, without making the call.
    ///
    /// Errors: as [`On::call`], as far as they can be told without computing.
    pub fn outcome<'a>(&self, arguments: impl Arguments<'a>) -> Result<(ScalarType, Vec<usize>)> {
        let arguments = arguments.into_arguments()?;
        self.runtime()?.outcome(&inputs(&arguments)?).in_rust()
    }

    fn runtime(&self) -> Result<&numbra_runtime::stencil::Stencil> {
        match self.described.kernel()? {
            Kernel::Stencil(kernel) => Ok(kernel),
            Kernel::Vectorize(kernel) => Err(Error::Internal(format!("'{}' is no stencil", kernel.name()))),
        }
    }
}

impl On<Stencil> {
    /// Applies the stencil once, and brings the result back to the host.
    ///
    /// Errors: a number of arguments that is not that of the parameters; a first one that is no array; arrays of other
    /// ranks, or smaller ones; a mistake in the function's text; what the device cannot do; what goes wrong while
    /// computing, such as an index out of bounds.
    pub fn call<'a>(&self, arguments: impl Arguments<'a>) -> Result<Output> {
        let arguments = arguments.into_arguments()?;
        let inputs = inputs(&arguments)?;
        let kernel = self.kernel.runtime()?;
        let (scalar, shape) = kernel.outcome(&inputs).in_rust()?;
        let output = Output::new(scalar, &shape, &row_major_strides(&shape))?;
        kernel.fill(&self.device.0, &inputs, output.borrowed()).in_rust()?;
        Ok(output)
    }

    /// As [`On::call`]; the result stays on the device, which may still be working on it when this returns.
    pub fn call_device<'a>(&self, arguments: impl Arguments<'a>) -> Result<DeviceArray> {
        self.iterate_device(arguments, 1)
    }

    /// As [`On::call`]; the results are stored in an array of the caller's, which has the shape of the first argument.
    /// An argument may be [`Out`](crate::Out): what that array holds before the call. Without a [`cval`](Stencil::cval) the
    /// elements where the stencil reaches over an edge keep what they have.
    ///
    /// Errors: as [`On::call`]; another shape; a result that does not convert to the array's type by NumPy's rule
    /// 'same_kind' (floats to integers, say).
    pub fn call_into<'a, 'b>(&self, arguments: impl Arguments<'a>, out: impl IntoDestination<'b>) -> Result<()> {
        let (arguments, out) = (arguments.into_arguments()?, out.into_destination()?);
        self.kernel.runtime()?.call_into(&self.device.0, &inputs_with(&arguments, &out), out.array()).in_rust()
    }

    /// Applies the stencil `steps` times, each result being the next first argument. Nothing is copied to the host
    /// between the steps. Without a step the result is the first argument.
    ///
    /// ```
    /// # use numbra::Device;
    /// let spread = numbra::source("def spread(a): return a[-1] + a[1]")?.stencil("spread")?.on(&Device::auto()?);
    /// assert_eq!(spread.iterate(&[0i64, 0, 1, 0, 0], 2)?.into_vec::<i64>()?, [0, 0, 2, 0, 0]);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: as [`On::call`].
    pub fn iterate<'a>(&self, arguments: impl Arguments<'a>, steps: usize) -> Result<Output> {
        self.iterate_device(arguments, steps)?.download()
    }

    /// As [`On::iterate`]. `progress` is called after every step with the number of steps that were given to the device,
    /// and ends the iteration with an error of its own.
    ///
    /// Errors: as [`On::call`], and those of `progress`.
    pub fn iterate_with<'a>(
        &self,
        arguments: impl Arguments<'a>,
        steps: usize,
        mut progress: impl FnMut(usize) -> Result<()>,
    ) -> Result<Output> {
        self.steps(arguments, steps, &mut progress)?.download()
    }

    /// As [`On::iterate`]; the result stays on the device, which may still be working on it when this returns.
    pub fn iterate_device<'a>(&self, arguments: impl Arguments<'a>, steps: usize) -> Result<DeviceArray> {
        self.steps(arguments, steps, &mut |_| Ok(()))
    }

    fn steps<'a>(
        &self,
        arguments: impl Arguments<'a>,
        steps: usize,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<DeviceArray> {
        let arguments = arguments.into_arguments()?;
        let result = self.kernel.runtime()?.iterate_on_device(&self.device.0, &inputs(&arguments)?, steps, progress);
        result.map(DeviceArray).in_rust()
    }
}
