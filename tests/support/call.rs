//! A call of what `kernel::vectorize` and `kernel::stencil` build, and every way of making it: the interpreter, a
//! device, CUDA's form on the host.

use numbra::Error;
use numbra::array::{HostArray, row_major_strides};
use numbra::device::{Binding, Device};
use numbra::front::error::Mistake;
use numbra::front::interp::{Argument, ArrayArgument, Buffer, Failure, Host, InterpretedProgram, Limits, Trap};
use numbra::front::ir::Module;
use numbra::front::types::{Constant, ScalarType};
use numbra_runtime::DeviceArray;
use numbra_runtime::executable::{self, Executable};
use std::sync::Arc;

/// The arguments of a host function; its output is its last parameter, an array in C order.
#[derive(Debug, Clone)]
pub struct Call {
    pub arguments: Vec<CallArgument>,
    /// The output's type.
    pub scalar: ScalarType,
    /// The output's shape.
    pub shape: Vec<usize>,
}

#[derive(Debug, Clone)]
pub enum CallArgument {
    /// Bits as in [`Constant::bits`].
    Scalar(u64),
    /// An array's elements under other axes.
    Array { array: Arc<HostArray>, offset: i64, shape: Vec<i64>, strides: Vec<i64> },
}

/// What a kernel leaves.
#[derive(Debug, Clone)]
pub enum Outcome {
    Done(HostArray),
    Fault(Fault),
}

/// A kernel that failed at a point, as messages show both.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub message: String,
    pub place: String,
}

/// What must agree of an outcome.
#[derive(Debug, Clone, Copy)]
pub enum Agreement<'a> {
    /// Every bit (NaNs are equal), and which failure it was.
    Full,
    /// Every bit; that there was a failure.
    AnyFault,
    /// As `AnyFault`, but for the elements that are marked.
    Except(&'a [bool]),
}

impl CallArgument {
    /// An array as it is.
    pub fn whole(array: Arc<HostArray>) -> CallArgument {
        let shape = array.shape().iter().map(|&extent| extent as i64).collect();
        let strides = array.strides().iter().map(|&stride| stride as i64).collect();
        CallArgument::Array { array, offset: 0, shape, strides }
    }
}

impl Outcome {
    /// How it differs from what is expected.
    pub fn difference(&self, expected: &Outcome, agreement: Agreement) -> Option<String> {
        let (got, expected) = match (self, expected) {
            (Outcome::Done(got), Outcome::Done(expected)) => (got, expected),
            (Outcome::Fault(got), Outcome::Fault(expected)) => {
                let same = !matches!(agreement, Agreement::Full) || got == expected;
                return (!same).then(|| format!("failed with {got:?}, expected {expected:?}"));
            }
            (Outcome::Fault(fault), Outcome::Done(_)) => return Some(format!("failed with {fault:?}")),
            (Outcome::Done(_), Outcome::Fault(fault)) => return Some(format!("did not fail, expected {fault:?}")),
        };
        if (got.scalar(), got.shape()) != (expected.scalar(), expected.shape()) {
            let text = |array: &HostArray| format!("{} {:?}", array.scalar(), array.shape());
            return Some(format!("gave {}, expected {}", text(got), text(expected)));
        }
        let skipped = |place: usize| matches!(agreement, Agreement::Except(marked) if marked[place]);
        let mut elements = got.view().iter().zip(expected.view().iter()).enumerate().collect::<Vec<_>>().into_iter();
        let (place, (got, expected)) = elements.find(|(place, (got, expected))| {
            !Constant::same(got.bits, expected.bits, got.scalar) && !skipped(*place)
        })?;
        let bits = |constant: Constant| format!("{constant} ({:#x})", constant.bits);
        Some(format!("element {place} is {}, expected {}", bits(got), bits(expected)))
    }
}

impl Call {
    /// The host function's arguments and, one per array, the output last, the bytes of their buffers.
    pub fn for_interpreter(&self) -> (Vec<Argument>, Vec<Vec<u8>>) {
        let mut memories = Vec::new();
        let mut arguments: Vec<Argument> = self
            .arguments
            .iter()
            .map(|argument| match argument {
                CallArgument::Scalar(bits) => Argument::Scalar(*bits),
                CallArgument::Array { array, offset, shape, strides } => {
                    memories.push(array.bytes().to_vec());
                    let (offset, shape, strides) = (*offset, shape.clone(), strides.clone());
                    Argument::Array(ArrayArgument { buffer: memories.len() - 1, offset, shape, strides })
                }
            })
            .collect();
        arguments.push(Argument::Array(ArrayArgument::c_order(memories.len(), &self.space())));
        // What nobody stores shows.
        memories.push(vec![0xa5; self.shape.iter().product::<usize>() * self.scalar.bytes()]);
        (arguments, memories)
    }

    /// The types of the buffers' elements, the output's last.
    pub fn buffer_types(&self) -> Vec<ScalarType> {
        let arrays = self.arguments.iter().filter_map(|argument| match argument {
            CallArgument::Array { array, .. } => Some(array.scalar()),
            CallArgument::Scalar(_) => None,
        });
        arrays.chain([self.scalar]).collect()
    }

    pub fn space(&self) -> Vec<i64> {
        self.shape.iter().map(|&extent| extent as i64).collect()
    }

    /// Interprets the first function of `module`. With a host: that runs the kernels which it launches.
    pub fn interpret(&self, module: &Module, limits: &Limits, host: Option<&mut dyn Host>) -> Result<Outcome, Failure> {
        match self.result_or_trap(module, limits, host)? {
            Ok(array) => Ok(Outcome::Done(array)),
            Err(trap) => Ok(Outcome::Fault(self.fault(&trap, module))),
        }
    }

    /// The same, with the trap as it is.
    pub fn result_or_trap(
        &self,
        module: &Module,
        limits: &Limits,
        host: Option<&mut dyn Host>,
    ) -> Result<Result<HostArray, Trap>, Failure> {
        let program = InterpretedProgram::new(module)?;
        let (arguments, mut memories) = self.for_interpreter();
        let mut buffers: Vec<Buffer> = memories.iter_mut().map(|bytes| Buffer::new(bytes)).collect();
        let name = &module.functions[0].name;
        let result = match host {
            Some(host) => program.call_with_host(name, &arguments, &mut buffers, limits, host),
            None => program.call(name, &arguments, &mut buffers, limits),
        };
        match result {
            Ok(_) => Ok(Ok(self.output(&memories[memories.len() - 1]))),
            Err(Failure::Trap(trap)) => Ok(Err(trap)),
            Err(failure) => Err(failure),
        }
    }

    pub fn output(&self, bytes: &[u8]) -> HostArray {
        HostArray::from_bytes(self.scalar, &self.shape, bytes).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn fault(&self, trap: &Trap, module: &Module) -> Fault {
        Fault { message: trap.message(module), place: self.place(trap.position.unwrap_or(-1)) }
    }

    /// A linear position as messages show it.
    fn place(&self, position: i64) -> String {
        let mut rest = position;
        let mut point: Vec<String> = Vec::new();
        for &extent in self.shape.iter().rev() {
            point.push((rest % extent.max(1) as i64).to_string());
            rest /= extent.max(1) as i64;
        }
        point.reverse();
        format!("at position ({})", point.join(", "))
    }

    /// Runs the first function of `module` with its kernels on a device.
    pub fn run_on(&self, module: &Module, device: &Arc<dyn Device>) -> Result<Outcome, Error> {
        let strides = |strides: &[i64]| strides.iter().map(|&stride| stride as isize).collect::<Vec<_>>();
        let mut arguments = Vec::new();
        for argument in &self.arguments {
            arguments.push(match argument {
                CallArgument::Scalar(bits) => executable::Argument::Scalar(*bits),
                CallArgument::Array { array, offset, shape, strides: steps } => {
                    let shape: Vec<usize> = shape.iter().map(|&extent| extent as usize).collect();
                    let binding = DeviceArray::from_host(device, array)?.binding(&shape, &strides(steps));
                    executable::Argument::Array(Binding { offset: *offset, ..binding })
                }
            });
        }
        let output = DeviceArray::empty(device, self.scalar, &self.shape)?;
        arguments.push(executable::Argument::Array(output.binding(&self.shape, &row_major_strides(&self.shape))));
        let executable = Executable::build(module.clone(), device)?;
        settled(executable.run(&arguments).and_then(|()| {
            drop(arguments);
            output.into_host()
        }))
    }
}

/// A result of a device as an outcome: a kernel that failed is one, any other error is not.
pub fn settled(result: Result<HostArray, Error>) -> Result<Outcome, Error> {
    match result {
        Ok(array) => Ok(Outcome::Done(array)),
        Err(Error::Fault(mistake)) => {
            let Mistake { message, label, .. } = mistake.mistake;
            Ok(Outcome::Fault(Fault { message, place: label }))
        }
        // A kernel without a text.
        Err(Error::Call { message, help: None, .. }) if message.contains("(at position (") => {
            let (message, place) = message.rsplit_once(" (at position").unwrap_or((&message, ""));
            let place = format!("at position{}", place.strip_suffix(')').unwrap_or(place));
            Ok(Outcome::Fault(Fault { message: message.to_string(), place }))
        }
        Err(error) => Err(error),
    }
}
