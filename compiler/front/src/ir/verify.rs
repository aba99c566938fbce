//! The verifier: every rule that a module must keep, checked between passes.
//!
//! Rules of a function:
//!
//! * Every value and every array is defined once, before its uses, and used only in the region of its definition and
//!   those inside.
//! * Operand and result types are those of the op table; conditions are bool, indices and extents `index`.
//! * Array parameters stand in the order of [`Function::arrays`], each once, before the local arrays, which are
//!   functions' alone. What an array is defined as has its type. Loads need an array that may be read,
//!   stores one that may be written; there are as many indices as axes, and the types are the array's.
//! * `break`, `continue`, `return` and `raise` are the last statement of their region. The first two stand in a loop's body, of
//!   the same `parallel`; a loop's `step` has no `break`, `continue` or `return` of its own.
//! * A function with results does not run off its end. Only functions of the forms `Function` and `Host` have
//!   results.
//! * A `parallel` holds no `return`, `parallel` or `launch`. A variable that it reads or sets is its own: nothing
//!   outside it, and no other `parallel`, uses that variable. (It is zero at the start of every point.)
//! * A `Kernel`'s body is one `parallel`, behind constants at most. `Range` and `Grid` kernels have no `parallel`, `call` or `launch`.
//!   Their traps have positions. Only `Grid` kernels read builtins. Roles fit the form; either all arrays of a kernel
//!   are buffers or none is.
//! * `retain` and `release` stand in `Host` functions, which have no `parallel` and no `launch`; `poll` stands in no kernel.
//! * Regions are nested at most [`NESTING`] deep.
//!
//! Rules of a module: names are unique; calls and launches name functions that exist and pass what these take; a
//! function called from inside a `parallel` has no `parallel` or `launch` itself, and does not call itself, not even
//! through others; `Host` functions call only their like; constant tables are not empty.

use super::text::statement_line;
use super::*;
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

/// How deep regions may be nested in each other.
pub const NESTING: usize = 400;

/// Checks a whole module. An error is ours: [`Error::Internal`] with the function's name and the statement.
pub fn verify(module: &Module) -> Result<()> {
    let mut names = HashSet::new();
    for table in &module.tables {
        if !names.insert(&table.name) {
            return Err(Error::Internal(format!("two constant tables are called '{}'", table.name)));
        }
        if table.entries.is_empty() {
            return Err(Error::Internal(format!("the constant table '{}' is empty", table.name)));
        }
    }
    let mut functions = HashMap::new();
    for (number, function) in module.functions.iter().enumerate() {
        if functions.insert(function.name.as_str(), number).is_some() {
            return Err(Error::Internal(format!("two functions are called '{}'", function.name)));
        }
    }
    for function in &module.functions {
        Verifier::new(function, Some(module)).run()?;
    }
    check_call_graph(module, &functions)
}

/// Checks one function, but nothing that depends on its module: what it calls and launches, its constant tables.
pub fn verify_function(function: &Function) -> Result<()> {
    Verifier::new(function, None).run()
}

/// Nothing called from inside a `parallel` has one itself, or calls itself.
fn check_call_graph(module: &Module, functions: &HashMap<&str, usize>) -> Result<()> {
    // Per function: the functions that it calls, and of these the ones called inside a parallel.
    let mut calls = vec![Vec::new(); module.functions.len()];
    let mut calls_inside = Vec::new();
    let mut is_parallel = vec![false; module.functions.len()];
    for (number, function) in module.functions.iter().enumerate() {
        let callee = |statement: &Statement| match statement {
            Statement::Call { function, .. } => functions.get(function.as_str()).copied(),
            _ => None,
        };
        function.body.walk(&mut |statement| {
            calls[number].extend(callee(statement));
            is_parallel[number] |= matches!(statement, Statement::Parallel(_) | Statement::Launch { .. });
            if let Statement::Parallel(_) = statement {
                for region in statement.regions() {
                    region.walk(&mut |inner| calls_inside.extend(callee(inner).map(|callee| (number, callee))));
                }
            }
        });
    }
    // Callees first: take away, again and again, functions all of whose callees are done. What stays calls itself, or
    // what calls itself.
    let mut done = vec![false; module.functions.len()];
    loop {
        let mut progress = false;
        for number in 0..module.functions.len() {
            if !done[number] && calls[number].iter().all(|&callee| done[callee]) {
                done[number] = true;
                progress = true;
                is_parallel[number] |= calls[number].iter().any(|&callee| is_parallel[callee]);
            }
        }
        if !progress {
            break;
        }
    }
    for (caller, callee) in calls_inside {
        let what = match done[callee] {
            false => "calls itself",
            true if is_parallel[callee] => "has a parallel itself",
            true => continue,
        };
        let (caller, callee) = (&module.functions[caller].name, &module.functions[callee].name);
        let message = format!("in function '{caller}': a parallel calls '{callee}', which {what}");
        return Err(Error::Internal(message));
    }
    Ok(())
}

/// What stands around a statement.
#[derive(Clone, Copy)]
struct Surroundings {
    /// `break` and `continue` have a loop to refer to.
    in_loop: bool,
    /// Inside a loop's step, where nothing may leave.
    in_step: bool,
    /// The number of the `parallel` around it, counted in order of appearance.
    parallel: Option<usize>,
    depth: usize,
}

struct Verifier<'a> {
    function: &'a Function,
    module: Option<&'a Module>,
    /// Per value: has it been defined anywhere, and is it visible now?
    defined: Vec<bool>,
    visible: Vec<bool>,
    /// The same per array.
    arrays_defined: Vec<bool>,
    arrays_visible: Vec<bool>,
    /// What the current region has defined so far: what outer regions have is below in the stack.
    scope: Vec<Argument>,
    /// Which parallel (or `None`: code outside) uses a variable; the outer option: nothing so far.
    users: Vec<Option<Option<usize>>>,
    parallels: usize,
}

impl<'a> Verifier<'a> {
    fn new(function: &'a Function, module: Option<&'a Module>) -> Verifier<'a> {
        Verifier {
            function,
            module,
            defined: vec![false; function.values.len()],
            visible: vec![false; function.values.len()],
            arrays_defined: vec![false; function.arrays.len()],
            arrays_visible: vec![false; function.arrays.len()],
            scope: Vec::new(),
            users: vec![None; function.variables.len()],
            parallels: 0,
        }
    }

    fn error<T>(&self, message: impl std::fmt::Display) -> Result<T> {
        Err(Error::Internal(format!("in function '{}': {message}", self.function.name)))
    }

    fn run(&mut self) -> Result<()> {
        self.parameters()?;
        self.form()?;
        let surroundings = Surroundings { in_loop: false, in_step: false, parallel: None, depth: 0 };
        self.region(&self.function.body, surroundings)?;
        if !self.function.results.is_empty() && !self.function.body.leaves() {
            return self.error("it has results, but its end can be reached");
        }
        Ok(())
    }

    fn parameters(&mut self) -> Result<()> {
        let mut arrays = 0;
        for parameter in &self.function.parameters {
            match parameter {
                Parameter::Scalar { name, value, role } => {
                    if let Err(message) = self.define(*value).and_then(|()| self.role(*value, *role)) {
                        return self.error(format!("the parameter '{name}': {message}"));
                    }
                }
                Parameter::Array(array) => {
                    if array.index() != arrays || arrays >= self.function.arrays.len() {
                        return self.error("its array parameters do not stand in the order of its arrays");
                    }
                    arrays += 1;
                    self.arrays_defined[array.index()] = true;
                    self.arrays_visible[array.index()] = true;
                    let array = &self.function.arrays[array.index()];
                    if let Err(message) = check_array(array, &self.function.form) {
                        return self.error(format!("the array '{}': {message}", array.name));
                    }
                }
            }
        }
        if arrays != self.function.arrays.len() && !self.is_function() {
            return self.error("it has an array that is no parameter");
        }
        for array in &self.function.arrays[arrays..] {
            if let Err(message) = check_array(array, &self.function.form) {
                return self.error(format!("the array '{}': {message}", array.name));
            }
        }
        let buffers = self.function.arrays.iter().filter(|array| array.buffer).count();
        if buffers != 0 && buffers != self.function.arrays.len() {
            return self.error("some of its arrays are buffers and some are not");
        }
        Ok(())
    }

    fn role(&self, value: Value, role: Role) -> Result<(), String> {
        let scheduled = matches!(self.function.form, Form::Range | Form::Grid { .. });
        let kernel = scheduled || self.function.form == Form::Kernel;
        let fits = match role {
            Role::Argument(_) => return Ok(()),
            Role::Begin | Role::End => scheduled,
            Role::SpaceExtent(_) => kernel,
            Role::Offset(array) | Role::Extent(array, _) | Role::Stride(array, _) => {
                if array.index() >= self.function.arrays.len() {
                    return Err("its role names an array that there is not".to_string());
                }
                kernel
            }
        };
        if !fits {
            return Err(format!("a {} has no parameter of this role", form_name(&self.function.form)));
        }
        self.expect(value, ScalarType::Index, "it")
    }

    fn form(&self) -> Result<()> {
        let function = self.function;
        if !self.is_function() && !function.results.is_empty() {
            return self.error("a kernel has no results");
        }
        match function.form {
            Form::Kernel if !is_kernel_body(&function.body) => {
                self.error("the body of a kernel is exactly one parallel")
            }
            Form::Grid { group: 0, .. } => self.error("a group has at least one thread"),
            _ => Ok(()),
        }
    }

    fn region(&mut self, region: &Region, surroundings: Surroundings) -> Result<()> {
        if surroundings.depth > NESTING {
            return self.error(format!("its regions are nested more than {NESTING} deep"));
        }
        let start = self.scope.len();
        for (position, statement) in region.statements.iter().enumerate() {
            let last = position + 1 == region.statements.len();
            if let Err(message) = self.statement(statement, surroundings, last) {
                return self.error(format!("{message}, in: {}", statement_line(self.function, statement)));
            }
            self.inner_regions(statement, surroundings)?;
        }
        self.leave_scope(start);
        Ok(())
    }

    /// Nothing that was defined since is visible any more.
    fn leave_scope(&mut self, start: usize) {
        for defined in self.scope.drain(start..) {
            match defined {
                Argument::Value(value) => self.visible[value.index()] = false,
                Argument::Array(array) => self.arrays_visible[array.index()] = false,
            }
        }
    }

    fn inner_regions(&mut self, statement: &Statement, surroundings: Surroundings) -> Result<()> {
        let inside = Surroundings { depth: surroundings.depth + 1, ..surroundings };
        match statement {
            Statement::If { then, otherwise, .. } => {
                self.region(then, inside)?;
                self.region(otherwise, inside)
            }
            Statement::Loop { body, step } => {
                // A loop within a step has its own breaks, but still no return.
                self.region(body, Surroundings { in_loop: true, ..inside })?;
                self.region(step, Surroundings { in_loop: false, in_step: true, ..inside })
            }
            Statement::Parallel(parallel) => {
                let number = self.parallels;
                self.parallels += 1;
                let inside = Surroundings { in_loop: false, parallel: Some(number), ..inside };
                let start = self.scope.len();
                for &point in &parallel.point {
                    if let Err(message) =
                        self.define(point).and_then(|()| self.expect(point, ScalarType::Index, "the point"))
                    {
                        return self.error(format!("{message}, in: {}", statement_line(self.function, statement)));
                    }
                }
                self.region(&parallel.body, inside)?;
                if let Some(border) = &parallel.border {
                    self.region(&border.region, inside)?;
                }
                self.leave_scope(start);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Checks a statement itself, not the regions inside.
    fn statement(&mut self, statement: &Statement, surroundings: Surroundings, last: bool) -> Result<(), String> {
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
                self.site(*site)?;
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
            Statement::Raise { site, .. } => match last {
                _ if !self.is_function() => Err(format!("a {} traps", form_name(&self.function.form))),
                true => self.site(*site),
                false => Err("it is not the last statement of its region".to_string()),
            },
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

    /// Whether what an array is defined as has the array's type.
    fn definition(
        &mut self,
        array: ArrayId,
        definition: &Definition,
        surroundings: Surroundings,
    ) -> Result<(), String> {
        let function = self.function;
        let defined = function.arrays.get(array.index()).ok_or("there is no such array")?;
        for value in definition.operands() {
            self.expect(value, ScalarType::Index, "an extent, start or step")?;
        }
        let axes = defined.rank as usize;
        let packed = defined.strides == ArrayType::c_order(axes);
        match definition {
            Definition::Allocate { extents, site, .. } => {
                self.site(*site)?;
                match packed || defined.strides == ArrayType::f_order(axes) {
                    _ if surroundings.parallel.is_some() => Err("a parallel allocates nothing".to_string()),
                    true if extents.len() == axes => Ok(()),
                    true => Err(format!("the array has {axes} axes")),
                    false => Err("memory is packed in C or in Fortran's order".to_string()),
                }
            }
            Definition::View { base, starts, axes: view } => {
                let base = self.base(*base, defined)?;
                if starts.len() != base.rank as usize || view.len() != axes {
                    return Err("the starts or the axes are too many or too few".to_string());
                }
                let mut taken = HashSet::new();
                for (axis, stride) in view.iter().zip(&defined.strides) {
                    match axis.source {
                        AxisSource::Along { axis, .. } if axis >= base.rank => {
                            return Err("the base has no such axis".to_string());
                        }
                        AxisSource::Along { axis, .. } if !taken.insert(axis) => {
                            return Err("two axes go along the same one".to_string());
                        }
                        AxisSource::Repeated if !matches!(stride, Stride::Zero | Stride::Any) => {
                            return Err("the stride of a repeated axis is zero".to_string());
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Definition::Reshape { base, extents } => {
                let base = self.base(*base, defined)?;
                match packed && base.strides == ArrayType::c_order(base.rank as usize) {
                    true if extents.len() == axes => Ok(()),
                    true => Err(format!("the array has {axes} axes")),
                    false => Err("only what is packed in C order has another shape".to_string()),
                }
            }
            Definition::Get(variable) => {
                let kind = self.variable(*variable, surroundings)?;
                self.expect_kind(Argument::Array(array), kind, "the array")
            }
        }
    }

    /// The array whose memory `defined` shares.
    fn base(&self, base: ArrayId, defined: &Array) -> Result<&'a Array, String> {
        let base = self.function.arrays.get(base.index()).ok_or("there is no such array")?;
        let allowed = base.access == defined.access || base.access == Access::ReadWrite;
        if base.scalar != defined.scalar || !allowed {
            return Err(format!("'{}' has other elements, or another access", base.name));
        }
        Ok(base)
    }

    fn site(&self, site: SiteId) -> Result<(), String> {
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

    fn launch(
        &self,
        kernel: &str,
        space: &[Value],
        captures: &[Value],
        arrays: &[ArrayId],
        surroundings: Surroundings,
    ) -> Result<(), String> {
        if self.function.form != Form::Function && self.function.form != Form::Host {
            return Err(format!("a {} has no launch", form_name(&self.function.form)));
        }
        if surroundings.parallel.is_some() {
            return Err("a parallel holds no launch".to_string());
        }
        space.iter().try_for_each(|&extent| self.expect(extent, ScalarType::Index, "the extent"))?;
        let Some(module) = self.module else { return Ok(()) };
        let kernel = module.function(kernel).ok_or("there is no such kernel")?;
        if matches!(kernel.form, Form::Function | Form::Host) {
            return Err("what it launches is no kernel".to_string());
        }
        if let Some(Statement::Parallel(parallel)) = kernel.body.statements.last()
            && parallel.space.len() != space.len()
        {
            return Err(format!("the kernel's space has {} axes", parallel.space.len()));
        }
        for (name, value, role) in kernel.scalar_parameters() {
            match role {
                Role::Argument(number) => {
                    let capture = *captures.get(number as usize).ok_or(format!("no capture fills '{name}'"))?;
                    let wanted = kernel.values.get(value.index()).ok_or("the kernel has a broken parameter")?;
                    self.expect(capture, wanted.scalar, &format!("the capture for '{name}'"))?;
                }
                Role::SpaceExtent(axis) if axis as usize >= space.len() => {
                    return Err(format!("no axis of the space fills '{name}'"));
                }
                _ => {}
            }
        }
        if arrays.len() != kernel.arrays.len() {
            return Err(format!("the kernel takes {} arrays", kernel.arrays.len()));
        }
        arrays.iter().zip(&kernel.arrays).try_for_each(|(&array, wanted)| self.pass_array(array, wanted))
    }

    fn call(&self, callee: &Function, results: &[Argument], arguments: &[Argument]) -> Result<(), String> {
        match (&self.function.form, &callee.form) {
            (Form::Host, Form::Function) | (Form::Function | Form::Kernel, Form::Host) => {
                return Err("a host function and another function do not call each other".to_string());
            }
            (_, Form::Function | Form::Host) => {}
            _ => return Err("what it calls is a kernel".to_string()),
        }
        if arguments.len() != callee.parameters.len() {
            return Err(format!("the function takes {} arguments", callee.parameters.len()));
        }
        for (argument, parameter) in arguments.iter().zip(&callee.parameters) {
            match (argument, parameter) {
                (Argument::Value(given), Parameter::Scalar { name, value, .. }) => {
                    let wanted = callee.values.get(value.index()).ok_or("the function has a broken parameter")?;
                    self.expect(*given, wanted.scalar, &format!("the argument '{name}'"))?;
                }
                (Argument::Array(given), Parameter::Array(wanted)) => {
                    let wanted = callee.arrays.get(wanted.index()).ok_or("the function has a broken parameter")?;
                    self.pass_array(*given, wanted)?;
                }
                _ => return Err("an array meets a scalar parameter, or the other way round".to_string()),
            }
        }
        if results.len() != callee.results.len() {
            return Err(format!("the function has {} results", callee.results.len()));
        }
        let mut results = results.iter().zip(&callee.results);
        results.try_for_each(|(&result, kind)| self.expect_kind(result, kind, "the result"))
    }

    /// Whether an array of this function may be passed for an array parameter of another.
    fn pass_array(&self, given: ArrayId, wanted: &Array) -> Result<(), String> {
        let given = self.function.arrays.get(given.index()).ok_or("there is no such array")?;
        let fail = |what: &str| Err(format!("the array '{}' {what} '{}'", given.name, wanted.name));
        if given.scalar != wanted.scalar {
            return fail("has another type of elements than the parameter");
        }
        // A kernel whose arrays are buffers takes any array: it gets extents and strides as parameters.
        if !wanted.buffer && given.rank != wanted.rank {
            return fail("has another number of axes than the parameter");
        }
        if given.access != Access::ReadWrite && given.access != wanted.access {
            return fail("may not be accessed as the parameter");
        }
        let known = wanted.strides.iter().zip(&given.strides).all(|(wanted, given)| match wanted {
            Stride::Any => true,
            wanted => wanted == given,
        });
        if !wanted.buffer && !known {
            return fail("is not known to have the strides of the parameter");
        }
        Ok(())
    }

    /// The type of an expression's result; `value` is what it defines.
    fn expression(
        &mut self,
        expression: &Expression,
        value: Value,
        surroundings: Surroundings,
    ) -> Result<ScalarType, String> {
        match expression {
            Expression::Constant(constant) => {
                let canonical = Constant::canonical(constant.bits, constant.scalar);
                if canonical != constant.bits {
                    return Err(format!("the constant's bits {:#x} are not of its type", constant.bits));
                }
                Ok(constant.scalar)
            }
            Expression::Get(variable) => match self.variable(*variable, surroundings)? {
                Kind::Scalar(scalar) => Ok(*scalar),
                Kind::Array(_) => Err("the variable is an array".to_string()),
            },
            Expression::Apply { op, operands, .. } => {
                let types: Vec<ScalarType> = operands.iter().map(|&operand| self.function.scalar(operand)).collect();
                let asked = self.function.values.get(value.index()).map(|info| info.scalar);
                op.result_type(&types, asked).ok_or_else(|| {
                    let types: Vec<&str> = types.iter().map(|scalar| scalar.short_name()).collect();
                    format!("'{}' does not take ({})", op.name(), types.join(", "))
                })
            }
            Expression::Load { array, indices } => Ok(self.access(*array, indices, Access::Write)?.scalar),
            Expression::Extent { array, axis } => {
                let array = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
                match array.buffer {
                    true => Err("a buffer has no extent".to_string()),
                    false if *axis >= array.rank => Err("the array has no such axis".to_string()),
                    false => Ok(ScalarType::Index),
                }
            }
            Expression::Stride { .. } | Expression::Overlap { .. } if !self.is_function() => {
                Err(format!("a {} does not ask that", form_name(&self.function.form)))
            }
            Expression::Stride { array, axis } => {
                match self.function.arrays.get(array.index()).is_some_and(|array| *axis < array.rank) {
                    true => Ok(ScalarType::Index),
                    false => Err("the array has no such axis".to_string()),
                }
            }
            Expression::Overlap { .. } => Ok(ScalarType::Bool),
            Expression::TableEntry { table, index } => {
                if !self.function.scalar(*index).is_integer() {
                    return Err("the index is no integer".to_string());
                }
                match self.module {
                    Some(module) => {
                        Ok(module.tables.get(table.index()).ok_or("there is no such constant table")?.scalar)
                    }
                    None => Ok(self.function.values.get(value.index()).ok_or("there is no such value")?.scalar),
                }
            }
            Expression::Builtin(_) => match self.function.form {
                Form::Grid { .. } => Ok(ScalarType::Index),
                _ => Err(format!("a {} has no threads", form_name(&self.function.form))),
            },
        }
    }

    /// The array of a load or store whose opposite needs `opposite`.
    fn access(&self, array: ArrayId, indices: &[Value], opposite: Access) -> Result<&'a Array, String> {
        let array = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
        if array.access == opposite {
            let what = if opposite == Access::Read { "written" } else { "read" };
            return Err(format!("the array '{}' may not be {what}", array.name));
        }
        if indices.len() != array.rank as usize {
            return Err(format!("the array '{}' has {} axes", array.name, array.rank));
        }
        indices.iter().try_for_each(|&index| self.expect(index, ScalarType::Index, "the index"))?;
        Ok(array)
    }

    /// The type of a variable that is used here.
    fn variable(&mut self, variable: VariableId, surroundings: Surroundings) -> Result<&'a Kind, String> {
        let known = self.function.variables.get(variable.index()).ok_or("there is no such variable")?;
        let user = &mut self.users[variable.index()];
        if *user.get_or_insert(surroundings.parallel) != surroundings.parallel {
            return Err(format!("the variable '{}' is used inside and outside of a parallel", known.name));
        }
        Ok(&known.kind)
    }

    fn define(&mut self, value: Value) -> Result<(), String> {
        match self.defined.get_mut(value.index()) {
            None => Err(format!("%{} has no type", value.0)),
            Some(true) => Err(format!("%{} is defined twice", value.0)),
            Some(defined) => {
                *defined = true;
                self.visible[value.index()] = true;
                self.scope.push(Argument::Value(value));
                Ok(())
            }
        }
    }

    fn define_array(&mut self, array: ArrayId) -> Result<(), String> {
        match self.arrays_defined.get_mut(array.index()) {
            None => Err("there is no such array".to_string()),
            Some(true) => Err(format!("the array '{}' is defined twice", self.function.arrays[array.index()].name)),
            Some(defined) => {
                *defined = true;
                self.arrays_visible[array.index()] = true;
                self.scope.push(Argument::Array(array));
                Ok(())
            }
        }
    }

    /// Whether what is given is of that kind. What is known of strides may be more than what is asked for.
    fn expect_kind(&self, given: Argument, kind: &Kind, what: &str) -> Result<(), String> {
        match (given, kind) {
            (Argument::Value(value), Kind::Scalar(scalar)) => self.expect(value, *scalar, what),
            (Argument::Array(array), Kind::Array(wanted)) => {
                let given = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
                let known = |(wanted, given): (&Stride, &Stride)| *wanted == Stride::Any || wanted == given;
                let fits = given.scalar == wanted.scalar
                    && (given.access == wanted.access || given.access == Access::ReadWrite)
                    && given.rank == wanted.rank()
                    && wanted.strides.iter().zip(&given.strides).all(known);
                if fits { Ok(()) } else { Err(format!("{what} '{}' has another type", given.name)) }
            }
            (Argument::Value(_), Kind::Array(_)) => Err(format!("{what} is an array")),
            (Argument::Array(_), Kind::Scalar(_)) => Err(format!("{what} is a scalar")),
        }
    }

    fn expect(&self, value: Value, scalar: ScalarType, what: &str) -> Result<(), String> {
        match self.function.values.get(value.index()) {
            None => Err(format!("%{} has no type", value.0)),
            Some(info) if info.scalar == scalar => Ok(()),
            Some(info) => Err(format!("{what} is {}, expected {}", info.scalar.short_name(), scalar.short_name())),
        }
    }

    /// Whether this is no kernel.
    fn is_function(&self) -> bool {
        matches!(self.function.form, Form::Function | Form::Host)
    }

    fn is_scheduled(&self) -> bool {
        matches!(self.function.form, Form::Range | Form::Grid { .. })
    }
}

fn check_array(array: &Array, form: &Form) -> Result<(), String> {
    if array.scalar == ScalarType::Index {
        return Err("an index is never stored".to_string());
    }
    if array.strides.contains(&Stride::Packed) && !array.strides.contains(&Stride::Unit) {
        return Err("it is packed up to an axis whose stride is 1, which there is not".to_string());
    }
    if array.strides.len() != array.rank as usize {
        return Err(format!("it has {} axes and {} strides", array.rank, array.strides.len()));
    }
    if array.buffer && matches!(form, Form::Function | Form::Host) {
        return Err("only a kernel's arrays are buffers".to_string());
    }
    if array.buffer && array.rank != 1 {
        return Err("a buffer has one axis".to_string());
    }
    if let Footprint::Window(windows) = &array.footprint {
        // The axes of a buffer's window are those that the array had before.
        if !array.buffer && windows.len() > array.rank as usize {
            return Err(format!("it has {} axes and a window of {}", array.rank, windows.len()));
        }
        if windows.iter().any(|(low, high)| low > high) {
            return Err("its window is empty".to_string());
        }
    }
    Ok(())
}

/// One `parallel`, behind constants at most: the extents of its space that are known.
fn is_kernel_body(body: &Region) -> bool {
    let is_constant = |statement: &Statement| match statement {
        Statement::Let { expression: Expression::Constant(constant), .. } => constant.scalar == ScalarType::Index,
        _ => false,
    };
    match body.statements.split_last() {
        Some((Statement::Parallel(_), before)) => before.iter().all(is_constant),
        _ => false,
    }
}

fn form_name(form: &Form) -> &'static str {
    match form {
        Form::Function => "function",
        Form::Host => "host function",
        Form::Kernel => "kernel",
        Form::Range => "range kernel",
        Form::Grid { .. } => "grid kernel",
    }
}
