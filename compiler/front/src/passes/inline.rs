//! Calls replaced by the bodies of the functions called. Needs `single_exit`.

use super::copy::Copier;
use crate::error::{Error, Result};
use crate::ir::*;
use crate::source::Span;
use crate::types::Constant;
use std::collections::HashMap;

/// Inlines everything into the first function; the others are gone afterwards.
pub fn run(module: &mut Module) -> Result<()> {
    let mut inliner = Inliner { functions: HashMap::new(), done: HashMap::new(), open: Vec::new(), only: None };
    let first = module.functions.first().map(|function| function.name.clone());
    for function in module.functions.drain(..) {
        inliner.functions.insert(function.name.clone(), function);
    }
    if let Some(first) = first {
        module.functions.push(inliner.finished(&first)?.clone());
    }
    Ok(())
}

/// Inlines the prelude's functions, which take and give scalars alone, into all others, and drops them.
pub fn prelude(module: &mut Module) -> Result<()> {
    let is_prelude = |name: &str| name.starts_with("numbra.");
    let names: Vec<String> = module.functions.iter().map(|function| function.name.clone()).collect();
    let mut inliner =
        Inliner { functions: HashMap::new(), done: HashMap::new(), open: Vec::new(), only: Some(is_prelude) };
    for function in module.functions.drain(..) {
        inliner.functions.insert(function.name.clone(), function);
    }
    // One that is asked for is kept all the same.
    let mut kept = names.iter().enumerate().filter(|(number, name)| *number == 0 || !is_prelude(name));
    kept.try_for_each(|(_, name)| {
        module.functions.push(inliner.finished(name)?.clone());
        Ok(())
    })
}

struct Inliner {
    functions: HashMap<String, Function>,
    done: HashMap<String, Function>,
    open: Vec<String>,
    /// Which calls are replaced: all, or those of certain names.
    only: Option<fn(&str) -> bool>,
}

impl Inliner {
    /// The function of that name without calls.
    fn finished(&mut self, name: &str) -> Result<&Function> {
        if !self.done.contains_key(name) {
            if self.open.iter().any(|open| open == name) {
                return Err(Error::Internal(format!("'{name}' calls itself")));
            }
            let mut function = self
                .functions
                .remove(name)
                .ok_or_else(|| Error::Internal(format!("a call of '{name}', which is not in the module")))?;
            self.open.push(name.to_string());
            let body = std::mem::take(&mut function.body);
            function.body = self.region(body, &mut function, &mut HashMap::new())?;
            self.open.pop();
            self.done.insert(name.to_string(), function);
        }
        Ok(&self.done[name])
    }

    fn region(&mut self, region: Region, into: &mut Function, replaced: &mut HashMap<Value, Value>) -> Result<Region> {
        let mut out = Region::default();
        for mut statement in region.statements {
            statement.map_operands(&mut |value| replaced.get(&value).copied().unwrap_or(value));
            if let Statement::Call { function, .. } = &statement
                && self.only.is_some_and(|only| !only(function))
            {
                out.push(statement);
                continue;
            }
            if let Statement::Call { results, function, arguments } = statement {
                let results: Vec<Value> = results.iter().filter_map(|result| result.value()).collect();
                let span = results.first().map_or(Span::NONE, |result| into.values[result.index()].span);
                let returned = self.expand(&function, &arguments, span, into, &mut out)?;
                replaced.extend(results.into_iter().zip(returned));
                continue;
            }
            for inner in statement.regions_mut() {
                let taken = std::mem::take(inner);
                *inner = self.region(taken, into, replaced)?;
            }
            out.push(statement);
        }
        Ok(out)
    }

    /// Appends the body of `name` for `arguments` to `out`; gives the returned values.
    fn expand(
        &mut self,
        name: &str,
        arguments: &[Argument],
        span: Span,
        into: &mut Function,
        out: &mut Region,
    ) -> Result<Vec<Value>> {
        let callee = self.finished(name)?;
        let first_new = into.values.len();
        let mut copier = Copier::default();
        for (parameter, argument) in callee.parameters.iter().zip(arguments) {
            match (parameter, argument) {
                (Parameter::Scalar { value, .. }, Argument::Value(argument)) => {
                    copier.values.insert(*value, *argument);
                }
                (Parameter::Array(array), Argument::Array(argument)) => {
                    copier.arrays.insert(*array, *argument);
                }
                _ => return Err(Error::Internal(format!("arguments of a call of '{name}' do not fit its parameters"))),
            }
        }
        for (index, site) in callee.sites.iter().enumerate() {
            let site = Site { source: site.source.clone().or_else(|| callee.source.clone()), ..site.clone() };
            copier.sites.insert(SiteId(index as u32), into.site(site));
        }
        // Variables are zero when their function starts, which may be many times in the caller.
        for (index, variable) in callee.variables.iter().enumerate() {
            let fresh = into.variable_of(variable.name.clone(), variable.kind.clone());
            copier.variables.insert(VariableId(index as u32), fresh);
            let zero = into.constant(out, Constant::zero(variable.scalar()));
            out.push(Statement::Set { variable: fresh, value: zero.into() });
        }
        let body = copier.region(&callee.values, &callee.body, into);
        out.statements.extend(body.statements);
        // Spans are places in one text. What comes out of another one, the prelude's say, stands where it is called.
        if callee.source != into.source {
            into.values[first_new..].iter_mut().for_each(|info| info.span = span);
        }
        match out.statements.pop() {
            Some(Statement::Return(results)) => Ok(results.iter().filter_map(|result| result.value()).collect()),
            Some(other) => {
                out.push(other);
                Ok(Vec::new())
            }
            None => Ok(Vec::new()),
        }
    }
}
