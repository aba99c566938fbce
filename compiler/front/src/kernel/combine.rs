//! Functions that combine two values, and what is known of them.

use crate::error::{Error, Result};
use crate::ir::*;
use crate::passes::{dead_code, fold, inline, single_exit};
use crate::source::Source;
use crate::types::ScalarType;
use std::collections::HashMap;
use std::sync::Arc;

/// A function to fold or reduce with: the first one of a module.
pub(super) struct Combining {
    pub callee: String,
    pub source: Option<Arc<Source>>,
    /// Of the value so far and of the result.
    pub scalar: ScalarType,
    /// Of the second operand.
    pub element: ScalarType,
}

impl Combining {
    pub fn of(module: &Module) -> Result<Combining> {
        let function = module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?;
        let callee = function.name.clone();
        let types: Vec<ScalarType> = function.scalar_parameters().map(|(_, value, _)| function.scalar(value)).collect();
        match (types.as_slice(), function.results.as_slice()) {
            (&[left, element], [Kind::Scalar(result)]) if left == *result => {
                Ok(Combining { callee, source: function.source.clone(), scalar: *result, element })
            }
            _ => Err(Error::Internal(format!("'{callee}' folded, which does not give the type of its first operand"))),
        }
    }
}

/// What decides how a function combines many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combine {
    /// The op that it is, if it is one of those of which the order of many values makes no difference but by rounding:
    /// `add`, `mul`, `and`, `or`, `xor`, `minimum`, `maximum`, `fmin`, `fmax`.
    pub op: Option<Op>,
    /// Statements, with those of all that it calls.
    pub statements: usize,
    pub has_loops: bool,
}

impl Combine {
    /// Of the module's first function, which takes two scalars.
    ///
    /// Branches and selections by a comparison of the two are `minimum` or `maximum` for integers. For floats they are
    /// not: what they give where NaNs are depends on the order.
    pub fn of(module: &Module) -> Result<Combine> {
        let mut module = module.clone();
        single_exit::run(&mut module);
        inline::run(&mut module)?;
        fold::run(&mut module)?;
        dead_code::run(&mut module);
        let function = module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?;
        let (mut statements, mut has_loops) = (0, false);
        function.body.walk(&mut |statement| {
            statements += 1;
            has_loops |= matches!(statement, Statement::Loop { .. });
        });
        Ok(Combine { op: recognized(function), statements, has_loops })
    }
}

/// What a value is, in terms of the two operands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Term {
    Left,
    Right,
    Truth(bool),
    /// Whether left and right, as integers, compare so.
    Compared(Op),
    /// The op on left and right, in either order.
    Applied(Op),
    Other,
}

fn recognized(function: &Function) -> Option<Op> {
    let mut values = HashMap::new();
    for ((_, value, _), side) in function.scalar_parameters().zip([Term::Left, Term::Right]) {
        values.insert(value, side);
    }
    // Variables are zero when the function starts.
    let zero = |variable: &Variable| {
        if variable.scalar() == ScalarType::Bool { Term::Truth(false) } else { Term::Other }
    };
    let mut evaluation = Evaluation { function, values, variables: function.variables.iter().map(zero).collect() };
    match evaluation.region(&function.body)? {
        Some(Term::Applied(op)) => Some(op),
        _ => None,
    }
}

struct Evaluation<'a> {
    function: &'a Function,
    values: HashMap<Value, Term>,
    variables: Vec<Term>,
}

impl Evaluation<'_> {
    fn value(&self, value: Value) -> Term {
        self.values.get(&value).copied().unwrap_or(Term::Other)
    }

    /// Whether an integer of the function's type loses nothing as this one.
    fn is_wide(&self, value: Value) -> bool {
        self.function.scalar_results().iter().all(|result| self.function.scalar(value).bits() >= result.bits())
    }

    fn is_integer(&self, value: Value) -> bool {
        !self.function.scalar(value).is_float()
    }

    /// What the region returns, if it does. `None`: it has what is not looked into.
    fn region(&mut self, region: &Region) -> Option<Option<Term>> {
        for statement in &region.statements {
            match statement {
                Statement::Let { value, expression } => {
                    let term = self.expression(*value, expression);
                    self.values.insert(*value, term);
                }
                Statement::Set { variable, value: Argument::Value(value) } => {
                    self.variables[variable.index()] = self.value(*value)
                }
                Statement::If { condition, then, otherwise, .. } => {
                    let condition = self.value(*condition);
                    let before = self.variables.clone();
                    let then = match condition {
                        Term::Truth(false) => None,
                        _ => Some(self.branch(then, &before)?),
                    };
                    let otherwise = match condition {
                        Term::Truth(true) => None,
                        _ => Some(self.branch(otherwise, &before)?),
                    };
                    self.variables = match (then, otherwise) {
                        (Some(then), Some(otherwise)) => {
                            then.into_iter().zip(otherwise).map(|(a, b)| select(condition, a, b)).collect()
                        }
                        (Some(one), None) | (None, Some(one)) => one,
                        (None, None) => before,
                    };
                }
                Statement::Return(values) => {
                    return match values[..] {
                        [Argument::Value(value)] => Some(Some(self.value(value))),
                        _ => None,
                    };
                }
                _ => return None,
            }
        }
        Some(None)
    }

    /// The variables after a branch, which must not return.
    fn branch(&mut self, region: &Region, before: &[Term]) -> Option<Vec<Term>> {
        self.variables = before.to_vec();
        match self.region(region)? {
            None => Some(std::mem::take(&mut self.variables)),
            Some(_) => None,
        }
    }

    fn expression(&self, value: Value, expression: &Expression) -> Term {
        match expression {
            Expression::Constant(constant) if constant.scalar == ScalarType::Bool => Term::Truth(constant.bits != 0),
            Expression::Get(variable) => self.variables[variable.index()],
            Expression::Apply { op, operands, .. } => {
                let terms: Vec<Term> = operands.iter().map(|&operand| self.value(operand)).collect();
                let integers = self.is_integer(operands[0]) && self.is_integer(value);
                match (op, &terms[..]) {
                    // Of integers these change nothing that the order of many could show.
                    (Op::Convert, &[term @ (Term::Left | Term::Right | Term::Applied(_))])
                        if integers && self.is_wide(value) =>
                    {
                        term
                    }
                    (Op::Not, &[condition @ (Term::Truth(_) | Term::Compared(_))]) => negated(condition),
                    (Op::Select, &[condition, then, otherwise]) => select(condition, then, otherwise),
                    (_, [Term::Left, Term::Right] | [Term::Right, Term::Left]) if is_reorderable(*op) => {
                        Term::Applied(*op)
                    }
                    (Op::Lt | Op::Le | Op::Gt | Op::Ge, [Term::Left, Term::Right]) if integers => Term::Compared(*op),
                    (Op::Lt | Op::Le | Op::Gt | Op::Ge, [Term::Right, Term::Left]) if integers => {
                        Term::Compared(exchanged(*op))
                    }
                    _ => Term::Other,
                }
            }
            _ => Term::Other,
        }
    }
}

fn is_reorderable(op: Op) -> bool {
    use Op::*;
    matches!(op, Add | Mul | And | Or | Xor | Minimum | Maximum | Fmin | Fmax)
}

/// `condition ? then : otherwise`
fn select(condition: Term, then: Term, otherwise: Term) -> Term {
    use Term::*;
    match (condition, then, otherwise) {
        _ if then == otherwise => then,
        (Truth(true), then, _) => then,
        (Truth(false), _, otherwise) => otherwise,
        (_, Truth(true), Truth(false)) => condition,
        (_, Truth(false), Truth(true)) => negated(condition),
        (Compared(Op::Lt | Op::Le), Left, Right) | (Compared(Op::Gt | Op::Ge), Right, Left) => Applied(Op::Minimum),
        (Compared(Op::Lt | Op::Le), Right, Left) | (Compared(Op::Gt | Op::Ge), Left, Right) => Applied(Op::Maximum),
        // The operands themselves are conditions: `and` and `or`.
        (Left, Right, Left | Truth(false)) | (Right, Left, Right | Truth(false)) => Applied(Op::And),
        (Left, Left | Truth(true), Right) | (Right, Right | Truth(true), Left) => Applied(Op::Or),
        _ => Other,
    }
}

fn negated(condition: Term) -> Term {
    match condition {
        Term::Truth(truth) => Term::Truth(!truth),
        Term::Compared(Op::Lt) => Term::Compared(Op::Ge),
        Term::Compared(Op::Le) => Term::Compared(Op::Gt),
        Term::Compared(Op::Gt) => Term::Compared(Op::Le),
        Term::Compared(Op::Ge) => Term::Compared(Op::Lt),
        _ => Term::Other,
    }
}

/// The comparison that says the same with its operands exchanged.
fn exchanged(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        other => other,
    }
}
