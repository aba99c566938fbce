//! Failures that are handled, and what is printed.

use super::super::program::{Place, Step};
use super::super::{ArrayArgument, Failure, Printed, PrintedArray};
use super::{Flow, Frame, Machine, Stop, breach_at, internal};
use crate::ir::{Told, told};
use crate::types::Constant;

/// How high the machine's stacks were.
struct Height {
    slots: usize,
    arrays: usize,
    descriptors: usize,
    depth: usize,
}

impl<'p> Machine<'p, '_, '_> {
    /// A step that handles failures or prints. A function of its own: the frames of nested regions stay small.
    #[inline(never)]
    pub(super) fn told_step(&mut self, frame: Frame<'p>, step: &'p Step) -> Result<Flow, Stop> {
        match step {
            Step::Try { number, body, handler } => {
                let height = self.height();
                match self.region(frame, body) {
                    Ok(leave) => Ok(leave),
                    Err(stop) => {
                        let failure = can_be_handled(stop)?;
                        self.back_to(&height);
                        self.caught.insert((frame.slots, frame.code as *const _, *number), failure);
                        self.region(frame, handler)
                    }
                }
            }
            Step::Reraise { number } => match self.caught.get(&(frame.slots, frame.code as *const _, *number)) {
                Some(failure) => Err(Box::new(failure.clone())),
                None => Err(internal(format!("nothing to raise again, in function '{}'", frame.code.name))),
            },
            Step::Guarded { failed, keep, step, results } => {
                let height = self.height();
                let begin = self.heap.guard();
                let outcome = self.step(frame, step);
                let unguarded = self.heap.unguard(begin, outcome.is_err());
                unguarded.map_err(|breach| internal(format!("in function '{}': {breach}", frame.code.name)))?;
                let failure = match outcome {
                    Ok(_) => None,
                    Err(stop) => Some(can_be_handled(stop)?),
                };
                self.slots[frame.slot(*failed)] = failure.is_some() as u64;
                if let Some(failure) = failure {
                    self.back_to(&height);
                    for place in results.iter() {
                        match *place {
                            Place::Slot(slot) => self.slots[frame.slot(slot)] = 0,
                            Place::Array(array) => {
                                let rank = frame.code.arrays[array as usize].rank as usize;
                                self.define(frame, array, ArrayArgument::nothing(rank))?;
                            }
                        }
                    }
                    if let Some(number) = keep {
                        self.caught.insert((frame.slots, frame.code as *const _, *number), failure);
                    }
                }
                Ok(Flow::End)
            }
            Step::Print { told, items } => self.print(frame, told, items).map(|()| Flow::End),
            _ => Err(internal(format!("a step that nobody runs, in function '{}'", frame.code.name))),
        }
    }

    fn height(&self) -> Height {
        let (slots, arrays, descriptors) = (self.slots.len(), self.arrays.len(), self.descriptors.len());
        Height { slots, arrays, descriptors, depth: self.depth }
    }

    /// Forgets the calls and regions in which it failed.
    fn back_to(&mut self, height: &Height) {
        self.slots.truncate(height.slots);
        self.arrays.truncate(height.arrays);
        self.descriptors.truncate(height.descriptors);
        self.depth = height.depth;
    }

    fn print(&mut self, frame: Frame<'p>, told: &[Told], items: &[Place]) -> Result<(), Stop> {
        let Some(printer) = self.limits.printer else { return Ok(()) };
        let places: Vec<told::Place> = told.iter().flat_map(Told::places).collect();
        let (mut payloads, mut arrays) = (Vec::new(), Vec::new());
        for (item, place) in items.iter().zip(places) {
            match (*item, place) {
                (Place::Slot(slot), told::Place::Scalar(scalar)) => {
                    payloads.push(Constant { scalar, bits: self.get(frame, slot) });
                }
                (Place::Array(number), told::Place::Array(scalar, _)) => {
                    let array = self.descriptor(frame, number).clone();
                    let mut elements = Vec::new();
                    for element in array.elements() {
                        let loaded = self.heap.load(array.buffer, element, scalar);
                        elements.push(loaded.map_err(|breach| breach_at(frame, number, breach))?);
                    }
                    let shape = array.shape.iter().map(|&extent| extent as usize).collect();
                    arrays.push(PrintedArray { scalar, shape, elements });
                }
                _ => return Err(internal(format!("an item of another kind than its place, in '{}'", frame.code.name))),
            }
        }
        let (mut payloads, mut count) = (payloads.into_iter(), 0);
        let objects = told.iter().map(|told| told.object(&mut payloads, &mut count)).collect();
        match (printer.0)(Printed { objects, arrays }) {
            true => Ok(()),
            false => Err(Box::new(Failure::Cancelled)),
        }
    }
}

/// What a handler is there for: failures of the function itself.
fn can_be_handled(stop: Stop) -> Result<Failure, Stop> {
    match *stop {
        Failure::Trap(_) | Failure::TooDeep(_) => Ok(*stop),
        _ => Err(stop),
    }
}
