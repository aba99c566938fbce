//! Random whole functions (`jit`): what compiled code and the interpreter make of them, against plain Python.
//!
//! [`generator`] makes a [`Program`] (`scalars`, `arrays`, `statements`), which always ends; [`check`] runs it on the
//! interpreter after every stage and natively, and compares that with what [`oracle`], a Python process, makes of the
//! same text; [`shrink`] finds the smallest program that still differs.

mod arrays;
pub mod check;
pub mod generator;
pub mod oracle;
mod scalars;
pub mod shrink;
mod statements;

use super::tree::{Function, Statement, write_functions};
use check::{Checks, Verdict};
use numbra::front::ir::{Access, ArrayType, Stride};
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::ItemType;
use numbra_expectation::{CaseArgument, CaseArray};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, Instant};

/// An argument of the function `f`, as the Python side reads it too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    Int(i64),
    Float(f64),
    Array(ArrayGiven),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrayGiven {
    pub dtype: String,
    pub shape: Vec<i64>,
    /// In elements.
    pub strides: Vec<i64>,
    /// In C order. Whole numbers and fractions that every dtype here holds.
    pub elements: Vec<f64>,
    pub readonly: bool,
}

/// A program, of which `f`, the last function, is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    pub functions: Vec<Function>,
    pub arguments: Vec<Argument>,
}

const PRELUDE: &str = "import numpy as np\nfrom numba import njit\n";
const RUN: &str = "# run f ";

impl Program {
    /// As Python text, with the arguments in its last line.
    pub fn text(&self) -> String {
        let mut text = PRELUDE.to_string();
        write_functions(&self.functions, &mut text);
        text + RUN + &serde_json::to_string(&self.arguments).unwrap_or_default() + "\n"
    }

    pub fn statements(&self) -> usize {
        fn count(body: &[Statement]) -> usize {
            let inner = |statement: &Statement| match statement {
                Statement::Line(_) => 1,
                Statement::Block(clauses) => 1 + clauses.iter().map(|clause| count(&clause.body)).sum::<usize>(),
            };
            body.iter().map(inner).sum()
        }
        self.functions.iter().map(|function| count(&function.body)).sum()
    }
}

/// The arguments in a program's text.
pub fn arguments(text: &str) -> Result<Vec<Argument>, String> {
    let line = text.lines().find_map(|line| line.strip_prefix(RUN)).ok_or("the text does not say what to run")?;
    serde_json::from_str(line).map_err(|error| format!("what to run: {error}"))
}

impl Argument {
    pub fn item_type(&self) -> Result<ItemType, String> {
        Ok(match self {
            Argument::Int(_) => ItemType::Scalar(ScalarType::I64),
            Argument::Float(_) => ItemType::Scalar(ScalarType::F64),
            Argument::Array(given) => {
                let order = |axes: &mut dyn Iterator<Item = usize>| -> bool {
                    let mut next = 1;
                    let mut axes = axes;
                    Iterator::all(&mut axes, |axis| {
                        let fits = given.strides[axis] == next;
                        next *= given.shape[axis];
                        fits
                    })
                };
                let rank = given.shape.len();
                let strides = if order(&mut (0..rank).rev()) {
                    ArrayType::c_order(rank)
                } else if order(&mut (0..rank)) {
                    ArrayType::f_order(rank)
                } else {
                    vec![Stride::Any; rank]
                };
                let access = if given.readonly { Access::Read } else { Access::ReadWrite };
                ItemType::Array(ArrayType { scalar: given.scalar()?, access, strides })
            }
        })
    }

    pub fn case_argument(&self) -> Result<CaseArgument, String> {
        Ok(match self {
            Argument::Int(value) => CaseArgument::Scalar(Constant { scalar: ScalarType::I64, bits: *value as u64 }),
            Argument::Float(value) => CaseArgument::Scalar(Constant::f64(*value)),
            Argument::Array(given) => {
                let scalar = given.scalar()?;
                let bits = |element: &f64| match scalar {
                    ScalarType::F64 => element.to_bits(),
                    _ => *element as i64 as u64,
                };
                CaseArgument::Array(CaseArray {
                    name: String::new(),
                    scalar,
                    shape: given.shape.clone(),
                    strides: given.strides.clone(),
                    elements: given.elements.iter().map(bits).collect(),
                })
            }
        })
    }
}

impl ArrayGiven {
    pub fn scalar(&self) -> Result<ScalarType, String> {
        match self.dtype.as_str() {
            "int64" => Ok(ScalarType::I64),
            "int32" => Ok(ScalarType::I32),
            "float64" => Ok(ScalarType::F64),
            other => Err(format!("no arrays of {other} here")),
        }
    }
}

/// What a run has seen.
#[derive(Debug, Default)]
pub struct Report {
    pub ran: u64,
    /// Programs that failed, as they should: by exception.
    pub failed: Vec<(String, u64)>,
    /// Python could not say.
    pub skipped: u64,
    pub refused: Vec<(String, u64)>,
    pub found: Vec<Found>,
}

/// A program that is wrong somewhere, shrunk.
#[derive(Debug, Clone)]
pub struct Found {
    pub seed: u64,
    pub number: u64,
    pub program: Program,
    pub place: String,
    pub detail: String,
}

/// Generates and checks. `note` hears the text of every program before it is run, and of what is found.
pub fn run(
    seed: u64,
    numbers: std::ops::Range<u64>,
    time: Duration,
    checks: &mut Checks,
    note: &mut dyn FnMut(u64, &str, Option<&Found>),
) -> Report {
    let started = Instant::now();
    let mut report = Report::default();
    for number in numbers {
        if started.elapsed() >= time || report.found.len() >= 20 {
            break;
        }
        let program = generator::program(seed, number);
        let text = program.text();
        note(number, &text, None);
        match check::check(&text, checks) {
            Verdict::Right { failed } => {
                report.ran += 1;
                if let Some(exception) = failed {
                    count(&mut report.failed, exception);
                }
            }
            Verdict::Skipped(_) => report.skipped += 1,
            Verdict::Refused(message) => count(&mut report.refused, message),
            Verdict::Wrong { place, detail } => {
                report.ran += 1;
                let (program, detail) = shrink::shrink(&program, &place, detail, checks);
                let found = Found { seed, number, program, place, detail };
                note(number, &text, Some(&found));
                report.found.push(found);
            }
        }
    }
    report
}

fn count(counts: &mut Vec<(String, u64)>, what: String) {
    match counts.iter_mut().find(|(known, _)| *known == what) {
        Some((_, times)) => *times += 1,
        None => counts.push((what, 1)),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: u64 = self.refused.iter().map(|(_, times)| times).sum();
        let Report { ran, failed, skipped, found, .. } = self;
        let found = found.len();
        write!(formatter, "{ran} programs ran, {skipped} were skipped, {refused} refused; {found} found; failed:")?;
        failed.iter().try_for_each(|(exception, times)| write!(formatter, " {exception} {times}"))
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { seed, number, program, place, detail } = self;
        let detail = detail.replace('\n', "\n# ");
        write!(formatter, "# seed {seed}, case {number}: {place}: {detail}\n{}", program.text())
    }
}
