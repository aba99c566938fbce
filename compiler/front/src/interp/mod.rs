//! The reference interpreter: the meaning of the IR, slow and obvious.
//!
//! It runs the IR after every stage of the pipeline: whole functions ([`InterpretedProgram::call`]), kernels as `outline` leaves
//! them, and kernels after `schedule` and after `addresses` ([`InterpretedProgram::launch`], the same call for all of them).
//! It trusts nothing: an index outside of an array, an op outside of its conditions, and, in [`Buffer::watched`]
//! buffers, a read of what nobody wrote, end the run with an error that names the place.
//!
//! [`scalar`] has the meaning of every op, [`memory`] the buffers, `program` a module made ready to run, `machine`
//! the running.

mod machine;
pub mod memory;
mod owned;
mod program;
pub mod scalar;

use crate::error::{Error, Result};
use crate::ir::{Kind, Module, Object, SiteId};
use crate::types::{Constant, ScalarType};
use machine::Machine;
pub use memory::Buffer;
pub use program::InterpretedProgram;
use std::sync::atomic::AtomicBool;

/// An array as a function sees it: which buffer, and where in it the elements are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArrayArgument {
    /// Which of the buffers given to the run. Several arrays may share one. (Where a [`Host`] runs the kernels, the
    /// buffers may be elsewhere: then this number is the host's own.)
    pub buffer: usize,
    /// The element whose indices are all zero, counted in elements from the buffer's start.
    pub offset: i64,
    pub shape: Vec<i64>,
    /// In elements; may be negative or zero.
    pub strides: Vec<i64>,
}

impl ArrayArgument {
    /// An array that fills a buffer in C order.
    pub fn c_order(buffer: usize, shape: &[i64]) -> ArrayArgument {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1);
        }
        ArrayArgument { buffer, offset: 0, shape: shape.to_vec(), strides }
    }

    /// An array without memory, with extents of zero.
    fn nothing(rank: usize) -> ArrayArgument {
        ArrayArgument { buffer: usize::MAX, offset: 0, shape: vec![0; rank], strides: vec![0; rank] }
    }

    /// Its elements' places in the buffer, in C order.
    fn elements(&self) -> Vec<i64> {
        let mut elements = vec![self.offset];
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let along = |first: &i64| {
                let first = *first;
                (0..extent).map(move |index| first.wrapping_add(index.wrapping_mul(stride)))
            };
            elements = elements.iter().flat_map(along).collect();
        }
        elements
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Bits as in [`Constant::bits`].
    Scalar(u64),
    Array(ArrayArgument),
}

/// What a function gives.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// In order of the function's results. The memory of an array is a buffer that the run was given, or one of
    /// `memory`, whose numbers go on behind those.
    pub results: Vec<Argument>,
    /// What the function allocated; empty where it was given back.
    pub memory: Vec<Vec<u8>>,
}

/// A kernel run over a space: what a `launch` statement says.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    pub kernel: &'a str,
    /// Extents; one of 0 or less means no point.
    pub space: &'a [i64],
    /// Bits as in [`Constant::bits`]; number n fills the parameter with `Role::Argument(n)`.
    pub captures: &'a [u64],
    /// One per array of the kernel. After `addresses` too: offsets, extents and strides fill the parameters with
    /// those roles, and accesses go to the buffer by element.
    pub arrays: &'a [ArrayArgument],
}

/// Which part of a launch to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it: any form of kernel. A grid gets one thread per point.
    Whole,
    /// The units from `begin` to before `end`, in a `Range` kernel.
    Range { begin: i64, end: i64 },
    /// The linear positions (or rows) from `begin` to before `end` with that many groups along x and y, in a `Grid`
    /// kernel.
    Grid { begin: i64, end: i64, groups: (u32, u32) },
}

/// A kernel that failed, at the lowest position at which it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Trap {
    /// The function whose site it is.
    pub function: String,
    pub site: SiteId,
    /// The linear position (row-major) of the point of the space; `None` outside of any `parallel`.
    pub position: Option<i64>,
    pub payloads: Vec<Constant>,
}

impl Trap {
    /// The site's message with the payloads in it; `module` is what ran.
    pub fn message(&self, module: &Module) -> String {
        let site = module.function(&self.function).and_then(|function| function.sites.get(self.site.index()));
        match site {
            Some(site) => site.text(self.payloads.iter().copied()),
            None => "a failure at an unknown site".to_string(),
        }
    }
}

/// Why a run ended early.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    #[error("function '{}' failed at its site {}", .0.function, .0.site.0)]
    Trap(Trap),
    #[error("the run took more steps than it may")]
    StepLimit,
    #[error("the run was cancelled")]
    Cancelled,
    /// Functions call each other, or regions are nested, deeper than the interpreter goes.
    #[error("maximum recursion depth exceeded in '{0}'")]
    TooDeep(String),
    /// The IR, or what it was given, breaks a rule.
    #[error(transparent)]
    Internal(#[from] Error),
}

/// When to give up.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// At most that many loop rounds, points and calls together.
    pub steps: u64,
    /// Looked at every few thousand steps: true ends the run with [`Failure::Cancelled`].
    pub cancel: Option<&'a AtomicBool>,
    /// Who prints what the run prints; without one it is not printed.
    pub printer: Option<Printer<'a>>,
}

impl Limits<'_> {
    pub const NONE: Limits<'static> = Limits { steps: u64::MAX, cancel: None, printer: None };
}

/// Is given what a run prints, a line at a time; false ends the run with [`Failure::Cancelled`].
#[derive(Clone, Copy)]
pub struct Printer<'a>(pub &'a (dyn Fn(Printed) -> bool + Sync));

impl std::fmt::Debug for Printer<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Printer")
    }
}

/// A line that was printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    pub objects: Vec<Object>,
    /// Those that [`Object::Array`] means.
    pub arrays: Vec<PrintedArray>,
}

/// An array as it was when it was printed.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintedArray {
    pub scalar: ScalarType,
    pub shape: Vec<usize>,
    /// Bits as in [`Constant::bits`], in C order.
    pub elements: Vec<u64>,
}

/// Runs the kernels that a function launches, in place of the interpreter. `memory` is what the run was given.
pub trait Host {
    fn launch(&mut self, launch: &Launch, memory: &mut [Buffer]) -> Result<(), Failure>;
}

impl InterpretedProgram {
    /// Runs a function of form `Function` or `Host`; `parallel`s run in row-major order, kernels that it launches are
    /// interpreted. Gives the results as bits, without those that are arrays.
    ///
    /// # Errors
    /// [`Failure::Internal`] also if the arguments do not fit the parameters.
    pub fn call(
        &self,
        function: &str,
        arguments: &[Argument],
        memory: &mut [Buffer],
        limits: &Limits,
    ) -> Result<Vec<u64>, Failure> {
        self.call_machine(function, arguments, Machine::new(self, memory, limits, None))
    }

    /// [`InterpretedProgram::call`], with someone else running the kernels; `memory` may be empty if the function itself neither
    /// loads nor stores.
    pub fn call_with_host(
        &self,
        function: &str,
        arguments: &[Argument],
        memory: &mut [Buffer],
        limits: &Limits,
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, Failure> {
        self.call_machine(function, arguments, Machine::new(self, memory, limits, Some(host)))
    }

    /// [`Program::call`] with results of every kind.
    pub fn evaluate(
        &self,
        function: &str,
        arguments: &[Argument],
        memory: &mut [Buffer],
        limits: &Limits,
    ) -> Result<Outputs, Failure> {
        let (number, scalars, arrays) = self.sorted(function, arguments)?;
        let machine = Machine::new(self, memory, limits, None);
        let (scalars, arrays, memory) = machine.evaluate(number, &scalars, &arrays).map_err(|failure| *failure)?;
        let (mut scalars, mut arrays) = (scalars.into_iter(), arrays.into_iter());
        let result = |kind: &Kind| match kind {
            Kind::Scalar(_) => scalars.next().map(Argument::Scalar),
            Kind::Array(_) => arrays.next().map(Argument::Array),
        };
        let results: Option<Vec<Argument>> = self.functions[number].results.iter().map(result).collect();
        let results = results.ok_or_else(|| Error::Internal(format!("'{function}' gave too few results")))?;
        Ok(Outputs { results, memory })
    }

    fn call_machine(&self, function: &str, arguments: &[Argument], mut machine: Machine) -> Result<Vec<u64>, Failure> {
        let (number, scalars, arrays) = self.sorted(function, arguments)?;
        machine.enter(number, &scalars, &arrays).map_err(|failure| *failure)
    }

    /// A function's number, and its arguments by kind.
    fn sorted(&self, function: &str, arguments: &[Argument]) -> Result<(usize, Vec<u64>, Vec<ArrayArgument>), Failure> {
        let number = self.number(function)?;
        let (mut scalars, mut arrays) = (Vec::new(), Vec::new());
        let parameters = &self.functions[number].parameters;
        if parameters.len() != arguments.len() {
            let message = format!("'{function}' takes {} arguments, not {}", parameters.len(), arguments.len());
            return Err(Error::Internal(message).into());
        }
        for (parameter, argument) in parameters.iter().zip(arguments) {
            match (parameter, argument) {
                (program::CodeParameter::Scalar { scalar, .. }, Argument::Scalar(bits)) => {
                    scalars.push(Constant::canonical(*bits, *scalar));
                }
                (program::CodeParameter::Array, Argument::Array(array)) => arrays.push(array.clone()),
                _ => return Err(Error::Internal(format!("'{function}' takes other arguments")).into()),
            }
        }
        Ok((number, scalars, arrays))
    }

    /// Runs a kernel of any form (`Kernel`, `Range`, `Grid`; its arrays described or buffers). Parameters are filled
    /// by their roles.
    pub fn launch(&self, launch: &Launch, part: Part, memory: &mut [Buffer], limits: &Limits) -> Result<(), Failure> {
        Machine::new(self, memory, limits, None).launch(launch, part).map_err(|failure| *failure)
    }

    /// Runs a `Range` kernel whose scalar parameters are filled already, in order.
    pub fn run_range(
        &self,
        kernel: &str,
        scalars: &[u64],
        arrays: &[ArrayArgument],
        memory: &mut [Buffer],
        limits: &Limits,
    ) -> Result<(), Failure> {
        let number = self.number(kernel)?;
        let mut machine = Machine::new(self, memory, limits, None);
        machine.enter(number, scalars, arrays).map(|_| ()).map_err(|failure| *failure)
    }

    /// Runs a `Grid` kernel whose scalar parameters are filled already, in order, with that many groups along x and y.
    pub fn run_grid(
        &self,
        kernel: &str,
        scalars: &[u64],
        arrays: &[ArrayArgument],
        groups: (u32, u32),
        memory: &mut [Buffer],
        limits: &Limits,
    ) -> Result<(), Failure> {
        let number = self.number(kernel)?;
        let crate::ir::Form::Grid { group, .. } = self.functions[number].form else {
            return Err(Error::Internal(format!("'{kernel}' is no grid kernel")).into());
        };
        let mut machine = Machine::new(self, memory, limits, None);
        machine.grid(number, scalars, arrays, group, groups).map_err(|failure| *failure)
    }
}

/// Runs a function of a module once, without limits.
pub fn run(
    module: &Module,
    function: &str,
    arguments: &[Argument],
    memory: &mut [Buffer],
) -> Result<Vec<u64>, Failure> {
    InterpretedProgram::new(module)?.call(function, arguments, memory, &Limits::NONE)
}

/// [`InterpretedProgram::call_with_host`] once, where all arrays are the host's.
pub fn run_host(module: &Module, arguments: &[Argument], host: &mut dyn Host) -> Result<Vec<u64>, Failure> {
    let program = InterpretedProgram::new(module)?;
    let function = module.functions.first().map_or("", |function| &function.name);
    program.call_with_host(function, arguments, &mut [], &Limits::NONE, host)
}
