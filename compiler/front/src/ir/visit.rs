//! What a statement holds: the values, arrays and variables that it reads and defines, each for reading and for replacing, and
//! the regions inside; and walks over all statements of a region. Whoever adds a statement, a definition or an expression says
//! here what stands in it, and every pass knows.

use super::{
    Argument, ArrayId, AxisSource, Definition, Expression, Holder, Parallel, Region, SiteId, Statement, Value,
    VariableId,
};

impl Statement {
    /// Whether control never goes on behind it: a jump.
    pub fn is_jump(&self) -> bool {
        matches!(
            self,
            Statement::Break
                | Statement::Continue
                | Statement::Return(_)
                | Statement::Raise { .. }
                | Statement::Reraise { .. }
        )
    }

    /// Whether [`Statement::Guarded`] can have it: it can fail, and control may go on behind it.
    pub fn can_be_guarded(&self) -> bool {
        matches!(
            self,
            Statement::Trap { .. }
                | Statement::Call { .. }
                | Statement::Define { definition: Definition::Allocate { .. }, .. }
        )
    }

    /// The function that it calls, guarded or not.
    pub fn callee(&self) -> Option<&str> {
        match self {
            Statement::Call { function, .. } => Some(function),
            Statement::Guarded { statement, .. } => statement.callee(),
            _ => None,
        }
    }

    /// The regions directly inside.
    pub fn regions(&self) -> Vec<&Region> {
        match self {
            Statement::If { then, otherwise, .. } => vec![then, otherwise],
            Statement::Loop { body, step } => vec![body, step],
            Statement::Try { body, handler, .. } => vec![body, handler],
            Statement::Parallel(parallel) => {
                let mut regions = vec![&parallel.body];
                regions.extend(parallel.border.as_ref().map(|border| &border.region));
                regions
            }
            _ => Vec::new(),
        }
    }

    pub fn regions_mut(&mut self) -> Vec<&mut Region> {
        match self {
            Statement::If { then, otherwise, .. } => vec![then, otherwise],
            Statement::Loop { body, step } => vec![body, step],
            Statement::Try { body, handler, .. } => vec![body, handler],
            Statement::Parallel(parallel) => {
                let Parallel { body, border, .. } = parallel.as_mut();
                let mut regions = vec![body];
                regions.extend(border.as_mut().map(|border| &mut border.region));
                regions
            }
            _ => Vec::new(),
        }
    }

    /// The values that this statement itself reads (not those of regions inside).
    pub fn operands(&self) -> Vec<Value> {
        match self {
            Statement::Let { expression, .. } => expression.operands(),
            Statement::Set { value, .. } => value.value().into_iter().collect(),
            Statement::Define { definition, .. } => definition.operands(),
            Statement::Store { indices, value, .. } => indices.iter().copied().chain([*value]).collect(),
            Statement::Call { arguments, .. }
            | Statement::Return(arguments)
            | Statement::Print { items: arguments, .. } => values_of(arguments),
            Statement::Guarded { statement, .. } => statement.operands(),
            Statement::If { condition, .. } => vec![*condition],
            Statement::Trap { condition, payloads, position, .. } => {
                std::iter::once(*condition).chain(payloads.iter().copied()).chain(*position).collect()
            }
            Statement::Raise { payloads, .. } => payloads.clone(),
            Statement::Parallel(parallel) => parallel.space.clone(),
            Statement::Launch { space, captures, .. } => space.iter().chain(captures).copied().collect(),
            Statement::Loop { .. }
            | Statement::Try { .. }
            | Statement::Reraise { .. }
            | Statement::Break
            | Statement::Continue
            | Statement::Retain(_)
            | Statement::Release(_)
            | Statement::Poll => Vec::new(),
        }
    }

    /// Replaces every value that this statement itself reads.
    pub fn map_operands(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        match self {
            Statement::Let { expression, .. } => expression.map_operands(map),
            Statement::Set { value, .. } => value.map(map),
            Statement::Define { definition, .. } => definition.map_operands(map),
            Statement::Store { indices, value, .. } => {
                indices.iter_mut().for_each(|index| *index = map(*index));
                *value = map(*value);
            }
            Statement::Guarded { statement, .. } => statement.map_operands(map),
            Statement::Call { arguments, .. }
            | Statement::Return(arguments)
            | Statement::Print { items: arguments, .. } => arguments.iter_mut().for_each(|argument| argument.map(map)),
            Statement::If { condition, .. } => *condition = map(*condition),
            Statement::Trap { condition, payloads, position, .. } => {
                *condition = map(*condition);
                payloads.iter_mut().for_each(|payload| *payload = map(*payload));
                *position = position.map(map);
            }
            Statement::Raise { payloads, .. } => payloads.iter_mut().for_each(|payload| *payload = map(*payload)),
            Statement::Parallel(parallel) => parallel.space.iter_mut().for_each(|value| *value = map(*value)),
            Statement::Launch { space, captures, .. } => {
                space.iter_mut().chain(captures).for_each(|value| *value = map(*value));
            }
            Statement::Loop { .. }
            | Statement::Try { .. }
            | Statement::Reraise { .. }
            | Statement::Break
            | Statement::Continue
            | Statement::Retain(_)
            | Statement::Release(_)
            | Statement::Poll => {}
        }
    }

    /// The arrays that this statement itself uses, not those that it defines.
    pub fn arrays(&self) -> Vec<ArrayId> {
        match self {
            Statement::Let { expression, .. } => match expression {
                Expression::Load { array, .. }
                | Expression::Extent { array, .. }
                | Expression::Stride { array, .. } => vec![*array],
                Expression::Overlap { left, right } => vec![*left, *right],
                _ => Vec::new(),
            },
            Statement::Set { value, .. } => value.array().into_iter().collect(),
            Statement::Define { definition, .. } => definition.base().into_iter().collect(),
            Statement::Store { array, .. } | Statement::Retain(array) | Statement::Release(Holder::Array(array)) => {
                vec![*array]
            }
            Statement::Guarded { statement, .. } => statement.arrays(),
            Statement::Call { arguments, .. }
            | Statement::Return(arguments)
            | Statement::Print { items: arguments, .. } => {
                arguments.iter().filter_map(|argument| argument.array()).collect()
            }
            Statement::Launch { arrays, .. } => arrays.clone(),
            _ => Vec::new(),
        }
    }

    /// Replaces every array that this statement itself uses.
    pub fn map_arrays(&mut self, map: &mut dyn FnMut(ArrayId) -> ArrayId) {
        let mut of_arguments = |arguments: &mut Vec<Argument>| {
            for argument in arguments {
                if let Argument::Array(array) = argument {
                    *array = map(*array);
                }
            }
        };
        match self {
            Statement::Guarded { statement, .. } => statement.map_arrays(map),
            Statement::Call { arguments, .. }
            | Statement::Return(arguments)
            | Statement::Print { items: arguments, .. } => of_arguments(arguments),
            Statement::Let { expression, .. } => match expression {
                Expression::Load { array, .. }
                | Expression::Extent { array, .. }
                | Expression::Stride { array, .. } => *array = map(*array),
                Expression::Overlap { left, right } => (*left, *right) = (map(*left), map(*right)),
                _ => {}
            },
            Statement::Set { value: Argument::Array(array), .. }
            | Statement::Define {
                definition: Definition::View { base: array, .. } | Definition::Reshape { base: array, .. },
                ..
            }
            | Statement::Store { array, .. }
            | Statement::Retain(array)
            | Statement::Release(Holder::Array(array)) => *array = map(*array),
            Statement::Launch { arrays, .. } => arrays.iter_mut().for_each(|array| *array = map(*array)),
            _ => {}
        }
    }

    /// The arrays that this statement itself defines.
    pub fn array_definitions(&self) -> Vec<ArrayId> {
        match self {
            Statement::Define { array, .. } => vec![*array],
            Statement::Call { results, .. } => results.iter().filter_map(|result| result.array()).collect(),
            Statement::Guarded { statement, .. } => statement.array_definitions(),
            _ => Vec::new(),
        }
    }

    /// The variable that this statement itself reads, sets or releases.
    pub fn variable(&self) -> Option<VariableId> {
        match self {
            Statement::Let { expression: Expression::Get(variable), .. }
            | Statement::Define { definition: Definition::Get(variable), .. }
            | Statement::Set { variable, .. }
            | Statement::Release(Holder::Variable(variable)) => Some(*variable),
            _ => None,
        }
    }

    pub fn variable_mut(&mut self) -> Option<&mut VariableId> {
        match self {
            Statement::Let { expression: Expression::Get(variable), .. }
            | Statement::Define { definition: Definition::Get(variable), .. }
            | Statement::Set { variable, .. }
            | Statement::Release(Holder::Variable(variable)) => Some(variable),
            _ => None,
        }
    }

    /// The site at which this statement itself can fail.
    pub fn site_mut(&mut self) -> Option<&mut SiteId> {
        match self {
            Statement::Trap { site, .. }
            | Statement::Raise { site, .. }
            | Statement::Print { site, .. }
            | Statement::Define { definition: Definition::Allocate { site, .. }, .. } => Some(site),
            Statement::Guarded { statement, .. } => statement.site_mut(),
            _ => None,
        }
    }

    /// The values that this statement itself defines (for `parallel`: the point).
    pub fn definitions(&self) -> Vec<Value> {
        match self {
            Statement::Let { value, .. } => vec![*value],
            Statement::Call { results, .. } => values_of(results),
            Statement::Guarded { failed, statement, .. } => {
                let mut values = vec![*failed];
                values.extend(statement.definitions());
                values
            }
            Statement::Parallel(parallel) => parallel.point.clone(),
            _ => Vec::new(),
        }
    }
}

fn values_of(arguments: &[Argument]) -> Vec<Value> {
    arguments.iter().filter_map(|argument| argument.value()).collect()
}

impl Argument {
    fn map(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        if let Argument::Value(value) = self {
            *value = map(*value);
        }
    }
}

impl Definition {
    /// The values that it reads.
    pub fn operands(&self) -> Vec<Value> {
        match self {
            Definition::Allocate { extents, .. }
            | Definition::Reshape { extents, .. }
            | Definition::Constant { extents, .. } => extents.clone(),
            Definition::View { starts, axes, .. } => {
                let mut operands = starts.clone();
                for axis in axes {
                    operands.push(axis.extent);
                    if let AxisSource::Along { step, .. } = axis.source {
                        operands.extend(step);
                    }
                }
                operands
            }
            Definition::Get(_) => Vec::new(),
        }
    }

    pub fn map_operands(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        match self {
            Definition::Allocate { extents, .. }
            | Definition::Reshape { extents, .. }
            | Definition::Constant { extents, .. } => {
                extents.iter_mut().for_each(|extent| *extent = map(*extent));
            }
            Definition::View { starts, axes, .. } => {
                starts.iter_mut().for_each(|start| *start = map(*start));
                for axis in axes {
                    axis.extent = map(axis.extent);
                    if let AxisSource::Along { step: Some(step), .. } = &mut axis.source {
                        *step = map(*step);
                    }
                }
            }
            Definition::Get(_) => {}
        }
    }

    /// The array whose memory it shares.
    pub fn base(&self) -> Option<ArrayId> {
        match self {
            Definition::View { base, .. } | Definition::Reshape { base, .. } => Some(*base),
            Definition::Allocate { .. } | Definition::Get(_) | Definition::Constant { .. } => None,
        }
    }
}

impl Expression {
    pub fn operands(&self) -> Vec<Value> {
        match self {
            Expression::Apply { operands, .. } => operands.clone(),
            Expression::Load { indices, .. } => indices.clone(),
            Expression::TableEntry { index, .. } => vec![*index],
            _ => Vec::new(),
        }
    }

    pub fn map_operands(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        match self {
            Expression::Apply { operands, .. } => operands.iter_mut().for_each(|operand| *operand = map(*operand)),
            Expression::Load { indices, .. } => indices.iter_mut().for_each(|index| *index = map(*index)),
            Expression::TableEntry { index, .. } => *index = map(*index),
            _ => {}
        }
    }
}

impl Region {
    /// Whether control never goes on behind the region.
    pub fn leaves(&self) -> bool {
        match self.statements.last() {
            Some(jump) if jump.is_jump() => true,
            Some(Statement::If { then, otherwise, .. }) => then.leaves() && otherwise.leaves(),
            Some(Statement::Loop { body, .. }) => !body.breaks(),
            Some(Statement::Try { body, handler, .. }) => body.leaves() && handler.leaves(),
            _ => false,
        }
    }

    /// Whether the region has a `break` that leaves the loop whose body it is.
    pub fn breaks(&self) -> bool {
        self.statements.iter().any(|statement| match statement {
            Statement::Break => true,
            Statement::If { then, otherwise, .. } => then.breaks() || otherwise.breaks(),
            Statement::Try { body, handler, .. } => body.breaks() || handler.breaks(),
            _ => false,
        })
    }

    /// Whether the region has a `continue` of the loop whose body it is in.
    pub fn continues(&self) -> bool {
        self.statements.iter().any(|statement| match statement {
            Statement::Continue => true,
            Statement::If { then, otherwise, .. } => then.continues() || otherwise.continues(),
            Statement::Try { body, handler, .. } => body.continues() || handler.continues(),
            _ => false,
        })
    }

    /// Visits every statement, outer before inner, in order.
    pub fn walk(&self, visit: &mut dyn FnMut(&Statement)) {
        for statement in &self.statements {
            visit(statement);
            for region in statement.regions() {
                region.walk(visit);
            }
        }
    }

    pub fn walk_mut(&mut self, visit: &mut dyn FnMut(&mut Statement)) {
        for statement in &mut self.statements {
            visit(statement);
            for region in statement.regions_mut() {
                region.walk_mut(visit);
            }
        }
    }
}
