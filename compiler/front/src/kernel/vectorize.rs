//! A function of scalars, applied to every element of arrays that have been broadcast to one shape.

use super::*;
use crate::error::{Error, Result};
use crate::source::Span;

/// Puts a function in front of `module`'s first one, `f`, that applies it to every point of its outputs.
///
/// Its parameters are `inputs` (as many as `f` has; arrays of one rank, converted element by element to what `f`
/// takes) and then `outputs` (arrays of that rank; as many as `f` has results). Its name is `f`'s with `.vectorize`.
pub fn build(mut module: Module, inputs: &[Operand], outputs: &[Operand]) -> Result<Module> {
    let scalar_function = module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?;
    let callee = scalar_function.name.clone();
    let parameters: Vec<ScalarType> =
        scalar_function.scalar_parameters().map(|(_, value, _)| scalar_function.scalar(value)).collect();
    let results = scalar_function.scalar_results();
    if parameters.len() != inputs.len() || results.len() != outputs.len() || outputs.is_empty() {
        return Err(Error::Internal(format!("'{callee}' vectorized with operands that do not fit it")));
    }
    let names = parameter_names(scalar_function);
    let mut function = Function::new(format!("{callee}.vectorize"));
    function.source = scalar_function.source.clone();
    let arguments = add_parameters(&mut function, &names, inputs, Access::Read);
    let outputs = add_parameters(&mut function, &output_names(&names, outputs.len()), outputs, Access::Write);
    let outputs: Vec<ArrayId> = outputs.iter().filter_map(array_of).collect();

    let mut body = Region::default();
    let space = extents(&mut function, &mut body, outputs[0]);
    let point = fresh_point(&mut function, space.len());
    let mut inner = Region::default();
    let mut values = Vec::with_capacity(arguments.len());
    for (argument, &wanted) in arguments.iter().zip(&parameters) {
        let value = match *argument {
            Argument::Value(value) => value,
            Argument::Array(array) => {
                let scalar = function.arrays[array.index()].scalar;
                let load = Expression::Load { array, indices: point.clone() };
                function.define(&mut inner, scalar, Span::NONE, load)
            }
        };
        values.push(Argument::Value(function.convert(&mut inner, value, wanted)));
    }
    let results: Vec<Value> = results.iter().map(|&scalar| function.fresh(scalar, Span::NONE)).collect();
    let returned = results.iter().map(|&result| result.into()).collect();
    inner.push(Statement::Call { results: returned, function: callee, arguments: values });
    store_results(&mut function, &mut inner, &outputs, &point, &results);
    body.push(Statement::Parallel(Box::new(Parallel { space, point, body: inner, border: None })));
    body.push(Statement::Return(Vec::new()));
    function.body = body;
    module.functions.insert(0, function);
    Ok(module)
}
