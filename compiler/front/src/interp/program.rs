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
    /// The arrays: parameters, local ones.
    pub arrays: Vec<Array>,
    pub array_parameters: usize,
    /// Local arrays, and then the ranks of array variables: all that has a descriptor of its own.
    pub array_variables: Vec<usize>,
    pub results: Vec<Kind>,
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
    /// One array becomes another, both numbers of arrays and array variables.
    CopyArray {
        to: u32,
        from: u32,
    },
    Allocate {
        to: u32,
        extents: Box<[u32]>,
        fortran: bool,
        zeroed: bool,
        site: SiteId,
    },
    View {
        to: u32,
        base: u32,
        starts: Box<[u32]>,
        axes: Box<[ViewStep]>,
    },
    Reshape {
        to: u32,
        base: u32,
        extents: Box<[u32]>,
    },
    ConstantArray {
        to: u32,
        table: u32,
        extents: Box<[u32]>,
    },
    Stride {
        to: u32,
        array: u32,
        axis: u32,
    },
    Overlap {
        to: u32,
        left: u32,
        right: u32,
        scalars: (ScalarType, ScalarType),
    },
    /// Of an array or array variable.
    Retain(u32),
    Release(u32),
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
        results: Box<[Place]>,
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
    Try {
        number: u32,
        body: Box<[Step]>,
        handler: Box<[Step]>,
    },
    Reraise {
        number: u32,
    },
    /// `step`, one that can fail, and what it would have defined.
    Guarded {
        failed: u32,
        keep: Option<u32>,
        step: Box<Step>,
        results: Box<[Place]>,
    },
    Print {
        told: Box<[Told]>,
        items: Box<[Place]>,
    },
    /// A trap that always fails.
    Raise {
        site: SiteId,
        payloads: Box<[(u32, ScalarType)]>,
    },
    Break,
    Continue,
    /// A host looks whether to go on; here the machine looks by itself.
    Poll,
    Return(Box<[Place]>),
    Trap {
        condition: u32,
        site: SiteId,
        payloads: Box<[(u32, ScalarType)]>,
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

/// Where a result stands: a slot, or a number of an array.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Slot(u32),
    Array(u32),
}

/// An axis of a view: its extent, and the axis of the base with the step.
#[derive(Debug, Clone, Copy)]
pub(super) struct ViewStep {
    pub extent: u32,
    pub along: Option<(u32, Option<u32>)>,
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
    let is_array = |variable: &&Variable| variable.kind.array().is_some();
    let array_variables = function.variables.iter().filter(is_array);
    let array_variables: Vec<usize> =
        array_variables.filter_map(|variable| Some(variable.kind.array()?.strides.len())).collect();
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
        array_parameters: function.array_parameters(),
        array_variables,
        results: function.results.clone(),
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

    /// The number of an array variable, behind the arrays.
    fn array_variable(&self, variable: VariableId) -> u32 {
        let before = self.function.variables[..variable.index()].iter();
        let before = before.filter(|variable| variable.kind.array().is_some()).count();
        (self.function.arrays.len() + before) as u32
    }

    fn place(&self, argument: &Argument) -> Place {
        match argument {
            Argument::Value(value) => Place::Slot(value.0),
            Argument::Array(array) => Place::Array(array.0),
        }
    }

    fn number(&self, name: &str) -> Result<usize> {
        let number = self.by_name.get(name).copied();
        number.ok_or_else(|| Error::Internal(format!("the program has no function '{name}'")))
    }

    fn statement(&self, statement: &Statement) -> Result<Step> {
        Ok(match statement {
            Statement::Let { value, expression } => self.expression(*value, expression),
            Statement::Set { variable, value: Argument::Value(value) } => {
                Step::Copy { to: self.variable(*variable), from: value.0 }
            }
            Statement::Set { variable, value: Argument::Array(array) } => {
                Step::CopyArray { to: self.array_variable(*variable), from: array.0 }
            }
            Statement::Define { array, definition } => self.definition(*array, definition),
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
                    results: results.iter().map(|result| self.place(result)).collect(),
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
            Statement::Return(results) => Step::Return(results.iter().map(|result| self.place(result)).collect()),
            Statement::Trap { condition, site, payloads, position } => Step::Trap {
                condition: condition.0,
                site: *site,
                payloads: self.payloads(payloads),
                position: position.map(|position| position.0),
            },
            Statement::Parallel(parallel) => Step::Parallel(Box::new(self.parallel(parallel)?)),
            Statement::Launch { kernel, space, captures, arrays } => Step::Launch {
                kernel: self.number(kernel)?,
                space: slots(space),
                captures: slots(captures),
                arrays: arrays.iter().map(|array| array.0).collect(),
            },
            Statement::Try { number, body, handler } => {
                Step::Try { number: *number, body: self.region(body)?, handler: self.region(handler)? }
            }
            Statement::Reraise { number } => Step::Reraise { number: *number },
            Statement::Guarded { failed, keep, statement } => Step::Guarded {
                failed: failed.0,
                keep: *keep,
                step: Box::new(self.statement(statement)?),
                results: (statement.definitions().into_iter().map(|value| Place::Slot(value.0)))
                    .chain(statement.array_definitions().into_iter().map(|array| Place::Array(array.0)))
                    .collect(),
            },
            Statement::Print { site, items } => Step::Print {
                told: self.function.sites[site.index()].told.clone().into(),
                items: items.iter().map(|item| self.place(item)).collect(),
            },
            Statement::Raise { site, payloads } => Step::Raise { site: *site, payloads: self.payloads(payloads) },
            Statement::Retain(array) => Step::Retain(array.0),
            Statement::Release(Holder::Array(array)) => Step::Release(array.0),
            Statement::Release(Holder::Variable(variable)) => Step::Release(self.array_variable(*variable)),
            Statement::Poll => Step::Poll,
        })
    }

    fn payloads(&self, payloads: &[Value]) -> Box<[(u32, ScalarType)]> {
        payloads.iter().map(|payload| (payload.0, self.function.scalar(*payload))).collect()
    }

    fn definition(&self, array: ArrayId, definition: &Definition) -> Step {
        let to = array.0;
        match definition {
            Definition::Allocate { extents, zeroed, site } => {
                let strides = &self.function.arrays[array.index()].strides;
                let fortran = *strides != ArrayType::c_order(strides.len());
                Step::Allocate { to, extents: slots(extents), fortran, zeroed: *zeroed, site: *site }
            }
            Definition::View { base, starts, axes } => {
                let axes = axes.iter().map(|axis| ViewStep {
                    extent: axis.extent.0,
                    along: match axis.source {
                        AxisSource::Repeated => None,
                        AxisSource::Along { axis, step } => Some((axis, step.map(|step| step.0))),
                    },
                });
                Step::View { to, base: base.0, starts: slots(starts), axes: axes.collect() }
            }
            Definition::Reshape { base, extents } => Step::Reshape { to, base: base.0, extents: slots(extents) },
            Definition::Constant { table, extents } => {
                Step::ConstantArray { to, table: table.0, extents: slots(extents) }
            }
            Definition::Get(variable) => Step::CopyArray { to, from: self.array_variable(*variable) },
        }
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
            Expression::Stride { array, axis } => Step::Stride { to, array: array.0, axis: *axis },
            Expression::Overlap { left, right } => {
                let scalar = |array: &ArrayId| self.function.arrays[array.index()].scalar;
                Step::Overlap { to, left: left.0, right: right.0, scalars: (scalar(left), scalar(right)) }
            }
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
