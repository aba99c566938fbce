//! Expectations in IR text: comments that say what running a function gives.
//!
//! ```text
//! ; run @add(1, 2.5) = 3.5
//! ; run @divide(7, 2) = 3, 1
//! ; run @scale(2.0, [1.0, 2.0], [0.0, 0.0]) writes out = [2.0, 4.0]
//! ; run @sum([[1, 2], [3, 4]]) = 10 writes seen = [true]
//! ; run @pick([1, 2], 5) traps #0 at 3 payload 5
//! ; run @vectorized([1, 2], 5) traps #0 of @pick at 3 payload 5
//! ; run @row([[1, 2], [3, 4]], 1) = [3, 4], 2
//! ; run @scale(2.0, [[1.0, 2.0], [3.0, 4.0]] strides (1, 2), [[0.0, 0.0], [0.0, 0.0]]) writes out = [[2.0, 4.0], [6.0, 8.0]]
//! ```
//!
//! A line holds one expectation. Arguments stand in the order of the function's parameters: a literal of the
//! parameter's type for a scalar, nested lists in C order for an array. After `strides` stands how far apart the array's
//! elements lie in its buffer, along every axis: negative or 0 where they lie backwards or are the same; without, the
//! buffer is in C order. After `=` stand the results, nested lists again where they are arrays. After `writes`
//! stand arrays, by their names in the text, with what they hold afterwards; arrays that are not named there must
//! not change. After `traps` stands the site, then the function that has it if that is another one, then the linear
//! position of the failing point if the trap is inside of a `parallel`, then the payload if it matters. Results are compared by their bits; every NaN is as good as another.
//!
//! [`cases`] finds them, [`Case::interpret`] runs one on the interpreter; other devices run a case themselves and ask
//! [`Case::check`] about the outcome.

mod files;

pub use files::{Entry, files, whole_functions};
use numbra_front::error::{ErrorClass, Mistake, Result};
use numbra_front::interp::memory::{from_bytes, to_bytes};
use numbra_front::interp::{self, Buffer, Failure, Host, InterpretedProgram, Limits};
use numbra_front::ir::lexer::Token;
use numbra_front::ir::parse::Parser;
use numbra_front::ir::{ArrayType, Function, Kind, Module, Parameter, SiteId, Statement, text};
use numbra_front::source::Source;
use numbra_front::types::{Constant, ScalarType};
use std::sync::Arc;

/// One expectation.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its text, for messages.
    pub text: String,
    /// Its line in the file, from 1.
    pub line: usize,
    pub function: String,
    pub arguments: Vec<CaseArgument>,
    pub expected: Expected,
}

#[derive(Debug, Clone)]
pub enum CaseArgument {
    Scalar(Constant),
    Array(CaseArray),
}

#[derive(Debug, Clone)]
pub struct CaseArray {
    pub name: String,
    pub scalar: ScalarType,
    pub shape: Vec<i64>,
    /// In elements.
    pub strides: Vec<i64>,
    /// In C order, however they lie.
    pub elements: Vec<u64>,
}

#[derive(Debug, Clone)]
pub enum Expected {
    /// `results` are those that are scalars and `returned` those that are arrays, each in order. `arrays`: what every
    /// array argument holds afterwards, in order.
    Returns { results: Vec<Constant>, returned: Vec<CaseArray>, arrays: Vec<Vec<u64>> },
    Traps {
        /// The function whose site it is.
        function: String,
        site: SiteId,
        position: Option<i64>,
        payload: Option<Constant>,
    },
}

/// What a device gives for a case: bits as in [`Constant::bits`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// `results`: of the results, the scalars. `returned`: the arrays. `arrays`: what every array argument holds
    /// afterwards, in order and in C order.
    Returns {
        results: Vec<u64>,
        returned: Vec<Returned>,
        arrays: Vec<Vec<u64>>,
    },
    Traps {
        site: SiteId,
        position: Option<i64>,
        payload: u64,
    },
}

/// An array that a function gives: its elements in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Returned {
    pub shape: Vec<i64>,
    pub elements: Vec<u64>,
}

/// The expectations of a text, of which `module` is the parsed form.
pub fn cases(source: &Source, module: &Module) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let Some(text) = line.trim_start().strip_prefix(';').map(str::trim_start) else { continue };
        if text.strip_prefix("run").is_none_or(|rest| !rest.trim_start().starts_with('@')) {
            continue;
        }
        // A blank in place of the comment's sign: columns stay right.
        let line = Arc::new(Source {
            name: source.name.clone(),
            text: line.replacen(';', " ", 1),
            first_line: source.first_line + number,
        });
        cases.push(case(&line, module)?);
    }
    Ok(cases)
}

fn case(line: &Arc<Source>, module: &Module) -> Result<Case> {
    let mut parser = Parser::new(line)?;
    parser.expect_word("run")?;
    let span = parser.span();
    let name = parser.global()?;
    let mistake = |message: String| Mistake::new(ErrorClass::Value, line, span, message);
    let function = module.function(&name).ok_or_else(|| mistake(format!("there is no function '{name}'")))?;
    parser.expect("(")?;
    let mut parameters = function.parameters.iter();
    let arguments = parser.list(")", |parser| match parameters.next() {
        None => parser.expected("no further argument"),
        Some(Parameter::Scalar { value, .. }) => {
            let scalar = function.scalar(*value);
            Ok(CaseArgument::Scalar(Constant { scalar, bits: parser.literal(scalar)? }))
        }
        Some(Parameter::Array(array)) => {
            let array = &function.arrays[array.index()];
            let (mut shape, mut elements) = (vec![None; array.rank as usize], Vec::new());
            nested_list(parser, array.scalar, &mut shape, &mut elements)?;
            let shape: Vec<i64> = shape.into_iter().map(|extent| extent.unwrap_or(0)).collect();
            let (span, name) = (parser.span(), array.name.clone());
            let strides = strides(parser, &shape)?;
            let array = CaseArray { name, scalar: array.scalar, shape, strides, elements };
            match array.memory() {
                Some(_) => Ok(CaseArgument::Array(array)),
                None => parser.mistake_at(span, "different elements lie at the same place"),
            }
        }
    })?;
    if arguments.len() != function.parameters.len() {
        return Err(mistake(format!("'{name}' takes {} arguments", function.parameters.len())).into());
    }
    let expected = match parser.accept_word("traps") {
        true => traps(&mut parser, module, function)?,
        false => returns(&mut parser, function, &arguments)?,
    };
    if *parser.peek() != Token::End {
        return parser.expected("the end of the line");
    }
    Ok(Case { text: line.text.trim().to_string(), line: line.first_line, function: name, arguments, expected })
}

/// Reads a list of lists, as deep as `shape` is long, and finds the extents.
fn nested_list(
    parser: &mut Parser,
    scalar: ScalarType,
    shape: &mut [Option<i64>],
    elements: &mut Vec<u64>,
) -> Result<()> {
    let Some((extent, inner)) = shape.split_first_mut() else {
        elements.push(parser.literal(scalar)?);
        return Ok(());
    };
    let span = parser.span();
    parser.expect("[")?;
    let count = parser.list("]", |parser| nested_list(parser, scalar, inner, elements))?.len() as i64;
    if *extent.get_or_insert(count) != count {
        return parser.mistake_at(span, "the lists differ in length");
    }
    Ok(())
}

/// An array's strides: those that are given, or of C order.
fn strides(parser: &mut Parser, shape: &[i64]) -> Result<Vec<i64>> {
    if !parser.accept_word("strides") {
        return Ok(interp::ArrayArgument::c_order(0, shape).strides);
    }
    let span = parser.span();
    parser.expect("(")?;
    let strides = parser.list(")", |parser| parser.integer::<i32>().map(i64::from))?;
    match strides.len() == shape.len() {
        true => Ok(strides),
        false => parser.mistake_at(span, format!("the array has {} axes", shape.len())),
    }
}

fn traps(parser: &mut Parser, module: &Module, function: &Function) -> Result<Expected> {
    let Token::Site(number) = *parser.peek() else {
        return parser.expected("a site");
    };
    parser.take();
    let mut function = function;
    if parser.accept_word("of") {
        let span = parser.span();
        let name = parser.global()?;
        match module.function(&name) {
            Some(other) => function = other,
            None => return parser.mistake_at(span, format!("there is no function '{name}'")),
        }
    }
    let position = match parser.accept_word("at") {
        true => Some(parser.integer()?),
        false => None,
    };
    // The payload's type is that of the value that the function's trap at this site passes.
    let mut scalar = ScalarType::I64;
    function.body.walk(&mut |statement| match statement {
        Statement::Trap { site, payloads, .. } if site.0 == number => {
            scalar = payloads.first().map_or(scalar, |&payload| function.scalar(payload));
        }
        _ => {}
    });
    let payload = match parser.accept_word("payload") {
        true => Some(Constant { scalar, bits: parser.literal(scalar)? }),
        false => None,
    };
    Ok(Expected::Traps { function: function.name.clone(), site: SiteId(number), position, payload })
}

fn returns(parser: &mut Parser, function: &Function, arguments: &[CaseArgument]) -> Result<Expected> {
    let (mut results, mut returned) = (Vec::new(), Vec::new());
    if parser.accept("=") {
        for (number, kind) in function.results.iter().enumerate() {
            if number > 0 {
                parser.expect(",")?;
            }
            match kind {
                Kind::Scalar(scalar) => {
                    results.push(Constant { scalar: *scalar, bits: parser.literal(*scalar)? });
                }
                Kind::Array(ArrayType { scalar, strides, .. }) => {
                    let (mut shape, mut elements) = (vec![None; strides.len()], Vec::new());
                    nested_list(parser, *scalar, &mut shape, &mut elements)?;
                    let shape: Vec<i64> = shape.into_iter().map(|extent| extent.unwrap_or(0)).collect();
                    let strides = interp::ArrayArgument::c_order(0, &shape).strides;
                    returned.push(CaseArray { name: "the result".into(), scalar: *scalar, shape, strides, elements });
                }
            }
        }
    }
    let given: Vec<&CaseArray> = arguments.iter().filter_map(CaseArgument::array).collect();
    let mut arrays: Vec<Vec<u64>> = given.iter().map(|array| array.elements.clone()).collect();
    if parser.accept_word("writes") {
        loop {
            let span = parser.span();
            let (Token::Name(label) | Token::Quoted(label)) = parser.take() else {
                return parser.mistake_at(span, "expected an array's name");
            };
            let Some(number) = given.iter().position(|array| array.name == label.name) else {
                return parser.mistake_at(span, "there is no such array");
            };
            parser.expect("=")?;
            let CaseArray { scalar, shape: wanted, .. } = given[number];
            let (mut shape, mut elements) = (vec![None; wanted.len()], Vec::new());
            nested_list(parser, *scalar, &mut shape, &mut elements)?;
            let shape: Vec<i64> = shape.into_iter().map(|extent| extent.unwrap_or(0)).collect();
            if shape != *wanted {
                return parser.mistake_at(span, format!("the array has the shape {wanted:?}"));
            }
            arrays[number] = elements;
            if !parser.accept(",") {
                break;
            }
        }
    }
    Ok(Expected::Returns { results, returned, arrays })
}

/// The element of the buffer where each element of an array lies, in C order.
pub fn places(offset: i64, shape: &[i64], strides: &[i64]) -> Vec<usize> {
    let place = |number: i64| {
        let (mut rest, mut place) = (number, offset);
        for (&extent, &stride) in shape.iter().zip(strides).rev() {
            place += rest % extent * stride;
            rest /= extent;
        }
        place as usize
    };
    (0..shape.iter().product()).map(place).collect()
}

impl Returned {
    /// Whether it is this array. Of an array without elements the lists do not show the whole shape.
    fn is(&self, wanted: &CaseArray) -> bool {
        let scalar = wanted.scalar;
        let same = |(&wanted, &found): (&u64, &u64)| Constant::same(wanted, found, scalar);
        let shape = wanted.elements.is_empty() || self.shape == wanted.shape;
        shape && self.elements.len() == wanted.elements.len() && wanted.elements.iter().zip(&self.elements).all(same)
    }
}

impl Expected {
    fn returned(&self) -> &[CaseArray] {
        match self {
            Expected::Returns { returned, .. } => returned,
            Expected::Traps { .. } => &[],
        }
    }
}

impl CaseArgument {
    pub fn array(&self) -> Option<&CaseArray> {
        match self {
            CaseArgument::Array(array) => Some(array),
            CaseArgument::Scalar(_) => None,
        }
    }
}

impl CaseArray {
    /// How many elements lie before the one whose indices are all 0, in the smallest buffer that holds the array.
    pub fn offset(&self) -> i64 {
        let axes = self.shape.iter().zip(&self.strides);
        if self.elements.is_empty() { 0 } else { axes.map(|(extent, stride)| (-stride).max(0) * (extent - 1)).sum() }
    }

    /// The element of the buffer where each element lies, in C order.
    /// The element of the buffer where each element lies, in C order.
    pub fn places(&self) -> Vec<usize> {
        places(self.offset(), &self.shape, &self.strides)
    }

    /// The elements of the smallest buffer that holds the array, 0 where none lies. `None`: two that differ lie at the
    /// same place.
    pub fn memory(&self) -> Option<Vec<u64>> {
        let places = self.places();
        let mut memory = vec![None; places.iter().max().map_or(0, |last| last + 1)];
        for (&place, &bits) in places.iter().zip(&self.elements) {
            if *memory[place].get_or_insert(bits) != bits {
                return None;
            }
        }
        Some(memory.into_iter().map(Option::unwrap_or_default).collect())
    }
}

impl Case {
    pub fn arrays(&self) -> impl Iterator<Item = &CaseArray> {
        self.arguments.iter().filter_map(CaseArgument::array)
    }

    /// Whether an outcome is the expected one; if not, what differs. A site is compared by its number alone, since passes
    /// give functions and kernels other names: what fails in another function must be compared before they run, or by
    /// its message.
    pub fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let fail = |message: String| Err(format!("line {}: {}: {message}", self.line, self.text));
        match (&self.expected, outcome) {
            (
                Expected::Returns { results, returned, arrays },
                Outcome::Returns { results: found_results, returned: found_returned, arrays: found_arrays },
            ) => {
                let same_results = returned.len() == found_returned.len()
                    && returned.iter().zip(found_returned).all(|(wanted, found)| found.is(wanted));
                if !same_results {
                    return fail(format!("the outcome has other arrays as results: {outcome:?}"));
                }
                if results.len() != found_results.len() || arrays.len() != found_arrays.len() {
                    return fail(format!("the outcome has another number of results or arrays: {outcome:?}"));
                }
                for (wanted, &found) in results.iter().zip(found_results) {
                    if !Constant::same(wanted.bits, found, wanted.scalar) {
                        let found = text::literal(Constant { bits: found, ..*wanted });
                        return fail(format!("the result is {found}"));
                    }
                }
                for (CaseArray { name, scalar, .. }, (wanted, found)) in
                    self.arrays().zip(arrays.iter().zip(found_arrays))
                {
                    let scalar = *scalar;
                    let equal = wanted.len() == found.len()
                        && wanted.iter().zip(found).all(|(&wanted, &found)| Constant::same(wanted, found, scalar));
                    if !equal {
                        let found: Vec<String> =
                            found.iter().map(|&bits| text::literal(Constant { scalar, bits })).collect();
                        return fail(format!("'{name}' is [{}]", found.join(", ")));
                    }
                }
                Ok(())
            }
            (
                Expected::Traps { site, position, payload, .. },
                Outcome::Traps { site: found_site, position: found_position, payload: found_payload },
            ) => match site == found_site
                && position == found_position
                && payload.is_none_or(|payload| payload.bits == *found_payload)
            {
                true => Ok(()),
                false => fail(format!("found {outcome:?}")),
            },
            _ => fail(format!("found {outcome:?}")),
        }
    }

    /// Runs the case on the interpreter.
    pub fn interpret(&self, program: &InterpretedProgram, limits: &Limits) -> Result<Outcome, Failure> {
        self.run(|arguments, buffers| {
            let outputs = program.evaluate(&self.function, arguments, buffers, limits)?;
            let (mut results, mut returned) = (Vec::new(), Vec::new());
            for result in outputs.results {
                match result {
                    interp::Argument::Scalar(bits) => results.push(bits),
                    interp::Argument::Array(array) => {
                        let scalar =
                            self.expected.returned().get(returned.len()).map_or(ScalarType::U8, |array| array.scalar);
                        let memory = match array.buffer.checked_sub(buffers.len()) {
                            None => buffers[array.buffer].bytes(),
                            Some(number) => outputs.memory.get(number).map_or(&[][..], Vec::as_slice),
                        };
                        let memory = from_bytes(scalar, memory);
                        let places = places(array.offset, &array.shape, &array.strides);
                        let elements = places.into_iter().map(|place| memory[place]).collect();
                        returned.push(Returned { shape: array.shape, elements });
                    }
                }
            }
            Ok((results, returned))
        })
    }

    /// Runs the case on the interpreter, with someone else running the kernels that it launches.
    pub fn interpret_with_host(
        &self,
        program: &InterpretedProgram,
        limits: &Limits,
        host: &mut dyn Host,
    ) -> Result<Outcome, Failure> {
        self.run(|arguments, buffers| {
            Ok((program.call_with_host(&self.function, arguments, buffers, limits, host)?, Vec::new()))
        })
    }

    /// Runs the case by `call`, which gives the results that are scalars and those that are arrays.
    pub fn run(
        &self,
        call: impl FnOnce(&[interp::Argument], &mut [Buffer]) -> Result<(Vec<u64>, Vec<Returned>), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut memories: Vec<(ScalarType, Vec<u8>)> = Vec::new();
        let mut arguments = Vec::new();
        for argument in &self.arguments {
            match argument {
                CaseArgument::Scalar(constant) => arguments.push(interp::Argument::Scalar(constant.bits)),
                CaseArgument::Array(array) => {
                    arguments.push(interp::Argument::Array(interp::ArrayArgument {
                        buffer: memories.len(),
                        offset: array.offset(),
                        shape: array.shape.clone(),
                        strides: array.strides.clone(),
                    }));
                    memories.push((array.scalar, to_bytes(array.scalar, &array.memory().unwrap_or_default())));
                }
            }
        }
        let mut buffers: Vec<Buffer> = memories.iter_mut().map(|(_, bytes)| Buffer::new(bytes)).collect();
        match call(&arguments, &mut buffers) {
            Ok((results, returned)) => {
                let arrays = self.arrays().zip(&memories).map(|(array, (scalar, bytes))| {
                    let memory = from_bytes(*scalar, bytes);
                    array.places().into_iter().map(|place| memory[place]).collect()
                });
                let arrays = arrays.collect();
                Ok(Outcome::Returns { results, returned, arrays })
            }
            Err(Failure::Trap(trap)) => Ok(Outcome::Traps {
                site: trap.site,
                position: trap.position,
                payload: trap.payloads.first().map_or(0, |payload| payload.bits),
            }),
            Err(failure) => Err(failure),
        }
    }
}
