//! Statements by themselves, not the regions inside.

use super::super::told::Place;
use super::*;

impl<'a> Verifier<'a> {
    /// Checks a statement itself, not the regions inside.
    pub(super) fn statement(
        &mut self,
        statement: &Statement,
        surroundings: Surroundings,
        last: bool,
    ) -> Result<(), String> {
        for operand in statement.operands() {
            match self.visible.get(operand.index()) {
                Some(true) => {}
                _ if self.defined.get(operand.index()) == Some(&true) => {
                    return Err(format!("%{} is used outside its region", operand.0));
                }
                _ => return Err(format!("%{} is used before its definition", operand.0)),
            }
        }
        for array in statement.arrays() {
            match self.arrays_visible.get(array.index()) {
                Some(true) => {}
                Some(false) => {
                    let name = &self.function.arrays[array.index()].name;
                    return Err(format!("the array '{name}' is used outside its region or before its definition"));
                }
                None => return Err("there is no such array".to_string()),
            }
        }
        match statement {
            Statement::Let { value, expression } => {
                let scalar = self.expression(expression, *value, surroundings)?;
                self.define(*value)?;
                self.expect(*value, scalar, "the result")
            }
            Statement::Set { variable, value } => {
                let kind = self.variable(*variable, surroundings)?;
                self.expect_kind(*value, kind, "the value")
            }
            Statement::Define { array, definition } => {
                if !self.is_function() {
                    return Err(format!("a {} has no arrays of its own", form_name(&self.function.form)));
                }
                self.define_array(*array)?;
                self.definition(*array, definition, surroundings)
            }
            Statement::Store { array, indices, value } => {
                let array = self.access(*array, indices, Access::Read)?;
                self.expect(*value, array.scalar, "the value")
            }
            Statement::Call { results, function, arguments } => {
                if self.is_scheduled() {
                    return Err(format!("a {} has no call", form_name(&self.function.form)));
                }
                if let Some(module) = self.module {
                    let callee = module.function(function).ok_or("there is no such function")?;
                    self.call(callee, results, arguments)?;
                }
                results.iter().try_for_each(|&result| match result {
                    Argument::Value(value) => self.define(value),
                    Argument::Array(array) => self.define_array(array),
                })
            }
            Statement::If { condition, .. } => self.expect(*condition, ScalarType::Bool, "the condition"),
            Statement::Loop { .. } => Ok(()),
            Statement::Break | Statement::Continue => match surroundings.in_loop {
                true if last => Ok(()),
                true => Err("it is not the last statement of its region".to_string()),
                false => Err("it stands in no loop's body".to_string()),
            },
            Statement::Return(values) => self.check_return(values, surroundings, last),
            Statement::Trap { condition, site, payloads, position } => {
                self.failure(*site, payloads)?;
                if !self.is_function() && payloads.len() != 1 {
                    return Err("a kernel's trap has one payload".to_string());
                }
                match position {
                    Some(position) => self.expect(*position, ScalarType::Index, "the position")?,
                    None if self.is_scheduled() => {
                        return Err("in a scheduled kernel a trap has a position".to_string());
                    }
                    None => {}
                }
                self.expect(*condition, ScalarType::Bool, "the condition")
            }
            Statement::Raise { site, payloads } => match last {
                _ if !self.is_function() => Err(format!("a {} traps", form_name(&self.function.form))),
                true => self.failure(*site, payloads),
                false => Err("it is not the last statement of its region".to_string()),
            },
            Statement::Print { .. } | Statement::Try { .. } | Statement::Reraise { .. } | Statement::Guarded { .. }
                if !self.is_function() =>
            {
                Err(format!("a {} has no such statement", form_name(&self.function.form)))
            }
            Statement::Print { site, items } => self.print(*site, items),
            Statement::Try { .. } if self.function.form == Form::Host => {
                Err("a host function has guards in its place".to_string())
            }
            Statement::Try { .. } => Ok(()),
            Statement::Reraise { .. } if !last => Err("it is not the last statement of its region".to_string()),
            Statement::Reraise { number } => match self.handlers.contains(number) || !self.has_try(*number) {
                true => Ok(()),
                false => Err("it stands in no handler of that number".to_string()),
            },
            Statement::Guarded { failed, statement, .. } => {
                let again = matches!(**statement, Statement::Reraise { .. });
                if !again && !statement.can_be_guarded() {
                    return Err("only traps, calls and allocations are guarded".to_string());
                }
                self.define(*failed)?;
                self.expect(*failed, ScalarType::Bool, "whether it failed")?;
                self.statement(statement, surroundings, last || again)
            }
            Statement::Parallel(parallel) => self.parallel(parallel, surroundings),
            Statement::Launch { kernel, space, captures, arrays } => {
                self.launch(kernel, space, captures, arrays, surroundings)
            }
            Statement::Retain(_) | Statement::Release(_) if self.function.form != Form::Host => {
                Err(format!("a {} counts no references", form_name(&self.function.form)))
            }
            Statement::Release(Holder::Variable(variable)) => match self.variable(*variable, surroundings)? {
                Kind::Array(_) => Ok(()),
                Kind::Scalar(_) => Err("the variable is no array".to_string()),
            },
            Statement::Retain(_) | Statement::Release(Holder::Array(_)) => Ok(()),
            Statement::Poll if self.is_function() => Ok(()),
            Statement::Poll => Err(format!("a {} is never interrupted", form_name(&self.function.form))),
        }
    }

    /// The pass `handlers` takes them away.
    fn has_try(&self, wanted: u32) -> bool {
        let mut found = false;
        let is_wanted = |statement: &Statement| matches!(statement, Statement::Try { number, .. } if *number == wanted);
        self.function.body.walk(&mut |statement| found |= is_wanted(statement));
        found
    }

    /// Payloads fill the places of what an exception is made with.
    fn failure(&self, site: SiteId, payloads: &[Value]) -> Result<(), String> {
        self.site(site)?;
        let places = self.function.sites[site.index()].places();
        if !places.is_empty() && places.len() != payloads.len() {
            return Err("it has not as many payloads as places".to_string());
        }
        places.iter().zip(payloads).try_for_each(|(place, payload)| match place {
            Place::Scalar(scalar) => self.expect(*payload, *scalar, "a payload"),
            Place::Array(..) => Err("no exception is made with an array".to_string()),
        })
    }

    /// The items fill the places that the site has.
    fn print(&self, site: SiteId, items: &[Argument]) -> Result<(), String> {
        self.site(site)?;
        let places = self.function.sites[site.index()].places();
        if places.len() != items.len() {
            return Err("it has not as many items as places".to_string());
        }
        places.iter().zip(items).try_for_each(|(place, item)| match (place, item) {
            (Place::Scalar(scalar), Argument::Value(value)) => self.expect(*value, *scalar, "an item"),
            (Place::Array(scalar, rank), Argument::Array(array)) => {
                let array = &self.function.arrays[array.index()];
                match (array.scalar, array.rank) == (*scalar, *rank) {
                    true => Ok(()),
                    false => Err(format!("the array '{}' is of another type", array.name)),
                }
            }
            _ => Err("an item is of another kind than its place".to_string()),
        })
    }

    pub(super) fn site(&self, site: SiteId) -> Result<(), String> {
        match self.function.sites.get(site.index()) {
            Some(_) => Ok(()),
            None => Err("there is no such site".to_string()),
        }
    }

    fn check_return(&self, values: &[Argument], surroundings: Surroundings, last: bool) -> Result<(), String> {
        if surroundings.parallel.is_some() {
            return Err("a parallel holds no return".to_string());
        }
        if surroundings.in_step {
            return Err("a loop's step holds no return".to_string());
        }
        if !last {
            return Err("it is not the last statement of its region".to_string());
        }
        if values.len() != self.function.results.len() {
            return Err(format!("the function has {} results", self.function.results.len()));
        }
        values
            .iter()
            .zip(&self.function.results)
            .try_for_each(|(&value, kind)| self.expect_kind(value, kind, "the result"))
    }

    fn parallel(&self, parallel: &Parallel, surroundings: Surroundings) -> Result<(), String> {
        if self.is_scheduled() || self.function.form == Form::Host {
            return Err(format!("a {} has no parallel", form_name(&self.function.form)));
        }
        if surroundings.parallel.is_some() {
            return Err("a parallel holds no parallel".to_string());
        }
        if parallel.point.len() != parallel.space.len() {
            return Err("the point and the space differ in their number of axes".to_string());
        }
        if let Some(border) = &parallel.border {
            if border.margins.len() != parallel.space.len() {
                return Err("the border and the space differ in their number of axes".to_string());
            }
            if border.margins.iter().any(|&(low, high)| low < 0 || high < 0) {
                return Err("a margin is negative".to_string());
            }
        }
        parallel.space.iter().try_for_each(|&extent| self.expect(extent, ScalarType::Index, "the extent"))
    }
}
