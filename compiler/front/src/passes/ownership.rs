//! Says when memory is retained and released: turns functions without `parallel` into host functions.
//!
//! An array that `allocate` or a call defines *owns* a reference to its memory, and gives it back behind its last use, or
//! on the way out where control leaves before. Views and reshaped arrays borrow from their base, parameters from the
//! caller. An array variable owns a reference to what it holds, until it is set again or the function ends. An array that
//! is read from a variable borrows from it, unless the variable is set while the array can still be used: then it
//! owns a reference of its own.
//!
//! A reference is passed on, not counted up and down, where its owner is used for the last time: to the variable that
//! is set, to the caller that gets the result.
//!
//! Only ways out that stand in the IR are taken care of here: the end of a region, `break`, `continue` and `return`.
//! What fails (a `trap`, a `raise`, a call, an allocation, a `poll`) leaves from anywhere, through releases that a back
//! end makes from the same facts: whatever is defined, retained, and neither released nor passed on.

use crate::error::{Error, Result};
use crate::ir::*;
use std::collections::HashSet;

pub fn run(module: &mut Module) -> Result<()> {
    module.functions.iter_mut().filter(|function| function.form == Form::Function).try_for_each(run_function)
}

fn run_function(function: &mut Function) -> Result<()> {
    let mut has_parallel = false;
    function.body.walk(&mut |statement| has_parallel |= matches!(statement, Statement::Parallel(_)));
    if has_parallel {
        return Err(Error::Internal(format!("'{}' has a parallel, and cannot run on the host", function.name)));
    }
    let body = std::mem::take(&mut function.body);
    let mut owners = Owners::new(function, &body);
    let mut body = owners.region(body, Place::Function);
    if !body.leaves() {
        owners.release_variables(&HashSet::new(), &mut body);
    }
    function.body = body;
    function.form = Form::Host;
    Ok(())
}

/// What keeps an array's memory alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Keeper {
    Caller,
    /// The reference of this array (itself, or the one whose memory it shares).
    Array(ArrayId),
    Variable(VariableId),
}

/// What a region is to the loop or function around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Function,
    LoopBody,
    Inside,
}

/// A region that is being rewritten: the arrays of it that own a reference now.
struct Scope {
    place: Place,
    owned: Vec<ArrayId>,
}

struct Owners {
    /// Per array: the one at the end of its bases.
    roots: Vec<ArrayId>,
    /// Per array that is its own root.
    keepers: Vec<Keeper>,
    array_variables: Vec<VariableId>,
    /// The innermost one is the last one.
    scopes: Vec<Scope>,
}

impl Owners {
    fn new(function: &Function, body: &Region) -> Owners {
        let mut roots: Vec<ArrayId> = (0..function.arrays.len() as u32).map(ArrayId).collect();
        // Bases are defined before what shares their memory.
        body.walk(&mut |statement| {
            if let Statement::Define { array, definition } = statement
                && let Some(base) = definition.base()
            {
                roots[array.index()] = roots[base.index()];
            }
        });
        let variables = function.variables.iter().enumerate();
        let is_array =
            |(number, variable): (usize, &Variable)| variable.kind.array().map(|_| VariableId(number as u32));
        Owners {
            keepers: vec![Keeper::Caller; function.arrays.len()],
            roots,
            array_variables: variables.filter_map(is_array).collect(),
            scopes: Vec::new(),
        }
    }

    fn root(&self, array: ArrayId) -> ArrayId {
        self.roots[array.index()]
    }

    fn keeper(&self, array: ArrayId) -> Keeper {
        self.keepers[self.root(array).index()]
    }

    /// Per array that the region itself defines: the number of the last of its statements in which the array's memory
    /// is used. (Of others: whatever.)
    fn last_uses(&self, region: &Region) -> Vec<usize> {
        let mut last = vec![0; self.roots.len()];
        for (number, statement) in region.statements.iter().enumerate() {
            let mut note = |statement: &Statement| {
                let used = statement.arrays().into_iter().chain(statement.array_definitions());
                used.for_each(|array| last[self.root(array).index()] = number);
            };
            note(statement);
            statement.regions().into_iter().for_each(|inner| inner.walk(&mut note));
        }
        last
    }

    fn region(&mut self, region: Region, place: Place) -> Region {
        let last_uses = self.last_uses(&region);
        self.scopes.push(Scope { place, owned: Vec::new() });
        let mut out = Region::default();
        let mut rest = region.statements.into_iter();
        let mut number = 0;
        while let Some(statement) = rest.next() {
            self.statement(statement, rest.as_slice(), number, &last_uses, &mut out);
            if out.leaves() {
                break; // nothing gets behind it
            }
            if let Some(scope) = self.scopes.last_mut() {
                let (done, owned) = scope.owned.iter().partition(|array| last_uses[array.index()] <= number);
                scope.owned = owned;
                let done: Vec<ArrayId> = done;
                out.statements.extend(done.into_iter().rev().map(release));
            }
            number += 1;
        }
        self.scopes.pop();
        out
    }

    /// `rest`: what follows it in its region, in which it has that `number`.
    fn statement(
        &mut self,
        mut statement: Statement,
        rest: &[Statement],
        number: usize,
        last_uses: &[usize],
        out: &mut Region,
    ) {
        let is_loop = matches!(statement, Statement::Loop { .. });
        for (part, inner) in statement.regions_mut().into_iter().enumerate() {
            let place = if is_loop && part == 0 { Place::LoopBody } else { Place::Inside };
            *inner = self.region(std::mem::take(inner), place);
        }
        match &statement {
            Statement::Define { array, definition: Definition::Get(variable) } => {
                let (array, variable) = (*array, *variable);
                let is_set = rest.iter().any(|statement| sets(statement, variable));
                out.push(statement);
                self.keepers[array.index()] = Keeper::Variable(variable);
                if is_set {
                    out.push(Statement::Retain(array));
                    self.own(array);
                }
                return;
            }
            Statement::Set { variable, value: Argument::Array(array) } => {
                let holder = Holder::Variable(*variable);
                if !self.pass_on(*array, number, last_uses) {
                    out.push(Statement::Retain(*array));
                }
                out.push(Statement::Release(holder));
            }
            Statement::Break | Statement::Continue => {
                for scope in self.scopes.iter().rev() {
                    out.statements.extend(scope.owned.iter().rev().copied().map(release));
                    if scope.place == Place::LoopBody {
                        break;
                    }
                }
            }
            Statement::Return(results) => self.leave(results, out),
            _ => {}
        }
        let allocates = matches!(statement, Statement::Define { definition: Definition::Allocate { .. }, .. });
        if allocates || matches!(statement, Statement::Call { .. } | Statement::Guarded { .. }) {
            statement.array_definitions().into_iter().for_each(|array| self.own(array));
        }
        out.push(statement);
    }

    fn own(&mut self, array: ArrayId) {
        self.keepers[array.index()] = Keeper::Array(array);
        if let Some(scope) = self.scopes.last_mut() {
            scope.owned.push(array);
        }
    }

    /// Whether the reference that keeps an array becomes somebody else's: it is this region's, and this is the last use.
    fn pass_on(&mut self, array: ArrayId, number: usize, last_uses: &[usize]) -> bool {
        let root = self.root(array);
        let Some(scope) = self.scopes.last_mut() else { return false };
        let place = scope.owned.iter().position(|owned| *owned == root);
        match place.filter(|_| last_uses[root.index()] == number) {
            Some(place) => {
                scope.owned.remove(place);
                true
            }
            None => false,
        }
    }

    /// Every reference of the function is given back, except that each result comes with one.
    fn leave(&self, results: &[Argument], out: &mut Region) {
        let mut passed = HashSet::new();
        for array in results.iter().filter_map(|result| result.array()) {
            let keeper = self.keeper(array);
            if keeper == Keeper::Caller || !passed.insert(keeper) {
                out.push(Statement::Retain(array));
            }
        }
        for scope in self.scopes.iter().rev() {
            let owned = scope.owned.iter().rev().copied();
            out.statements.extend(owned.filter(|array| !passed.contains(&Keeper::Array(*array))).map(release));
        }
        self.release_variables(&passed, out);
    }

    fn release_variables(&self, passed: &HashSet<Keeper>, out: &mut Region) {
        let left = self.array_variables.iter().filter(|variable| !passed.contains(&Keeper::Variable(**variable)));
        out.statements.extend(left.map(|variable| Statement::Release(Holder::Variable(*variable))));
    }
}

fn release(array: ArrayId) -> Statement {
    Statement::Release(Holder::Array(array))
}

/// Whether a statement, or one inside, sets a variable.
fn sets(statement: &Statement, variable: VariableId) -> bool {
    let sets = |statement: &Statement| matches!(statement, Statement::Set { variable: set, .. } if *set == variable);
    let mut found = sets(statement);
    statement.regions().into_iter().for_each(|inner| inner.walk(&mut |statement| found |= sets(statement)));
    found
}
