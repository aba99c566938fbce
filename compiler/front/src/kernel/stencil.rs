//! A function over relative positions of arrays, applied at every point of the first array but its borders.

use super::*;
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::source::{Source, Span};
use crate::types::Constant;
use crate::types::declaration::Number;
use std::sync::Arc;

/// How many points from each edge are border: per axis at the low and the high end. From the windows of the arrays.
pub fn margins(function: &Function, neighborhood: Option<&[(i64, i64)]>) -> Vec<(i64, i64)> {
    let of = |windows: &[(i64, i64)]| -> Vec<(i64, i64)> {
        windows.iter().map(|&(low, high)| (low.min(0).saturating_neg(), high.max(0))).collect()
    };
    if let Some(neighborhood) = neighborhood {
        return of(neighborhood);
    }
    let mut margins: Vec<(i64, i64)> = Vec::new();
    for array in &function.arrays {
        if let Footprint::Window(windows) = &array.footprint {
            let own = of(windows);
            margins.resize(own.len().max(margins.len()), (0, 0));
            for (margin, own) in margins.iter_mut().zip(own) {
                *margin = (margin.0.max(own.0), margin.1.max(own.1));
            }
        }
    }
    margins
}

/// What the border holds: `cval`, which stands in `source`, or 0, in the type of the result.
pub fn border_value(source: &Arc<Source>, cval: Option<(Number, Span)>, scalar: ScalarType) -> Result<Constant> {
    let Some((number, span)) = cval else { return Ok(Constant::zero(scalar)) };
    let mistake = |message: String, help: &str| -> Result<Constant> {
        Err(Mistake::new(ErrorClass::Type, source, span, message).help(help).into())
    };
    // A float that is whole, and small enough for i128 to hold it, is as good as the integer.
    let number = match number {
        Number::Float(value) if !scalar.is_float() && value.trunc() == value && value.abs() < 1e30 => {
            Number::Integer(value as i128)
        }
        number => number,
    };
    match number {
        Number::Bool(value) => Ok(if scalar.is_float() {
            Constant::float(scalar, value as u8 as f64)
        } else {
            Constant::integer(scalar, value as i128)
        }),
        Number::Integer(value) if scalar.is_float() => Ok(Constant::float(scalar, value as f64)),
        Number::Integer(value) => {
            let constant = Constant::integer(scalar, value);
            match constant.as_integer() == Some(value) {
                true => Ok(constant),
                false => mistake(
                    format!("cval type does not match stencil return type: {value} is no value of {scalar}"),
                    "choose a cval in the range of the type that the kernel returns",
                ),
            }
        }
        Number::Float(value) if scalar.is_float() => Ok(Constant::float(scalar, value)),
        Number::Float(value) => mistake(
            format!(
                "cval type does not match stencil return type: {value:?} is not whole, the kernel returns {scalar}"
            ),
            "write an integer cval, or return a float from the kernel",
        ),
    }
}

/// Puts a function in front of `module`'s first one, `f`, that applies it to every point of its output.
///
/// `f` takes the operands and then the point (see [`crate::typing::Typed`]). The parameters are `inputs` and one
/// output array. Its name is `f`'s with `.stencil`. `border`: what to store where the kernel does not fit (None:
/// nothing is stored there), of the output's type.
pub fn build(
    mut module: Module,
    inputs: &[Operand],
    output: &Operand,
    margins: Vec<(i64, i64)>,
    border: Option<Constant>,
) -> Result<Module> {
    let scalar_function = module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?;
    let callee = scalar_function.name.clone();
    let names = parameter_names(scalar_function);
    let results = scalar_function.results.clone();
    let rank = margins.len();
    if names.len() != inputs.len() + rank || results.len() != 1 {
        return Err(Error::Internal(format!("'{callee}' made a stencil with operands that do not fit it")));
    }
    let footprints: Vec<Option<Footprint>> = scalar_function
        .parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::Array(array) => Some(scalar_function.arrays[array.index()].footprint.clone()),
            Parameter::Scalar { .. } => None,
        })
        .collect();
    let parameters: Vec<Option<ScalarType>> = scalar_function
        .parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::Scalar { value, .. } => Some(scalar_function.scalar(*value)),
            Parameter::Array(_) => None,
        })
        .collect();
    let mut function = Function::new(format!("{callee}.stencil"));
    function.source = scalar_function.source.clone();
    let mut arguments = add_parameters(&mut function, &names, inputs, Access::Read);
    for (argument, footprint) in arguments.iter().zip(footprints) {
        if let (Some(array), Some(footprint)) = (array_of(argument), footprint) {
            function.arrays[array.index()].footprint = footprint;
        }
    }
    let output_name = output_names(&names, 1);
    let outputs = add_parameters(&mut function, &output_name, std::slice::from_ref(output), Access::Write);
    let outputs: Vec<ArrayId> = outputs.iter().filter_map(array_of).collect();
    let Some(&out) = outputs.first() else {
        return Err(Error::Internal(format!("the output of '{callee}' is no array")));
    };

    let mut body = Region::default();
    let space = extents(&mut function, &mut body, out);
    let point = fresh_point(&mut function, rank);
    let mut inner = Region::default();
    for (argument, wanted) in arguments.iter_mut().zip(&parameters) {
        if let (Argument::Value(value), Some(wanted)) = (argument, wanted) {
            *value = function.convert(&mut inner, *value, *wanted);
        }
    }
    arguments.extend(point.iter().map(|&coordinate| Argument::Value(coordinate)));
    let result = function.fresh(results[0], Span::NONE);
    inner.push(Statement::Call { results: vec![result], function: callee, arguments });
    store_results(&mut function, &mut inner, &outputs, &point, &[result]);

    let mut region = Region::default();
    if let Some(constant) = border {
        let value = function.constant(&mut region, constant);
        region.push(Statement::Store { array: out, indices: point.clone(), value });
    }
    let border = Some(Border { margins, region });
    body.push(Statement::Parallel(Box::new(Parallel { space, point, body: inner, border })));
    body.push(Statement::Return(Vec::new()));
    function.body = body;
    module.functions.insert(0, function);
    Ok(module)
}
