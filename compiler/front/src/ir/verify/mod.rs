//! The verifier: every rule that a module must keep, checked between passes.
//!
//! Rules of a function:
//!
//! * Every value and every array is defined once, before its uses, and used only in the region of its definition and
//!   those inside.
//! * Operand and result types are those of the op table; conditions are bool, indices and extents `index`.
//! * Array parameters stand in the order of [`Function::arrays`], each once, before the local arrays, which are
//!   functions' alone. What an array is defined as has its type. Loads need an array that may be read,
//!   stores one that may be written; there are as many indices as axes, and the types are the array's.
//! * `break`, `continue`, `return` and `raise` are the last statement of their region. The first two stand in a loop's body, of
//!   the same `parallel`; a loop's `step` has no `break`, `continue` or `return` of its own.
//! * A function with results does not run off its end. Only functions of the forms `Function` and `Host` have
//!   results.
//! * A `parallel` holds no `return`, `parallel` or `launch`. A variable that it reads or sets is its own: nothing
//!   outside it, and no other `parallel`, uses that variable. (It is zero at the start of every point.)
//! * A `Kernel`'s body is one `parallel`, behind constants at most. `Range` and `Grid` kernels have no `parallel`, `call` or `launch`.
//!   Their traps have positions. Only `Grid` kernels read builtins. Roles fit the form; either all arrays of a kernel
//!   are buffers or none is.
//! * `retain` and `release` stand in `Host` functions, which have no `parallel` and no `launch`; `poll` stands in no kernel.
//! * Regions are nested at most [`NESTING`] deep.
//!
//! Rules of a module: names are unique; calls and launches name functions that exist and pass what these take; a
//! function called from inside a `parallel` has no `parallel` or `launch` itself, and does not call itself, not even
//! through others; `Host` functions call only their like; constant tables are not empty.
//!
//! Here are the walk over regions and what is visible in them; `signature` has what a function is, `statement`, `definition`,
//! `calls` and `expression` each statement by itself, `names` the definitions and types of what they name, `call_graph` the
//! rules of a module that one function does not show.

mod call_graph;
mod calls;
mod definition;
mod expression;
mod names;
mod signature;
mod statement;

use super::text::statement_line;
use super::*;
use crate::error::{Error, Result};
use call_graph::check_call_graph;
use std::collections::{HashMap, HashSet};

/// How deep regions may be nested in each other.
pub const NESTING: usize = 400;

/// Checks a whole module. An error is ours: [`Error::Internal`] with the function's name and the statement.
pub fn verify(module: &Module) -> Result<()> {
    let mut names = HashSet::new();
    for table in &module.tables {
        if !names.insert(&table.name) {
            return Err(Error::Internal(format!("two constant tables are called '{}'", table.name)));
        }
        if table.entries.is_empty() {
            return Err(Error::Internal(format!("the constant table '{}' is empty", table.name)));
        }
    }
    let mut functions = HashMap::new();
    for (number, function) in module.functions.iter().enumerate() {
        if functions.insert(function.name.as_str(), number).is_some() {
            return Err(Error::Internal(format!("two functions are called '{}'", function.name)));
        }
    }
    for function in &module.functions {
        Verifier::new(function, Some(module)).run()?;
    }
    check_call_graph(module, &functions)
}

/// Checks one function, but nothing that depends on its module: what it calls and launches, its constant tables.
pub fn verify_function(function: &Function) -> Result<()> {
    Verifier::new(function, None).run()
}

/// What stands around a statement.
#[derive(Clone, Copy)]
struct Surroundings {
    /// `break` and `continue` have a loop to refer to.
    in_loop: bool,
    /// Inside a loop's step, where nothing may leave.
    in_step: bool,
    /// The number of the `parallel` around it, counted in order of appearance.
    parallel: Option<usize>,
    depth: usize,
}

struct Verifier<'a> {
    function: &'a Function,
    module: Option<&'a Module>,
    /// Per value: has it been defined anywhere, and is it visible now?
    defined: Vec<bool>,
    visible: Vec<bool>,
    /// The same per array.
    arrays_defined: Vec<bool>,
    arrays_visible: Vec<bool>,
    /// What the current region has defined so far: what outer regions have is below in the stack.
    scope: Vec<Argument>,
    /// Which parallel (or `None`: code outside) uses a variable; the outer option: nothing so far.
    users: Vec<Option<Option<usize>>>,
    parallels: usize,
    /// The numbers of the `try` whose handlers this is in.
    handlers: Vec<u32>,
}

impl<'a> Verifier<'a> {
    fn new(function: &'a Function, module: Option<&'a Module>) -> Verifier<'a> {
        Verifier {
            function,
            module,
            defined: vec![false; function.values.len()],
            visible: vec![false; function.values.len()],
            arrays_defined: vec![false; function.arrays.len()],
            arrays_visible: vec![false; function.arrays.len()],
            scope: Vec::new(),
            users: vec![None; function.variables.len()],
            parallels: 0,
            handlers: Vec::new(),
        }
    }

    fn error<T>(&self, message: impl std::fmt::Display) -> Result<T> {
        Err(Error::Internal(format!("in function '{}': {message}", self.function.name)))
    }

    fn run(&mut self) -> Result<()> {
        self.parameters()?;
        self.form()?;
        let surroundings = Surroundings { in_loop: false, in_step: false, parallel: None, depth: 0 };
        self.region(&self.function.body, surroundings)?;
        if !self.function.results.is_empty() && !self.function.body.leaves() {
            return self.error("it has results, but its end can be reached");
        }
        Ok(())
    }

    fn region(&mut self, region: &Region, surroundings: Surroundings) -> Result<()> {
        if surroundings.depth > NESTING {
            return self.error(format!("its regions are nested more than {NESTING} deep"));
        }
        let start = self.scope.len();
        for (position, statement) in region.statements.iter().enumerate() {
            let last = position + 1 == region.statements.len();
            if let Err(message) = self.statement(statement, surroundings, last) {
                return self.error(format!("{message}, in: {}", statement_line(self.function, statement)));
            }
            self.inner_regions(statement, surroundings)?;
        }
        self.leave_scope(start);
        Ok(())
    }

    /// Nothing that was defined since is visible any more.
    fn leave_scope(&mut self, start: usize) {
        for defined in self.scope.drain(start..) {
            match defined {
                Argument::Value(value) => self.visible[value.index()] = false,
                Argument::Array(array) => self.arrays_visible[array.index()] = false,
            }
        }
    }

    fn inner_regions(&mut self, statement: &Statement, surroundings: Surroundings) -> Result<()> {
        let inside = Surroundings { depth: surroundings.depth + 1, ..surroundings };
        match statement {
            Statement::If { then, otherwise, .. } => {
                self.region(then, inside)?;
                self.region(otherwise, inside)
            }
            Statement::Try { number, body, handler } => {
                self.region(body, inside)?;
                self.handlers.push(*number);
                self.region(handler, inside)?;
                self.handlers.pop();
                Ok(())
            }
            Statement::Loop { body, step } => {
                // A loop within a step has its own breaks, but still no return.
                self.region(body, Surroundings { in_loop: true, ..inside })?;
                self.region(step, Surroundings { in_loop: false, in_step: true, ..inside })
            }
            Statement::Parallel(parallel) => {
                let number = self.parallels;
                self.parallels += 1;
                let inside = Surroundings { in_loop: false, parallel: Some(number), ..inside };
                let start = self.scope.len();
                for &point in &parallel.point {
                    if let Err(message) =
                        self.define(point).and_then(|()| self.expect(point, ScalarType::Index, "the point"))
                    {
                        return self.error(format!("{message}, in: {}", statement_line(self.function, statement)));
                    }
                }
                self.region(&parallel.body, inside)?;
                if let Some(border) = &parallel.border {
                    self.region(&border.region, inside)?;
                }
                self.leave_scope(start);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether this is no kernel.
    fn is_function(&self) -> bool {
        matches!(self.function.form, Form::Function | Form::Host)
    }

    fn is_scheduled(&self) -> bool {
        matches!(self.function.form, Form::Range | Form::Grid { .. })
    }
}

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::Function => "function",
        Form::Host => "host function",
        Form::Kernel => "kernel",
        Form::Range => "range kernel",
        Form::Grid { .. } => "grid kernel",
    }
}
