//! A module made ready to run: every name looked up, every value and variable given a slot.
//!
//! The steps of a [`Code`] are the statements of its function, one for one; nothing is optimized.

use crate::error::{Error, Result};
use crate::ir::*;
use crate::types::ScalarType;
use std::collections::HashMap;

/// A verified module, ready to run any number of times, from any thread.
#[derive(Debug)]
pub struct InterpretedProgram {
    pub(super) functions: Vec<Code>,
    pub(super) tables: Vec<Table>,
    by_name: HashMap<String, usize>,
}

/// A function. Its values and then its variables are numbered slots of a frame.
#[derive(Debug)]
pub(super) struct Code {
    pub name: String,
    pub form: Form,
    pub parameters: Vec<CodeParameter>,
    /// The slots of the scalar parameters, in order.
    pub scalars: Vec<u32>,
    pub arrays: Vec<Array>,
    /// Values and variables.
    pub slots: usize,
    pub body: Vec<Step>,
}

#[derive(Debug)]
pub(super) enum CodeParameter {
    Scalar { role: Role, scalar: ScalarType },
    Array,
}

/// A statement. Numbers are slots unless said otherwise.
#[derive(Debug)]
pub(super) enum Step {
    Constant {
        to: u32,
        bits: u64,
    },
    Copy {
        to: u32,
        from: u32,
    },
    /// `scalar` is the first operand's type.
    Apply {
        op: Op,
        scalar: ScalarType,
        result: ScalarType,
        to: u32,
        operands: [u32; 3],
    },
    Load {
        to: u32,
        array: u32,
        scalar: ScalarType,
        indices: Box<[u32]>,
    },
    Store {
        value: u32,
        array: u32,
        scalar: ScalarType,
        indices: Box<[u32]>,
    },
    Extent {
        to: u32,
        array: u32,
        axis: u32,
    },
    TableEntry {
        to: u32,
        table: u32,
        index: u32,
        signed: bool,
    },
    Builtin {
        to: u32,
        builtin: Builtin,
    },
    Call {
        function: usize,
        results: Box<[u32]>,
        scalars: Box<[u32]>,
        arrays: Box<[u32]>,
    },
    If {
        condition: u32,
        then: Box<[Step]>,
        otherwise: Box<[Step]>,
    },
    Loop {
        body: Box<[Step]>,
        step: Box<[Step]>,
    },
    Break,
    Continue,
    Return(Box<[u32]>),
    Trap {
        condition: u32,
        site: SiteId,
        payload: u32,
        scalar: ScalarType,
        position: Option<u32>,
    },
    Parallel(Box<ParallelStep>),
    Launch {
        kernel: usize,
        space: Box<[u32]>,
        captures: Box<[u32]>,
        arrays: Box<[u32]>,
    },
}

#[derive(Debug)]
pub(super) struct ParallelStep {
    pub space: Box<[u32]>,
    pub point: Box<[u32]>,
    /// The variables that the body and the border use: they are theirs, and zero at the start of every point.
    pub variables: Box<[u32]>,
    pub body: Box<[Step]>,
    pub border: Option<BorderSteps>,
}

#[derive(Debug)]
pub(super) struct BorderSteps {
    pub margins: Vec<(i64, i64)>,
    pub steps: Box<[Step]>,
}

impl InterpretedProgram {
    /// Verifies the module first.
    pub fn new(module: &Module) -> Result<InterpretedProgram> {
        verify::verify(module)?;
        let by_name: HashMap<String, usize> =
            module.functions.iter().enumerate().map(|(number, function)| (function.name.clone(), number)).collect();
        let functions = module.functions.iter().map(|function| code(function, &by_name)).collect::<Result<_>>()?;
        Ok(InterpretedProgram { functions, tables: module.tables.clone(), by_name })
    }

    pub(super) fn number(&self, function: &str) -> Result<usize> {
        let number = self.by_name.get(function).copied();
        number.ok_or_else(|| Error::Internal(format!("the program has no function '{function}'")))
    }
}

fn code(function: &Function, by_name: &HashMap<String, usize>) -> Result<Code> {
    let translator = Translator { function, by_name };
    let parameters = function.parameters.iter().map(|parameter| match parameter {
        Parameter::Scalar { value, role, .. } => CodeParameter::Scalar { role: *role, scalar: function.scalar(*value) },
        Parameter::Array(_) => CodeParameter::Array,
    });
    Ok(Code {
        name: function.name.clone(),
        form: function.form.clone(),
        parameters: parameters.collect(),
        scalars: function.scalar_parameters().map(|(_, value, _)| value.0).collect(),
        arrays: function.arrays.clone(),
        slots: function.values.len() + function.variables.len(),
        body: translator.region(&function.body)?.into_vec(),
    })
}

struct Translator<'a> {
    function: &'a Function,
    by_name: &'a HashMap<String, usize>,
}

impl Translator<'_> {
    fn region(&self, region: &Region) -> Result<Box<[Step]>> {
        region.statements.iter().map(|statement| self.statement(statement)).collect()
    }

    fn variable(&self, variable: VariableId) -> u32 {
        self.function.values.len() as u32 + variable.0
    }

    fn number(&self, name: &str) -> Result<usize> {
        let number = self.by_name.get(name).copied();
        number.ok_or_else(|| Error::Internal(format!("the program has no function '{name}'")))
    }

    fn statement(&self, statement: &Statement) -> Result<Step> {
        Ok(match statement {
            Statement::Let { value, expression } => self.expression(*value, expression),
            Statement::Set { variable, value } => Step::Copy { to: self.variable(*variable), from: value.0 },
            Statement::Store { array, indices, value } => {
                let scalar = self.function.scalar(*value);
                Step::Store { value: value.0, array: array.0, scalar, indices: slots(indices) }
            }
            Statement::Call { results, function, arguments } => {
                let scalars = arguments.iter().filter_map(|argument| match argument {
                    Argument::Value(value) => Some(value.0),
                    Argument::Array(_) => None,
                });
                let arrays = arguments.iter().filter_map(|argument| match argument {
                    Argument::Array(array) => Some(array.0),
                    Argument::Value(_) => None,
                });
                Step::Call {
                    function: self.number(function)?,
                    results: slots(results),
                    scalars: scalars.collect(),
                    arrays: arrays.collect(),
                }
            }
            Statement::If { condition, then, otherwise, rare: _ } => {
                Step::If { condition: condition.0, then: self.region(then)?, otherwise: self.region(otherwise)? }
            }
            Statement::Loop { body, step } => Step::Loop { body: self.region(body)?, step: self.region(step)? },
            Statement::Break => Step::Break,
            Statement::Continue => Step::Continue,
            Statement::Return(values) => Step::Return(slots(values)),
            Statement::Trap { condition, site, payload, position } => Step::Trap {
                condition: condition.0,
                site: *site,
                payload: payload.0,
                scalar: self.function.scalar(*payload),
                position: position.map(|position| position.0),
            },
            Statement::Parallel(parallel) => Step::Parallel(Box::new(self.parallel(parallel)?)),
            Statement::Launch { kernel, space, captures, arrays } => Step::Launch {
                kernel: self.number(kernel)?,
                space: slots(space),
                captures: slots(captures),
                arrays: arrays.iter().map(|array| array.0).collect(),
            },
        })
    }

    fn parallel(&self, parallel: &Parallel) -> Result<ParallelStep> {
        let mut variables = Vec::new();
        let regions = [Some(&parallel.body), parallel.border.as_ref().map(|border| &border.region)];
        for region in regions.into_iter().flatten() {
            region.walk(&mut |statement| match statement {
                Statement::Let { expression: Expression::Get(variable), .. } | Statement::Set { variable, .. } => {
                    variables.push(self.variable(*variable))
                }
                _ => {}
            });
        }
        variables.sort_unstable();
        variables.dedup();
        let border = match &parallel.border {
            Some(border) => Some(BorderSteps { margins: border.margins.clone(), steps: self.region(&border.region)? }),
            None => None,
        };
        Ok(ParallelStep {
            space: slots(&parallel.space),
            point: slots(&parallel.point),
            variables: variables.into(),
            body: self.region(&parallel.body)?,
            border,
        })
    }

    fn expression(&self, value: Value, expression: &Expression) -> Step {
        let to = value.0;
        match expression {
            Expression::Constant(constant) => Step::Constant { to, bits: constant.bits },
            Expression::Get(variable) => Step::Copy { to, from: self.variable(*variable) },
            Expression::Apply { op, operands, flags: _ } => {
                let mut three = [0; 3];
                operands.iter().zip(&mut three).for_each(|(operand, slot)| *slot = operand.0);
                let (scalar, result) = (self.function.scalar(operands[0]), self.function.scalar(value));
                Step::Apply { op: *op, scalar, result, to, operands: three }
            }
            Expression::Load { array, indices } => {
                Step::Load { to, array: array.0, scalar: self.function.scalar(value), indices: slots(indices) }
            }
            Expression::Extent { array, axis } => Step::Extent { to, array: array.0, axis: *axis },
            Expression::TableEntry { table, index } => {
                let signed = self.function.scalar(*index).is_signed();
                Step::TableEntry { to, table: table.0, index: index.0, signed }
            }
            Expression::Builtin(builtin) => Step::Builtin { to, builtin: *builtin },
        }
    }
}

fn slots(values: &[Value]) -> Box<[u32]> {
    values.iter().map(|value| value.0).collect()
}
