//! Random well-typed kernels, run on every device and after every stage, and shrunk where something differs.
//!
//! [`generator`] makes a program (`expressions`, `statements`, `constructs`) and [`arguments`] for it, as a [`tree`] of text;
//! [`check`] compares every way of running it with the interpreter, in this process or in another one ([`child`]); `folds` reduces by it;
//! [`shrink`] finds the smallest program that still differs; [`regression`] writes it down as an IR text with
//! expectations, and runs such texts.

pub mod arguments;
pub mod check;
pub mod child;
mod constructs;
mod expressions;
mod folds;
pub mod generator;
pub mod regression;
pub mod shrink;
mod statements;
pub mod subnormals;
pub mod tree;
pub mod whole;

use crate::random::Random;
use check::{Checks, Difference, Verdict};
use std::fmt;
use std::time::{Duration, Instant};
use tree::Case;

/// What a run has seen.
#[derive(Debug, Default)]
pub struct Report {
    pub ran: u64,
    /// Kernels that failed, as they should.
    pub failed: u64,
    pub refused: u64,
    pub long: u64,
    /// How often each message refused a kernel.
    pub refusals: Vec<(String, u64)>,
    pub found: Vec<Found>,
    /// The numbers of those that did not come back.
    pub hung: Vec<u64>,
}

/// A program that differs somewhere.
#[derive(Debug, Clone)]
pub struct Found {
    pub seed: u64,
    pub number: u64,
    pub case: Case,
    pub difference: Difference,
}

/// How far a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// The numbers of the cases.
    pub first: u64,
    pub count: u64,
    pub time: Duration,
    /// The judges see one case in so many, each for two architectures.
    pub judged: u64,
    /// After so many findings, those that hang among them, it ends.
    pub most_found: usize,
}

/// What happens in a run, as it happens.
pub enum Event<'a> {
    /// This case comes next.
    Case(u64, &'a Case),
    Found(&'a Found),
    /// This case was given up after so many seconds.
    Hung(u64, &'a Case, u64),
}

/// What checks cases. `judged`: by the judges as well, if there are any.
pub trait Checker {
    fn check(&mut self, number: u64, case: &Case, judged: bool) -> Verdict;
    /// The smallest program that differs in the same place.
    fn shrink(&mut self, number: u64, case: &Case, difference: &Difference, judged: bool) -> (Case, Difference);
}

/// In this process: a case that hangs ends the run.
impl Checker for Checks {
    fn check(&mut self, number: u64, case: &Case, judged: bool) -> Verdict {
        check::check(case, &judged_by(self, number, judged))
    }

    fn shrink(&mut self, number: u64, case: &Case, difference: &Difference, judged: bool) -> (Case, Difference) {
        shrink::shrink(case, difference, &judged_by(self, number, judged))
    }
}

/// The checks of one case.
fn judged_by(checks: &Checks, number: u64, judged: bool) -> Checks {
    let judges = checks.judges.as_ref().filter(|_| judged).map(|all| two_of(all, number));
    Checks { judges, ..checks.clone() }
}

/// Generates and checks. `note` hears of every case before it is run, and of what is found.
pub fn run(seed: u64, extent: Extent, checker: &mut dyn Checker, note: &mut dyn FnMut(Event, &Report)) -> Report {
    let started = Instant::now();
    let mut report = Report::default();
    for number in extent.first..extent.first.saturating_add(extent.count) {
        let found = report.found.len() + report.hung.len();
        if started.elapsed() >= extent.time || found >= extent.most_found {
            break;
        }
        let case = generator::case(seed, number);
        note(Event::Case(number, &case), &report);
        let judged = extent.judged > 0 && number % extent.judged == 0;
        match checker.check(number, &case, judged) {
            Verdict::Right { failed } => {
                report.ran += 1;
                report.failed += failed as u64;
            }
            Verdict::Refused(text) => report.refuse(text),
            Verdict::Long => report.long += 1,
            Verdict::Hung { seconds } => {
                report.hung.push(number);
                note(Event::Hung(number, &case, seconds), &report);
            }
            Verdict::Wrong(difference) => {
                report.ran += 1;
                let (case, difference) = checker.shrink(number, &case, &difference, judged);
                let found = Found { seed, number, case, difference };
                note(Event::Found(&found), &report);
                report.found.push(found);
            }
        }
    }
    report
}

/// Two architectures by the case's number, so that a case finds them again; over many cases each of them.
fn two_of(architectures: &[&'static str], number: u64) -> Vec<&'static str> {
    let mut random = Random::new(number);
    let first = random.below(architectures.len());
    let second = first + 1 + random.below(architectures.len().saturating_sub(1));
    let mut chosen = vec![architectures[first], architectures[second % architectures.len()]];
    chosen.dedup();
    chosen
}

impl Report {
    fn refuse(&mut self, text: String) {
        self.refused += 1;
        let message = text.lines().next().unwrap_or_default().to_string();
        match self.refusals.iter_mut().find(|(known, _)| *known == message) {
            Some((_, times)) => *times += 1,
            None => self.refusals.push((message, 1)),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} kernels ran ({} of them fail, as they should), {} were refused, {} took too long; {} found",
            self.ran,
            self.failed,
            self.refused,
            self.long,
            self.found.len()
        )?;
        if self.hung.is_empty() { Ok(()) } else { write!(formatter, "; did not come back: {:?}", self.hung) }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "seed {}, case {}: {}: {}",
            self.seed, self.number, self.difference.place, self.difference.detail
        )?;
        writeln!(formatter, "{}", self.case.text())?;
        for (number, argument) in self.case.arguments.iter().enumerate() {
            writeln!(formatter, "# argument {number}: {argument:?}")?;
        }
        write!(formatter, "# result: {} {:?}", self.case.result, self.case.space)
    }
}
