//! A function over scalars made into a function over arrays, with one `parallel`: [`vectorize`], [`stencil`], and of
//! functions that combine two values ([`combine`]) [`fold`] and [`tree`].

pub mod combine;
pub mod fold;
pub mod stencil;
pub mod tree;
pub mod vectorize;

use crate::ir::*;
use crate::types::ScalarType;

/// What is known of an argument when a kernel is specialized.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    Scalar(ScalarType),
    Array {
        scalar: ScalarType,
        /// What is known of the stride along each axis.
        strides: Vec<Stride>,
        /// It overlaps no other argument.
        distinct: bool,
    },
}

impl Operand {
    pub fn scalar(&self) -> ScalarType {
        match self {
            Operand::Scalar(scalar) | Operand::Array { scalar, .. } => *scalar,
        }
    }

    /// An array in C order, which overlaps no other.
    pub fn c_order(scalar: ScalarType, rank: usize) -> Operand {
        let strides = (0..rank).map(|axis| if axis + 1 == rank { Stride::Unit } else { Stride::Any }).collect();
        Operand::Array { scalar, strides, distinct: true }
    }
}

/// The parameters of a kernel's function: for each operand its value or array.
fn add_parameters(function: &mut Function, names: &[String], operands: &[Operand], access: Access) -> Vec<Argument> {
    let first = function.parameters.len() as u32;
    let mut arguments = Vec::with_capacity(operands.len());
    for (number, (operand, name)) in operands.iter().zip(names).enumerate() {
        arguments.push(match operand {
            Operand::Scalar(scalar) => {
                Argument::Value(function.scalar_parameter(name, *scalar, Role::Argument(first + number as u32)))
            }
            Operand::Array { scalar, strides, distinct } => Argument::Array(function.array_parameter(Array {
                name: name.clone(),
                scalar: *scalar,
                rank: strides.len() as u32,
                access,
                strides: strides.clone(),
                footprint: Footprint::Window(vec![(0, 0); strides.len()]),
                buffer: false,
                distinct: *distinct,
            })),
        });
    }
    arguments
}

/// The names of a function's parameters, in order.
fn parameter_names(function: &Function) -> Vec<String> {
    let name = |parameter: &Parameter| match parameter {
        Parameter::Scalar { name, .. } => name.clone(),
        Parameter::Array(array) => function.arrays[array.index()].name.clone(),
    };
    function.parameters.iter().map(name).collect()
}

/// `out`, `out1`, ...: names for results that no parameter has.
fn output_names(taken: &[String], count: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut number = 0;
    while names.len() < count {
        let name = if number == 0 { "out".to_string() } else { format!("out{number}") };
        if !taken.contains(&name) {
            names.push(name);
        }
        number += 1;
    }
    names
}

/// The extents of an array, defined in `region`.
fn extents(function: &mut Function, region: &mut Region, array: ArrayId) -> Vec<Value> {
    let rank = function.arrays[array.index()].rank;
    (0..rank)
        .map(|axis| {
            function.define(region, ScalarType::Index, crate::source::Span::NONE, Expression::Extent { array, axis })
        })
        .collect()
}

fn fresh_point(function: &mut Function, rank: usize) -> Vec<Value> {
    (0..rank).map(|_| function.fresh(ScalarType::Index, crate::source::Span::NONE)).collect()
}

/// Stores each result, converted to the type of its array.
fn store_results(
    function: &mut Function,
    region: &mut Region,
    outputs: &[ArrayId],
    point: &[Value],
    results: &[Value],
) {
    for (&array, &result) in outputs.iter().zip(results) {
        let value = function.convert(region, result, function.arrays[array.index()].scalar);
        region.push(Statement::Store { array, indices: point.to_vec(), value });
    }
}

fn array_of(argument: &Argument) -> Option<ArrayId> {
    match argument {
        Argument::Array(array) => Some(*array),
        Argument::Value(_) => None,
    }
}
