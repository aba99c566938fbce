//! Every `parallel` becomes a kernel of its own; what is left runs on the host and launches them.

use super::copy::Copier;
use crate::error::{Error, Result};
use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};
use std::collections::{HashMap, HashSet};

/// The kernels are appended to the module, called `NAME.kernel0` and so on.
pub fn run(module: &mut Module) -> Result<()> {
    let mut kernels = Vec::new();
    for function in &mut module.functions {
        if function.form != Form::Function {
            continue;
        }
        let mut constants = HashMap::new();
        function.body.walk(&mut |statement| {
            if let Statement::Let { value, expression: Expression::Constant(constant) } = statement {
                constants.insert(*value, *constant);
            }
        });
        let mut body = std::mem::take(&mut function.body);
        outline_region(&mut body, function, &constants, &mut kernels)?;
        function.body = body;
    }
    module.functions.extend(kernels);
    Ok(())
}

fn outline_region(
    region: &mut Region,
    host: &Function,
    constants: &HashMap<Value, Constant>,
    kernels: &mut Vec<Function>,
) -> Result<()> {
    for statement in &mut region.statements {
        if let Statement::Parallel(parallel) = statement {
            let name = format!("{}.kernel{}", host.name, kernels.len());
            let (kernel, captures, arrays) = kernel(name.clone(), parallel, host, constants)?;
            kernels.push(kernel);
            *statement = Statement::Launch { kernel: name, space: parallel.space.clone(), captures, arrays };
            continue;
        }
        for inner in statement.regions_mut() {
            outline_region(inner, host, constants, kernels)?;
        }
    }
    Ok(())
}

/// The kernel of a `parallel`, with the host's values and arrays that it captures.
fn kernel(
    name: String,
    parallel: &Parallel,
    host: &Function,
    constants: &HashMap<Value, Constant>,
) -> Result<(Function, Vec<Value>, Vec<ArrayId>)> {
    let free = Free::of(parallel);
    let mut kernel = Function { form: Form::Kernel, source: host.source.clone(), ..Function::new(name) };
    let mut copier = Copier::default();
    for &array in &free.arrays {
        copier.arrays.insert(array, kernel.array_parameter(host.arrays[array.index()].clone()));
    }
    let mut captures = Vec::new();
    let mut top = Region::default();
    for &value in &free.values {
        let inside = match constants.get(&value) {
            Some(&constant) => kernel.constant(&mut top, constant),
            None => {
                let number = captures.len() as u32;
                captures.push(value);
                kernel.scalar_parameter(format!("capture{number}"), host.scalar(value), Role::Argument(number))
            }
        };
        copier.values.insert(value, inside);
    }
    for &variable in &free.variables {
        let Variable { name, kind } = host.variables[variable.index()].clone();
        copier.variables.insert(variable, kernel.variable_of(name, kind));
    }
    for (index, site) in host.sites.iter().enumerate() {
        copier.sites.insert(SiteId(index as u32), kernel.site(site.clone()));
    }
    // Extents that are known stay so: loops of so few turns are worth other code.
    let mut extents = Region::default();
    let extent = |(axis, extent): (usize, &Value)| match constants.get(extent) {
        Some(&constant) => kernel.constant(&mut extents, constant),
        None => {
            let role = Role::SpaceExtent(axis as u32);
            kernel.scalar_parameter(format!("space{axis}"), ScalarType::Index, role)
        }
    };
    let space: Vec<Value> = parallel.space.iter().enumerate().map(extent).collect();
    let point: Vec<Value> = parallel.point.iter().map(|_| kernel.fresh(ScalarType::Index, Span::NONE)).collect();
    copier.values.extend(parallel.point.iter().copied().zip(point.iter().copied()));
    let mut body = copier.region(&host.values, &parallel.body, &mut kernel);
    let border = parallel.border.as_ref().map(|border| Border {
        margins: border.margins.clone(),
        region: copier.region(&host.values, &border.region, &mut kernel),
    });
    let border = match border {
        // Constants were put at the top; both regions see only what is inside them.
        Some(mut border) => {
            let mut again = Copier::default();
            let infos = kernel.values.clone();
            let mut prefix = again.region(&infos, &top, &mut kernel);
            let rest = again.region(&infos, &border.region, &mut kernel);
            prefix.statements.extend(rest.statements);
            border.region = prefix;
            Some(border)
        }
        None => None,
    };
    top.statements.append(&mut body.statements);
    kernel.body = extents;
    kernel.body.push(Statement::Parallel(Box::new(Parallel { space, point, body: top, border })));
    if captures.iter().any(|capture| captures.iter().filter(|other| *other == capture).count() > 1) {
        return Err(Error::Internal(format!("'{}' captures a value twice", kernel.name)));
    }
    Ok((kernel, captures, free.arrays))
}

/// What a `parallel` uses of its surroundings, in order of first use.
#[derive(Default)]
struct Free {
    values: Vec<Value>,
    arrays: Vec<ArrayId>,
    variables: Vec<VariableId>,
    seen: HashSet<Value>,
}

impl Free {
    fn of(parallel: &Parallel) -> Free {
        let mut free = Free::default();
        free.seen.extend(&parallel.point);
        for region in
            [Some(&parallel.body), parallel.border.as_ref().map(|border| &border.region)].into_iter().flatten()
        {
            region.walk(&mut |statement| free.statement(statement));
        }
        // Arrays in the host's order, so that a kernel's bindings are in the order of its arguments.
        free.arrays.sort();
        free.arrays.dedup();
        free.variables.sort();
        free.variables.dedup();
        free
    }

    fn statement(&mut self, statement: &Statement) {
        for value in statement.operands() {
            if self.seen.insert(value) {
                self.values.push(value);
            }
        }
        self.seen.extend(statement.definitions());
        self.arrays.extend(statement.arrays());
        self.variables.extend(statement.variable());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::parse::parse;
    use crate::ir::verify::verify;

    #[test]
    fn arrays_that_only_a_callee_touches_go_along() {
        // In the host's order, each once: `b` is read by the callee alone, `unused` by nobody.
        let text = "
function @host(read unused: i64[any], read b: i64[any], write out: i64[unit] window(0 to 0) distinct) {
  %n: index = extent out, 0
  parallel (%p) in (%n) {
    %sum: i64 = call @sum(b)
    %again: i64 = call @sum(b)
    %both: i64 = add %sum, %again
    store out[%p] = %both
  }
}

function @sum(read a: i64[any]) -> i64 {
  %first: index = constant 0
  %a: i64 = load a[%first]
  return %a
}
";
        let mut module = parse(text).unwrap_or_else(|error| panic!("{error}"));
        run(&mut module).unwrap();
        verify(&module).unwrap_or_else(|error| panic!("{error}"));
        let host = &module.functions[0];
        let launched: Vec<&str> = host
            .body
            .statements
            .iter()
            .filter_map(|statement| match statement {
                Statement::Launch { arrays, .. } => Some(arrays),
                _ => None,
            })
            .flatten()
            .map(|array| host.arrays[array.index()].name.as_str())
            .collect();
        assert_eq!(launched, ["b", "out"]);
        let kernel = module.functions.iter().find(|function| function.form == Form::Kernel).unwrap();
        let bound: Vec<&str> = kernel.arrays.iter().map(|array| array.name.as_str()).collect();
        assert_eq!(bound, ["b", "out"]);
    }
}
