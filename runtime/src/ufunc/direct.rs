//! The short way of a call: scalars and arrays in C order of one shape, in the host's memory, on a processor.
//!
//! What a call decides is decided once for operands of the same kind; what is left is to call the code with their
//! addresses. For small arrays that is nearly all of the time.

use super::{Given, Vectorize};
use crate::device::{Device, Kernel};
use crate::error::{Error, Result};
use crate::interrupt::{self, Pace};
use numbra_front::ir::{Expression, Form, Function, Parameter, Role, Statement, Value};
use numbra_front::kernel::Operand;
use numbra_front::types::ScalarType;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// More buffers or scalar parameters than these have no short way.
const MOST_BUFFERS: usize = 16;
const MOST_PARAMETERS: usize = 96;

/// Elements of the first piece of a call that can be interrupted, and how long later ones take at least.
const FIRST_PIECE: i64 = 512;
const SHORTEST_PIECE: Duration = Duration::from_millis(4);

/// The kind of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Scalar(Given),
    Array(ScalarType),
}

impl Kind {
    /// What decides which loop runs.
    pub fn given(self) -> Given {
        match self {
            Kind::Scalar(given) => given,
            Kind::Array(scalar) => Given::Strong(scalar),
        }
    }
}

/// A loop of a ufunc, compiled for operands of certain kinds.
pub struct Direct {
    kernel: Arc<dyn Kernel>,
    parameters: Vec<ScalarType>,
    result: ScalarType,
    /// Which operand each buffer of the kernel is.
    buffers: Vec<usize>,
    /// What to pass for each scalar parameter of the kernel.
    scalars: Vec<Slot>,
}

enum Slot {
    Bits(u64),
    /// The number of elements.
    Length,
    /// The first element to do, and the one behind the last.
    Begin,
    End,
    /// The bits of that operand.
    Operand(usize),
}

impl Vectorize {
    /// The short way for operands of these kinds; `None` where the device has none, or the kernel is too large for it.
    pub fn direct(&self, device: &Arc<dyn Device>, kinds: &[Kind]) -> Result<Option<Direct>> {
        if !device.works_in_host_memory() {
            return Ok(None);
        }
        let given: Vec<Given> = kinds.iter().map(|kind| kind.given()).collect();
        let (chosen, result) = self.choose(&given)?;
        let operand = |(kind, &wanted): (&Kind, &ScalarType)| match *kind {
            Kind::Scalar(_) => Operand::Scalar(wanted),
            Kind::Array(scalar) => Operand::c_order(scalar, 1),
        };
        let operands: Vec<Operand> = kinds.iter().zip(&chosen.parameters).map(operand).collect();
        let executable = self.elementwise(device, &chosen, operands, Operand::c_order(result, 1))?;
        let single = executable.single_launch()?;
        Ok(single.and_then(|(host, kernel)| Direct::new(host, kernel, chosen.parameters, result)))
    }
}

impl Direct {
    fn new(
        host: &Function,
        kernel: Arc<dyn Kernel>,
        parameters: Vec<ScalarType>,
        result: ScalarType,
    ) -> Option<Direct> {
        let (space, captures, arrays) = host.body.statements.iter().find_map(|statement| match statement {
            Statement::Launch { space, captures, arrays, .. } => Some((space, captures, arrays)),
            _ => None,
        })?;
        let operand_of = |wanted: &dyn Fn(&Parameter) -> bool| host.parameters.iter().position(wanted);
        let buffers = arrays
            .iter()
            .map(|array| operand_of(&|parameter| matches!(parameter, Parameter::Array(own) if own == array)))
            .collect::<Option<Vec<usize>>>()?;
        // The space is the extent of some array: all have the same.
        if space.len() != 1 || !is_extent(host, space[0]) {
            return None;
        }
        let code = kernel.host_code()?;
        let scalars = code
            .scalars()
            .iter()
            .map(|scalar| {
                Some(match scalar.role {
                    Role::Begin => Slot::Begin,
                    Role::End => Slot::End,
                    Role::Offset(_) => Slot::Bits(0),
                    Role::Stride(..) => Slot::Bits(1),
                    Role::SpaceExtent(_) | Role::Extent(..) => Slot::Length,
                    Role::Argument(number) => {
                        let captured = captures.get(number as usize)?;
                        let is_it = |parameter: &Parameter| {
                            matches!(parameter, Parameter::Scalar { value, .. } if value == captured)
                        };
                        Slot::Operand(operand_of(&is_it)?)
                    }
                })
            })
            .collect::<Option<Vec<Slot>>>()?;
        let fits = buffers.len() <= MOST_BUFFERS && scalars.len() <= MOST_PARAMETERS;
        fits.then_some(Direct { kernel, parameters, result, buffers, scalars })
    }

    /// The type of the result.
    pub fn result(&self) -> ScalarType {
        self.result
    }

    /// The type to which a scalar operand is to be converted.
    pub fn parameter(&self, operand: usize) -> Option<ScalarType> {
        self.parameters.get(operand).copied()
    }

    /// Applies the loop. `operands`: for every operand, and last for the output, the address of its elements, or the
    /// bits of the scalar, as in [`numbra_front::types::Constant::bits`].
    ///
    /// # Safety
    /// The kinds of the operands must be those for which this was made; arrays must have `length` elements without gaps,
    /// aligned to their size; the output must overlap no input.
    pub unsafe fn run(&self, operands: &[u64], length: usize) -> Result<()> {
        let code = self.kernel.host_code().ok_or_else(|| Error::Internal("a kernel that lost its code".into()))?;
        let mut buffers = [std::ptr::null_mut(); MOST_BUFFERS];
        for (buffer, &operand) in buffers.iter_mut().zip(&self.buffers) {
            *buffer = operands[operand] as *mut u8;
        }
        let mut scalars = [0; MOST_PARAMETERS];
        let mut piece = |begin: i64, end: i64| {
            for (scalar, slot) in scalars.iter_mut().zip(&self.scalars) {
                *scalar = match *slot {
                    Slot::Bits(bits) => bits,
                    Slot::Length => length as u64,
                    Slot::Begin => begin as u64,
                    Slot::End => end as u64,
                    Slot::Operand(operand) => operands[operand],
                };
            }
            // SAFETY: the caller's promise; buffers and scalars are the kernel's, in order.
            unsafe { code.call(&buffers[..self.buffers.len()], &scalars[..self.scalars.len()], &[length as i64]) }
        };
        let length = length as i64;
        let first = if code.has_long_points() { 1 } else { FIRST_PIECE };
        if length <= first || !interrupt::watched() {
            return piece(0, length);
        }
        let pace = Pace::new(first, SHORTEST_PIECE);
        let mut begin = 0;
        while begin < length {
            let (size, start) = (pace.amount().min(length - begin), Instant::now());
            piece(begin, begin + size)?;
            pace.took(size, start.elapsed());
            interrupt::check()?;
            begin += size;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Direct({:?} -> {})", self.parameters, self.result)
    }
}

/// Whether `value` is the extent of an array, and the host does nothing but launch.
fn is_extent(host: &Function, value: Value) -> bool {
    let mut found = false;
    let plain = host.form == Form::Function
        && host.body.statements.iter().all(|statement| match statement {
            Statement::Let { value: defined, expression: Expression::Extent { .. } } => {
                found |= *defined == value;
                true
            }
            Statement::Launch { .. } => true,
            Statement::Return(values) => values.is_empty(),
            _ => false,
        });
    plain && found
}

#[cfg(all(test, feature = "llvm"))]
mod tests {
    use super::*;
    use crate::{KernelFile, device};

    fn kernel(text: &str) -> crate::ufunc::Vectorize {
        let program = KernelFile::parse("t.py", &format!("from numba import vectorize\n{text}")).unwrap();
        let crate::Kernel::Vectorize(kernel) = program.kernel("f").unwrap() else { panic!() };
        kernel
    }

    #[test]
    fn arrays_and_scalars_of_one_length() {
        use ScalarType::*;
        let device = device::open("cpu".parse().unwrap()).unwrap();
        let f = kernel("@vectorize\ndef f(a, x, y):\n    return a * x - y\n");
        let kinds = [Kind::Scalar(Given::Weak(F64)), Kind::Array(F32), Kind::Array(F64)];
        let direct = f.direct(&device, &kinds).unwrap().unwrap();
        assert_eq!((direct.result(), direct.parameter(0), direct.parameter(3)), (F64, Some(F64), None));
        let (x, y, mut out) = ([1.5f32, 2.0, -1.0], [10.0f64, 20.0, 30.0], [0f64; 3]);
        let operands = [2f64.to_bits(), x.as_ptr() as u64, y.as_ptr() as u64, out.as_mut_ptr() as u64];
        unsafe { direct.run(&operands, 3) }.unwrap();
        assert_eq!(out, [-7.0, -16.0, -32.0]);
        // An operand that the kernel does not use.
        let g = kernel("@vectorize(['int64(int64, int64)'])\ndef f(x, unused):\n    return x + 1\n");
        let direct = g.direct(&device, &[Kind::Array(I32), Kind::Array(I64)]).unwrap().unwrap();
        let (x, y, mut out) = ([1i32, 2], [5i64, 6], [0i64; 2]);
        let operands = [x.as_ptr() as u64, y.as_ptr() as u64, out.as_mut_ptr() as u64];
        unsafe { direct.run(&operands, 2) }.unwrap();
        assert_eq!(out, [2, 3]);
    }

    #[test]
    fn faults_are_errors_and_the_interpreter_has_no_short_way() {
        let cpu = device::open("cpu".parse().unwrap()).unwrap();
        let f = kernel("@vectorize\ndef f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x\n");
        let direct = f.direct(&cpu, &[Kind::Array(ScalarType::I64)]).unwrap().unwrap();
        let (x, mut out) = ([1i64, -1], [0i64; 2]);
        let error = unsafe { direct.run(&[x.as_ptr() as u64, out.as_mut_ptr() as u64], 2) }.unwrap_err();
        assert!(error.to_string().contains("negative"), "{error}");
        let interp = device::open("interp".parse().unwrap()).unwrap();
        assert!(f.direct(&interp, &[Kind::Array(ScalarType::I64)]).unwrap().is_none());
    }
}
