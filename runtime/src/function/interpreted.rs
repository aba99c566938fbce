//! Whole functions in the interpreter, which checks every access.

use super::passed::Slot;
use super::returned::{Memory, Piece, ReturnedArray};
use crate::array::BorrowedArray;
use crate::error::{Error, Fault, Result};
use crate::interrupt;
use crate::print::print;
use numbra_front::interp::{
    Argument, ArrayArgument, Buffer, Failure, InterpretedProgram, Limits, Outputs, Printed, Printer, Trap,
};
use numbra_front::ir::{Kind, Module};
use numbra_front::source::Span;
use numbra_front::stack::with_stack;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Room for the deepest recursion that the interpreter goes into; only what is used of it becomes memory.
const STACK: usize = 256 << 20;
/// Between two questions whether to go on.
const PERIOD: Duration = Duration::from_millis(50);
/// Lines that wait to be printed, at most.
const PENDING: usize = 64;

/// Calls the first function of the module that the program was made of.
pub(super) fn call(module: &Module, program: &InterpretedProgram, slots: &[Slot]) -> Result<Vec<Piece>> {
    let function = module.functions.first().ok_or_else(|| Error::Internal("a module without a function".into()))?;
    let Passing { arguments, arrays, stretches } = Passing::new(slots)?;
    // SAFETY: the caller of the function keeps its arrays; stretches that touched each other became one.
    let mut memory: Vec<Buffer> = stretches
        .iter()
        .map(|stretch| Buffer::new(unsafe { std::slice::from_raw_parts_mut(stretch.start as *mut u8, stretch.len()) }))
        .collect();
    let outputs = run(program, &function.name, &arguments, &mut memory).map_err(|failure| match failure {
        Failure::Trap(trap) => explain(module, &trap),
        Failure::Cancelled => Error::Interrupted,
        Failure::TooDeep(name) => too_deep(module, &name),
        Failure::Internal(error) => error.into(),
        other => Error::Internal(other.to_string()),
    })?;
    let owned: Vec<Arc<Vec<u64>>> = outputs.memory.iter().map(|bytes| Arc::new(aligned(bytes))).collect();
    let mut pieces = Vec::with_capacity(outputs.results.len());
    for (result, kind) in outputs.results.iter().zip(&function.results) {
        pieces.push(match (result, kind) {
            (Argument::Scalar(bits), Kind::Scalar(_)) => Piece::Scalar(*bits),
            (Argument::Array(array), Kind::Array(array_type)) => {
                let scalar = array_type.scalar;
                let given = stretches.get(array.buffer);
                let (start, memory) = match (given, owned.get(array.buffer.wrapping_sub(stretches.len()))) {
                    (Some(stretch), _) => (stretch.start, Memory::Argument(keeper(&arrays, array, scalar, stretch)?)),
                    (None, Some(block)) => (block.as_ptr() as usize, Memory::Owned(block.clone())),
                    // An array that is not there: nobody looks at it.
                    (None, None) if array.shape.contains(&0) => (scalar.bytes(), Memory::Owned(Arc::new(()))),
                    (None, None) => return Err(Error::Internal("a result in memory that nobody has".into())),
                };
                let address = start.wrapping_add_signed(array.offset as isize * scalar.bytes() as isize) as *mut u8;
                let shape = array.shape.iter().map(|&extent| extent as usize).collect();
                let strides = array.strides.iter().map(|&stride| stride as isize).collect();
                Piece::Array(ReturnedArray { array_type: array_type.clone(), address, shape, strides, memory })
            }
            _ => return Err(Error::Internal(format!("'{}' gave a result of another kind", function.name))),
        });
    }
    Ok(pieces)
}

/// The interpreter's form of the arguments.
struct Passing<'a> {
    arguments: Vec<Argument>,
    arrays: Vec<&'a BorrowedArray>,
    /// The memory of the arrays, in stretches that are apart.
    stretches: Vec<Range<usize>>,
}

impl Passing<'_> {
    fn new(slots: &[Slot]) -> Result<Passing<'_>> {
        let arrays: Vec<&BorrowedArray> = slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Array(array) => Some(array),
                Slot::Scalar(_) => None,
            })
            .collect();
        let stretches = stretches(&arrays);
        let mut arguments = Vec::with_capacity(slots.len());
        for slot in slots {
            arguments.push(match slot {
                Slot::Scalar(bits) => Argument::Scalar(*bits),
                Slot::Array(array) => Argument::Array(described(array, &stretches)?),
            });
        }
        Ok(Passing { arguments, arrays, stretches })
    }
}

/// The memory of arrays, where those that share some are one.
fn stretches(arrays: &[&BorrowedArray]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = arrays.iter().map(|array| array.addresses()).collect();
    all.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in all {
        match apart.last_mut() {
            Some(last) if range.start < last.end || range.start == last.start => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

fn described(array: &BorrowedArray, stretches: &[Range<usize>]) -> Result<ArrayArgument> {
    let range = array.addresses();
    let holds = |stretch: &Range<usize>| stretch.start <= range.start && range.end <= stretch.end;
    let buffer = stretches.iter().position(holds);
    let buffer = buffer.ok_or_else(|| Error::Internal("an argument's memory is lost".into()))?;
    let distance = array.address() as i64 - stretches[buffer].start as i64;
    let size = array.scalar().bytes() as i64;
    if distance % size != 0 {
        return Err(Error::call_with_help(
            "arrays that share memory lie at a distance that is no multiple of the size of their elements",
            "pass copies of them, or call the function on 'cpu'",
        ));
    }
    Ok(ArrayArgument {
        buffer,
        offset: distance / size,
        shape: array.shape().iter().map(|&extent| extent as i64).collect(),
        strides: array.strides().iter().map(|&stride| stride as i64).collect(),
    })
}

/// The number of the argument in whose memory a result lies.
fn keeper(
    arrays: &[&BorrowedArray],
    result: &ArrayArgument,
    scalar: numbra_front::types::ScalarType,
    stretch: &Range<usize>,
) -> Result<usize> {
    let address = stretch.start.wrapping_add_signed(result.offset as isize * scalar.bytes() as isize);
    let strides = || result.strides.iter().map(|&stride| stride as isize);
    let same = |array: &&&BorrowedArray| {
        array.address() as usize == address
            && array.shape().iter().map(|&extent| extent as i64).eq(result.shape.iter().copied())
            && array.strides().iter().copied().eq(strides())
    };
    let inside = |array: &BorrowedArray| {
        let range = array.addresses();
        range.contains(&address) || range.start == address
    };
    let shares = |array: &BorrowedArray| {
        let range = array.addresses();
        stretch.start <= range.start && range.end <= stretch.end
    };
    (arrays.iter().position(|array| same(&array)))
        .or_else(|| arrays.iter().position(|array| inside(array)))
        .or_else(|| arrays.iter().position(|array| shares(array)))
        .ok_or_else(|| Error::Internal("a result in an argument's memory that nobody passed".into()))
}

/// The bytes, aligned for every type of elements.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    let mut block = vec![0u64; bytes.len().div_ceil(8).max(1)];
    // SAFETY: the block has at least as many bytes, and any bytes are a u64.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), block.as_mut_ptr().cast(), bytes.len()) };
    block
}

/// What the thread that interprets tells the one that waits.
enum News {
    Printed(Printed),
    Ended(Result<Outputs, Failure>),
}

/// Runs the function on a stack of its own, asking now and then whether to go on.
fn run(
    program: &InterpretedProgram,
    name: &str,
    arguments: &[Argument],
    memory: &mut [Buffer],
) -> Result<Outputs, Failure> {
    if !interrupt::watched() {
        let printer = |printed| {
            print(&printed);
            true
        };
        let limits = Limits { printer: Some(Printer(&printer)), ..Limits::NONE };
        return with_stack(STACK, || program.evaluate(name, arguments, memory, &limits))?;
    }
    let cancelled = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (done, waiting) = sync_channel(PENDING);
        let (printing, cancel) = (done.clone(), &cancelled);
        let work = move || {
            // Whoever waits prints: that is the thread that may.
            let printer = |printed| printing.send(News::Printed(printed)).is_ok();
            let limits = Limits { cancel: Some(cancel), printer: Some(Printer(&printer)), ..Limits::NONE };
            // Nobody is left to tell where the other side is gone.
            let _ = done.send(News::Ended(program.evaluate(name, arguments, memory, &limits)));
        };
        let worker = std::thread::Builder::new().name("numbra function".into()).stack_size(STACK);
        if let Err(error) = worker.spawn_scoped(scope, work) {
            let message = format!("no thread could be had to interpret '{name}': {error}");
            return Err(numbra_front::Error::Internal(message).into());
        }
        loop {
            match waiting.recv_timeout(PERIOD) {
                Ok(News::Ended(outcome)) => return outcome,
                Ok(News::Printed(printed)) => print(&printed),
                Err(RecvTimeoutError::Timeout) if interrupt::check().is_err() => {
                    cancelled.store(true, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let message = format!("the interpreter's thread for '{name}' ended without a result");
                    return Err(numbra_front::Error::Internal(message).into());
                }
            }
        }
    })
}

/// The error of a function that calls itself too often, with some place in its text.
fn too_deep(module: &Module, name: &str) -> Error {
    let function = module.function(name);
    let span = function
        .and_then(|function| function.values.iter().map(|value| value.span).find(|span| *span != Span::NONE))
        .unwrap_or(Span::NONE);
    let source = function.and_then(|function| function.source.as_ref());
    Fault::at(&super::too_deep(name, span), &[], Some(name), source)
}

/// The error that a trap is, with its place in the text.
fn explain(module: &Module, trap: &Trap) -> Error {
    let function = module.function(&trap.function);
    let Some(site) = function.and_then(|function| function.sites.get(trap.site.index())) else {
        return Error::Internal(format!("'{}' failed at a place that it does not have", trap.function));
    };
    let source = function.and_then(|function| function.source.as_ref());
    Fault::at(site, &trap.payloads, Some(&trap.function), source)
}
