//! Running the steps of a [`InterpretedProgram`].

mod arrays;
mod failures;

use super::memory::Breach;
use super::owned::Heap;
use super::program::{Code, CodeParameter, InterpretedProgram, ParallelStep, Place, Step};
use super::{ArrayArgument, Buffer, Failure, Host, Launch, Limits, Part, Trap, scalar};
use crate::error::Error;
use crate::ir::{Builtin, Form, Role, SiteId};
use crate::types::{Constant, ScalarType};
use arrays::breaks_strides;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Why control left a region.
enum Flow {
    End,
    Break,
    Continue,
    Return,
}

/// Failures are rare and large: boxed, the result of a step stays small.
type Stop = Box<Failure>;

/// Scalars and arrays among the results, and the memory that was allocated.
type Evaluated = (Vec<u64>, Vec<ArrayArgument>, Vec<Vec<u8>>);

/// How deep regions may nest while running, over all calls: keeps the machine's own stack small.
const DEPTH: usize = 1500;

/// Loop rounds, points and calls between two looks at the limits.
const LOOK: u64 = 4096;

/// Where a call has its slots and arrays on the machine's stacks.
#[derive(Clone, Copy)]
struct Frame<'p> {
    code: &'p Code,
    slots: usize,
    arrays: usize,
    /// Where its own descriptors begin.
    descriptors: usize,
}

impl Frame<'_> {
    fn slot(self, slot: u32) -> usize {
        self.slots + slot as usize
    }
}

pub(super) struct Machine<'p, 'm, 'b> {
    program: &'p InterpretedProgram,
    heap: Heap<'m, 'b>,
    limits: &'m Limits<'m>,
    host: Option<&'m mut dyn Host>,
    /// The slots of all calls.
    slots: Vec<u64>,
    /// Per call, per array and array variable: its number in `descriptors`.
    arrays: Vec<u32>,
    descriptors: Vec<ArrayArgument>,
    /// What the last return gave: its scalars, its arrays.
    results: Vec<u64>,
    array_results: Vec<ArrayArgument>,
    /// The linear position of the point that is being run.
    position: Option<i64>,
    /// Group and local id of the thread that is being run, and the number of groups.
    thread: Thread,
    depth: usize,
    /// What handlers have caught, by the frame and the number of the `try`.
    caught: HashMap<(usize, *const Code, u32), Failure>,
    /// The buffers of tables that are arrays somewhere.
    constants: HashMap<u32, usize>,
    /// Ticks until the next look at the limits, and ticks left after that.
    ticks: u64,
    steps: u64,
}

#[derive(Clone, Copy, Default)]
struct Thread {
    group: (u32, u32),
    local: u32,
    groups: u32,
}

fn internal(message: String) -> Stop {
    Box::new(Failure::Internal(Error::Internal(message)))
}

impl<'p, 'm, 'b> Machine<'p, 'm, 'b> {
    pub fn new(
        program: &'p InterpretedProgram,
        memory: &'m mut [Buffer<'b>],
        limits: &'m Limits<'m>,
        host: Option<&'m mut dyn Host>,
    ) -> Machine<'p, 'm, 'b> {
        Machine {
            program,
            heap: Heap::new(memory),
            limits,
            host,
            slots: Vec::new(),
            arrays: Vec::new(),
            descriptors: Vec::new(),
            results: Vec::new(),
            array_results: Vec::new(),
            position: None,
            thread: Thread::default(),
            depth: 0,
            caught: HashMap::new(),
            constants: HashMap::new(),
            ticks: 1,
            steps: limits.steps,
        }
    }

    /// Runs a function of any form but `Grid` once.
    pub fn enter(&mut self, function: usize, scalars: &[u64], arrays: &[ArrayArgument]) -> Result<Vec<u64>, Stop> {
        let code = &self.program.functions[function];
        self.check_arguments(code, scalars, arrays)?;
        self.descriptors = arrays.to_vec();
        self.outermost(code, scalars)
    }

    /// Runs a function once: gives the scalars and the arrays of its results, and the memory that it allocated.
    pub fn evaluate(mut self, function: usize, scalars: &[u64], arrays: &[ArrayArgument]) -> Result<Evaluated, Stop> {
        let scalars = self.enter(function, scalars, arrays)?;
        let arrays = std::mem::take(&mut self.array_results);
        if self.program.functions[function].form == Form::Host
            && let Some(leak) = self.heap.leak(&arrays)
        {
            return Err(internal(format!("after '{}': {leak}", self.program.functions[function].name)));
        }
        Ok((scalars, arrays, self.heap.into_blocks()))
    }

    /// Runs a function whose arrays are all that there are.
    fn outermost(&mut self, code: &'p Code, scalars: &[u64]) -> Result<Vec<u64>, Stop> {
        self.depth = 0;
        self.slots.clear();
        self.arrays.clear();
        self.descriptors.truncate(code.array_parameters);
        self.arrays.extend(0..self.descriptors.len() as u32);
        let frame = self.push_slots(code, 0);
        for (&to, &bits) in code.scalars.iter().zip(scalars) {
            self.slots[frame.slot(to)] = bits;
        }
        self.body(frame)?;
        Ok(std::mem::take(&mut self.results))
    }

    /// Runs a kernel of any form over (a part of) its space.
    pub fn launch(&mut self, launch: &Launch, part: Part) -> Result<(), Stop> {
        let function = self.program.number(launch.kernel).map_err(Failure::from)?;
        let code = &self.program.functions[function];
        let (begin, end, groups) = extent_of(code, launch.space, part)?;
        let scalars = fill(code, launch, begin, end)?;
        match code.form {
            Form::Grid { group, .. } => self.grid(function, &scalars, launch.arrays, group, groups),
            _ => self.enter(function, &scalars, launch.arrays).map(|_| ()),
        }
    }

    /// Runs every thread of a grid, in order of their positions. A thread that fails does not keep the others from
    /// running; the failure with the lowest position is reported.
    pub fn grid(
        &mut self,
        function: usize,
        scalars: &[u64],
        arrays: &[ArrayArgument],
        group: u32,
        groups: (u32, u32),
    ) -> Result<(), Stop> {
        let code = &self.program.functions[function];
        self.check_arguments(code, scalars, arrays)?;
        self.descriptors = arrays.to_vec();
        let mut first: Option<Trap> = None;
        for y in 0..groups.1 {
            for x in 0..groups.0 {
                for local in 0..group {
                    self.thread = Thread { group: (x, y), local, groups: groups.0 };
                    let Err(failure) = self.outermost(code, scalars) else { continue };
                    match *failure {
                        Failure::Trap(trap) => {
                            if first.as_ref().is_none_or(|first| trap.position < first.position) {
                                first = Some(trap);
                            }
                        }
                        other => return Err(Box::new(other)),
                    }
                }
            }
        }
        first.map_or(Ok(()), |trap| Err(Box::new(Failure::Trap(trap))))
    }

    /// The frame of a call whose array parameters are on the stack already, from `arrays` on. Its slots and its own
    /// arrays are put on the stack, all zero.
    fn push_slots(&mut self, code: &'p Code, arrays: usize) -> Frame<'p> {
        let frame = Frame { code, slots: self.slots.len(), arrays, descriptors: self.descriptors.len() };
        self.slots.resize(frame.slots + code.slots, 0);
        let local = code.arrays[code.array_parameters..].iter().map(|array| array.rank as usize);
        for rank in local.chain(code.array_variables.iter().copied()) {
            self.arrays.push(self.descriptors.len() as u32);
            self.descriptors.push(ArrayArgument::nothing(rank));
        }
        frame
    }

    fn body(&mut self, frame: Frame<'p>) -> Result<(), Stop> {
        if !matches!(self.region(frame, &frame.code.body)?, Flow::Return) {
            // What a callee's return has left.
            self.results.clear();
            self.array_results.clear();
        }
        self.slots.truncate(frame.slots);
        self.arrays.truncate(frame.arrays);
        self.descriptors.truncate(frame.descriptors);
        Ok(())
    }

    fn region(&mut self, frame: Frame<'p>, steps: &'p [Step]) -> Result<Flow, Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Box::new(Failure::TooDeep(frame.code.name.to_string())));
        }
        let leave = self.steps(frame, steps)?;
        self.depth -= 1;
        Ok(leave)
    }

    fn steps(&mut self, frame: Frame<'p>, steps: &'p [Step]) -> Result<Flow, Stop> {
        let mut rest = steps.iter();
        loop {
            // The common steps need nothing but the slots.
            let slots = &mut self.slots[frame.slots..frame.slots + frame.code.slots];
            let other = loop {
                match rest.next() {
                    None => return Ok(Flow::End),
                    Some(Step::Constant { to, bits }) => slots[*to as usize] = *bits,
                    Some(Step::Copy { to, from }) => slots[*to as usize] = slots[*from as usize],
                    Some(Step::Apply { op, scalar, result, to, operands }) => {
                        let operands = operands.map(|operand| slots[operand as usize]);
                        match scalar::evaluate(*op, *scalar, *result, operands) {
                            Some(bits) => slots[*to as usize] = bits,
                            None => {
                                let (op, name) = (op.name(), &frame.code.name);
                                let message =
                                    format!("'{op}' does not take the values {operands:x?}, in function '{name}'");
                                return Err(internal(message));
                            }
                        }
                    }
                    Some(other) => break other,
                }
            };
            match self.step(frame, other)? {
                Flow::End => {}
                leave => return Ok(leave),
            }
        }
    }

    #[inline]
    fn get(&self, frame: Frame, slot: u32) -> u64 {
        self.slots[frame.slot(slot)]
    }

    /// A step other than the common ones.
    fn step(&mut self, frame: Frame<'p>, step: &'p Step) -> Result<Flow, Stop> {
        match step {
            // Done by `steps`.
            Step::Constant { .. } | Step::Copy { .. } | Step::Apply { .. } => {}
            Step::Load { to, array, scalar, indices } => {
                let (buffer, element) = self.element(frame, *array, indices)?;
                let loaded = self.heap.load(buffer, element, *scalar);
                self.slots[frame.slot(*to)] = loaded.map_err(|breach| breach_at(frame, *array, breach))?;
            }
            Step::Store { value, array, scalar, indices } => {
                let (buffer, element) = self.element(frame, *array, indices)?;
                let bits = self.get(frame, *value);
                let stored = self.heap.store(buffer, element, *scalar, bits);
                stored.map_err(|breach| breach_at(frame, *array, breach))?;
            }
            Step::Extent { to, array, axis } => {
                let extent = self.descriptor(frame, *array).shape[*axis as usize];
                self.slots[frame.slot(*to)] = extent as u64;
            }
            Step::TableEntry { to, table, index, signed } => {
                let entries = &self.program.tables[*table as usize].entries;
                let index = match self.get(frame, *index) {
                    negative if *signed && (negative as i64) < 0 => 0,
                    index => index.min(entries.len() as u64 - 1),
                };
                self.slots[frame.slot(*to)] = entries[index as usize];
            }
            Step::Builtin { to, builtin } => {
                let number = match builtin {
                    Builtin::GroupIdX => self.thread.group.0,
                    Builtin::GroupIdY => self.thread.group.1,
                    Builtin::LocalIdX => self.thread.local,
                    Builtin::GroupCountX => self.thread.groups,
                };
                self.slots[frame.slot(*to)] = number as u64;
            }
            Step::Call { function, results, scalars, arrays } => {
                self.tick()?;
                let first = self.arrays.len();
                for &array in arrays.iter() {
                    let number = self.arrays[frame.arrays + array as usize];
                    self.arrays.push(number);
                }
                let code = &self.program.functions[*function];
                let callee = self.push_slots(code, first);
                for (&to, &from) in code.scalars.iter().zip(scalars) {
                    self.slots[callee.slot(to)] = self.get(frame, from);
                }
                self.body(callee)?;
                let (mut scalars, mut arrays) = (0, 0);
                for &place in results.iter() {
                    match place {
                        Place::Slot(to) => {
                            self.slots[frame.slot(to)] = self.results[scalars];
                            scalars += 1;
                        }
                        Place::Array(to) => {
                            let given = std::mem::take(&mut self.array_results[arrays]);
                            self.define(frame, to, given)?;
                            arrays += 1;
                        }
                    }
                }
            }
            Step::If { condition, then, otherwise } => {
                let region = if self.get(frame, *condition) != 0 { then } else { otherwise };
                if !region.is_empty() {
                    return self.region(frame, region);
                }
            }
            Step::Loop { body, step } => loop {
                self.tick()?;
                match self.region(frame, body)? {
                    Flow::Break => break,
                    Flow::Return => return Ok(Flow::Return),
                    Flow::End | Flow::Continue => {}
                }
                self.region(frame, step)?;
            },
            Step::Break => return Ok(Flow::Break),
            Step::Continue => return Ok(Flow::Continue),
            Step::Return(values) => {
                self.results.clear();
                self.array_results.clear();
                for &place in values.iter() {
                    match place {
                        Place::Slot(value) => self.results.push(self.get(frame, value)),
                        Place::Array(array) => {
                            let array = self.descriptor(frame, array).clone();
                            self.array_results.push(array);
                        }
                    }
                }
                return Ok(Flow::Return);
            }
            Step::Trap { condition, site, payloads, position } => {
                if self.get(frame, *condition) != 0 {
                    let position = position.map(|position| self.get(frame, position) as i64);
                    return Err(self.failed(frame, *site, payloads, position));
                }
            }
            Step::Raise { site, payloads } => return Err(self.failed(frame, *site, payloads, None)),
            Step::Poll => {}
            Step::Parallel(parallel) => self.parallel(frame, parallel)?,
            Step::Launch { kernel, space, captures, arrays } => {
                let space: Vec<i64> = space.iter().map(|&extent| self.get(frame, extent) as i64).collect();
                let captures: Vec<u64> = captures.iter().map(|&capture| self.get(frame, capture)).collect();
                let arrays: Vec<ArrayArgument> =
                    arrays.iter().map(|&array| self.descriptor(frame, array).clone()).collect();
                let kernel = &self.program.functions[*kernel].name;
                let launch = Launch { kernel, space: &space, captures: &captures, arrays: &arrays };
                match &mut self.host {
                    Some(host) => host.launch(&launch, self.heap.given)?,
                    None => {
                        let limits = Limits { steps: self.steps, ..*self.limits };
                        let mut machine = Machine::new(self.program, self.heap.given, &limits, None);
                        machine.launch(&launch, Part::Whole)?;
                        self.steps = machine.steps;
                    }
                }
            }
            Step::Try { .. } | Step::Reraise { .. } | Step::Guarded { .. } | Step::Print { .. } => {
                return self.told_step(frame, step);
            }
            other => self.array_step(frame, other)?,
        }
        Ok(Flow::End)
    }

    /// Runs the points one after the other, the last axis fastest: the first failure is the lowest one.
    fn parallel(&mut self, frame: Frame<'p>, parallel: &'p ParallelStep) -> Result<(), Stop> {
        let space: Vec<i64> = parallel.space.iter().map(|&extent| self.get(frame, extent) as i64).collect();
        if space.iter().any(|&extent| extent <= 0) {
            return Ok(());
        }
        let mut point = vec![0; space.len()];
        let mut position = 0;
        loop {
            self.tick()?;
            self.position = Some(position);
            for (&slot, &coordinate) in parallel.point.iter().zip(&point) {
                self.slots[frame.slot(slot)] = coordinate as u64;
            }
            for &variable in parallel.variables.iter() {
                self.slots[frame.slot(variable)] = 0;
            }
            let region = match &parallel.border {
                Some(border) if is_border(&point, &space, &border.margins) => &border.steps,
                _ => &parallel.body,
            };
            self.region(frame, region)?;
            position += 1;
            // The next point in row-major order.
            let next = (0..space.len()).rev().find(|&axis| point[axis] + 1 < space[axis]);
            let Some(axis) = next else { break };
            point[axis] += 1;
            point[axis + 1..].fill(0);
        }
        self.position = None;
        Ok(())
    }

    fn failed(&self, frame: Frame, site: SiteId, payloads: &[(u32, ScalarType)], position: Option<i64>) -> Stop {
        let payload = |&(slot, scalar): &(u32, ScalarType)| Constant { scalar, bits: self.get(frame, slot) };
        Box::new(Failure::Trap(Trap {
            function: frame.code.name.clone(),
            site,
            position: position.or(self.position),
            payloads: payloads.iter().map(payload).collect(),
        }))
    }

    /// Counts a loop round, a point or a call.
    #[inline]
    fn tick(&mut self) -> Result<(), Stop> {
        self.ticks -= 1;
        if self.ticks == 0 { self.look() } else { Ok(()) }
    }

    #[cold]
    fn look(&mut self) -> Result<(), Stop> {
        if self.steps == 0 {
            return Err(Box::new(Failure::StepLimit));
        }
        if self.limits.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(Box::new(Failure::Cancelled));
        }
        self.ticks = LOOK.min(self.steps);
        self.steps -= self.ticks;
        Ok(())
    }

    fn check_arguments(&self, code: &Code, scalars: &[u64], arrays: &[ArrayArgument]) -> Result<(), Stop> {
        let wrong = |message: String| Err(internal(format!("function '{}' cannot run: {message}", code.name)));
        let wanted = code.scalars.len();
        if scalars.len() != wanted || arrays.len() != code.array_parameters {
            let (given, array_count) = (scalars.len(), arrays.len());
            let wanted_arrays = code.array_parameters;
            return wrong(format!(
                "it takes {wanted} scalars and {wanted_arrays} arrays, and is given {given} and {array_count}"
            ));
        }
        for (array, parameter) in arrays.iter().zip(&code.arrays) {
            let name = &parameter.name;
            if array.shape.len() != array.strides.len() || array.shape.iter().any(|&extent| extent < 0) {
                return wrong(format!(
                    "the array '{name}' has shape {:?} and strides {:?}",
                    array.shape, array.strides
                ));
            }
            if parameter.buffer {
                continue;
            }
            if array.shape.len() != parameter.rank as usize {
                return wrong(format!("the array '{name}' has {} axes", parameter.rank));
            }
            if let Some(broken) = breaks_strides(parameter, array) {
                return wrong(format!("the array '{name}' {broken}"));
            }
        }
        Ok(())
    }
}

fn is_border(point: &[i64], space: &[i64], margins: &[(i64, i64)]) -> bool {
    point.iter().zip(space).zip(margins).any(|((&at, &extent), &(low, high))| at < low || at >= extent - high)
}

fn breach_at(frame: Frame, array: u32, breach: Breach) -> Stop {
    let name = frame.code.arrays.get(array as usize).map_or("of a variable", |array| array.name.as_str());
    internal(format!("in function '{}', array '{name}': {breach}", frame.code.name))
}

/// Begin and end of the units or positions, and the groups, of a part of a launch.
fn extent_of(code: &Code, space: &[i64], part: Part) -> Result<(i64, i64, (u32, u32)), Stop> {
    let product = |extents: &[i64]| extents.iter().map(|&extent| extent.max(0)).fold(1, i64::saturating_mul);
    match (&code.form, part) {
        (Form::Function | Form::Host, _) => Err(internal(format!("'{}' is no kernel", code.name))),
        (Form::Kernel, Part::Whole) => Ok((0, 0, (0, 0))),
        (Form::Range, Part::Whole) => match space {
            [extent] => Ok((0, *extent, (0, 0))),
            // An empty row has no point, but rows are counted all the same.
            _ => Ok((0, product(&space[..space.len().saturating_sub(1)]), (0, 0))),
        },
        (Form::Range, Part::Range { begin, end }) => Ok((begin, end, (0, 0))),
        (Form::Grid { group, rows: true }, Part::Whole) => {
            let (last, outer) = space.split_last().ok_or_else(|| internal(format!("'{}' has no rows", code.name)))?;
            let count = product(outer);
            match (u32::try_from((*last).max(0).unsigned_abs().div_ceil(*group as u64)), u32::try_from(count)) {
                (Ok(x), Ok(y)) => Ok((0, count, (x, y))),
                _ => Err(internal(format!("a grid of {count} rows of {last} is too large"))),
            }
        }
        (Form::Grid { group, rows: false }, Part::Whole) => {
            let points = product(space);
            let groups = (points as u64).div_ceil(*group as u64);
            let x = groups.clamp(1, 65_535);
            match u32::try_from(groups.div_ceil(x)) {
                Ok(y) => Ok((0, points, (x as u32, y))),
                Err(_) => Err(internal(format!("a grid of {groups} groups is too large"))),
            }
        }
        (Form::Grid { .. }, Part::Grid { begin, end, groups }) => Ok((begin, end, groups)),
        (form, part) => Err(internal(format!("a kernel of form {form:?} cannot run {part:?}"))),
    }
}

/// The scalar parameters of a kernel, by their roles.
fn fill(code: &Code, launch: &Launch, begin: i64, end: i64) -> Result<Vec<u64>, Stop> {
    let mut scalars = Vec::new();
    for parameter in &code.parameters {
        let CodeParameter::Scalar { role, scalar } = parameter else { continue };
        let axis_of = |list: fn(&ArrayArgument) -> &Vec<i64>, array: usize, axis: u32| {
            launch.arrays.get(array).and_then(|array| list(array).get(axis as usize)).map(|&number| number as u64)
        };
        let bits = match *role {
            Role::Argument(number) => {
                launch.captures.get(number as usize).map(|&bits| Constant::canonical(bits, *scalar))
            }
            Role::SpaceExtent(axis) => launch.space.get(axis as usize).map(|&extent| extent as u64),
            Role::Begin => Some(begin as u64),
            Role::End => Some(end as u64),
            Role::Offset(array) => launch.arrays.get(array.index()).map(|array| array.offset as u64),
            Role::Extent(array, axis) => axis_of(|array| &array.shape, array.index(), axis),
            Role::Stride(array, axis) => axis_of(|array| &array.strides, array.index(), axis),
        };
        scalars.push(bits.ok_or_else(|| internal(format!("nothing fills {role:?} of kernel '{}'", code.name)))?);
    }
    Ok(scalars)
}
