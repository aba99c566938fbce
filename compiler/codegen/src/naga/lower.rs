//! A scheduled kernel as naga's module: structured statements become structured statements, one to one.
//!
//! naga wants every expression that is computed (not literals, arguments, globals, locals) covered by exactly one
//! `Emit` statement before it is used; here each is emitted alone, where it stands, and named, so that the WGSL text
//! has one `let` per value instead of deeply nested expressions.

use super::tables::{self, Placed};
use super::zero::Zeros;
use super::{ENTRY, parameters};
use crate::{Error, Result};
use naga::{
    AddressSpace, Arena, ArraySize, AtomicFunction, BinaryOperator, Binding, Block, BuiltIn, EntryPoint,
    Expression as NagaExpression, Function as NagaFunction, FunctionArgument, GlobalVariable, Handle, Literal,
    LocalVariable, ResourceBinding, Scalar, ScalarKind, ShaderStage, Span, Statement as NagaStatement, StorageAccess,
    StructMember, Type, TypeInner, VectorSize,
};
use numbra_front::ir::{
    Access, Argument, Builtin, Expression, Form, Function, Module, Parameter, Region, Role, SiteId, Statement, Value,
};
use numbra_front::passes::nesting;
use numbra_front::types::{Constant, ScalarType};
use std::num::NonZeroU32;

pub(super) type Handled = Handle<NagaExpression>;

/// naga's scalar for a type that devices of this back end have.
pub(super) fn scalar_of(scalar: ScalarType) -> Result<Scalar> {
    Ok(match scalar {
        ScalarType::Bool => Scalar::BOOL,
        ScalarType::I32 | ScalarType::Index => Scalar::I32,
        ScalarType::U32 => Scalar::U32,
        ScalarType::I64 => Scalar::I64,
        ScalarType::U64 => Scalar::U64,
        ScalarType::F32 => Scalar::F32,
        ScalarType::F64 => Scalar::F64,
        ScalarType::I8 | ScalarType::I16 | ScalarType::U8 | ScalarType::U16 => {
            return Err(broken(format!("type '{scalar}' has not been legalized")));
        }
    })
}

pub(super) fn broken(message: impl Into<String>) -> Error {
    Error::internal("naga's lowering", message)
}

/// Lowers `kernel`, a function of `module` of form Grid: naga's module, and the words of the buffer of [`tables`].
pub fn lower(module: &Module, kernel: &Function) -> Result<(naga::Module, Vec<u32>)> {
    let Form::Grid { group, .. } = kernel.form else {
        return Err(broken(format!("'{}' is not scheduled for a grid", kernel.name)));
    };
    let (tables, table_words) = tables::place(&module.tables, kernel)?;
    let mut lowering = Lowering {
        kernel,
        module: naga::Module::default(),
        function: NagaFunction { name: Some(ENTRY.to_string()), ..NagaFunction::default() },
        values: vec![None; kernel.values.len()],
        variables: Vec::new(),
        arrays: Vec::new(),
        tables,
        table_words: None,
        status: None,
        prologue: Block::new(),
        spare_word: None,
        zeros: Zeros::default(),
        failed: None,
        in_loop: false,
    };
    let mut body = Block::new();
    lowering.declare()?;
    lowering.load_parameters()?;
    lowering.start_variables()?;
    if nesting::has_many_traps(kernel) {
        body = lowering.body_that_fails()?;
    } else {
        lowering.region(&kernel.body, &mut body)?;
    }
    naga::proc::ensure_block_returns(&mut body);
    let Lowering { module: mut lowered, mut function, prologue, .. } = lowering;
    function.body = prologue;
    function.body.extend_block(body);
    lowered.entry_points.push(EntryPoint {
        name: ENTRY.to_string(),
        stage: ShaderStage::Compute,
        early_depth_test: None,
        workgroup_size: [group, 1, 1],
        workgroup_size_overrides: None,
        function,
        mesh_info: None,
        task_payload: None,
        incoming_ray_payload: None,
    });
    Ok((lowered, table_words))
}

pub(super) struct Lowering<'a> {
    pub(super) kernel: &'a Function,
    module: naga::Module,
    function: NagaFunction,
    values: Vec<Option<Handled>>,
    /// Pointers, by id.
    pub(super) variables: Vec<Handled>,
    arrays: Vec<Handled>,
    pub(super) tables: Vec<Placed>,
    /// The buffer of the tables' words, if there are any.
    pub(super) table_words: Option<Handled>,
    status: Option<Handled>,
    /// What stands before the body: parameters, and what every point needs.
    pub(super) prologue: Block,
    /// The block of parameters and the place of the word in it that is 0.
    pub(super) spare_word: Option<(Handled, u32)>,
    pub(super) zeros: Zeros,
    /// In a kernel with many traps: whether one of them has failed.
    failed: Option<Handled>,
    /// Whether there is a loop of the kernel's around the statement at hand.
    in_loop: bool,
}

impl Lowering<'_> {
    // Declarations.

    fn declare(&mut self) -> Result<()> {
        self.arguments();
        for (number, array) in self.kernel.arrays.iter().enumerate() {
            if !array.buffer || array.rank != 1 {
                return Err(broken(format!("the array '{}' has not been made a buffer", array.name)));
            }
            let scalar = scalar_of(array.scalar)?;
            let base = self.scalar_type(scalar);
            let ty =
                self.insert_type(TypeInner::Array { base, size: ArraySize::Dynamic, stride: u32::from(scalar.width) });
            // WGSL has no buffers that are only written.
            let access = match array.access {
                Access::Read => StorageAccess::LOAD,
                Access::Write | Access::ReadWrite => StorageAccess::LOAD | StorageAccess::STORE,
            };
            let global = self.bound(format!("array_{}", array.name), number, AddressSpace::Storage { access }, ty);
            self.arrays.push(global);
        }
        for variable in &self.kernel.variables {
            let ty = scalar_of(variable.scalar())?;
            let ty = self.scalar_type(ty);
            // WGSL's and SPIR-V's variables start where the user's do only if the value is given.
            let init = Some(self.function.expressions.append(NagaExpression::ZeroValue(ty), Span::UNDEFINED));
            let pointer = self.local(&variable.name, ty, init);
            self.variables.push(pointer);
        }
        if self.kernel.has_traps() {
            self.status = Some(self.status_record());
        }
        if !self.tables.is_empty() {
            let base = self.scalar_type(Scalar::U32);
            let ty = self.insert_type(TypeInner::Array { base, size: ArraySize::Dynamic, stride: 4 });
            // Behind the parameters, and the status record if there is one.
            let binding = self.kernel.arrays.len() + 1 + usize::from(self.status.is_some());
            let space = AddressSpace::Storage { access: StorageAccess::LOAD };
            self.table_words = Some(self.bound("tables".to_string(), binding, space, ty));
        }
        Ok(())
    }

    fn insert_type(&mut self, inner: TypeInner) -> Handle<Type> {
        self.module.types.insert(Type { name: None, inner }, Span::UNDEFINED)
    }

    pub(super) fn scalar_type(&mut self, scalar: Scalar) -> Handle<Type> {
        self.insert_type(TypeInner::Scalar(scalar))
    }

    /// The entry point's arguments: group id, local id, number of groups (see [`Self::builtin`]).
    fn arguments(&mut self) {
        let ty = self.insert_type(TypeInner::Vector { size: VectorSize::Tri, scalar: Scalar::U32 });
        for (name, builtin) in [
            ("group_id", BuiltIn::WorkGroupId),
            ("local_id", BuiltIn::LocalInvocationId),
            ("group_count", BuiltIn::NumWorkGroups),
        ] {
            let binding = Some(Binding::BuiltIn(builtin));
            self.function.arguments.push(FunctionArgument { name: Some(name.to_string()), ty, binding });
        }
    }

    fn global(&mut self, variable: GlobalVariable) -> Handled {
        let global = self.module.global_variables.append(variable, Span::UNDEFINED);
        self.function.expressions.append(NagaExpression::GlobalVariable(global), Span::UNDEFINED)
    }

    fn bound(&mut self, name: String, binding: usize, space: AddressSpace, ty: Handle<Type>) -> Handled {
        self.global(GlobalVariable {
            name: Some(name),
            space,
            binding: Some(ResourceBinding { group: 0, binding: binding as u32 }),
            ty,
            init: None,
            memory_decorations: naga::MemoryDecorations::empty(),
        })
    }

    pub(super) fn local(&mut self, name: &str, ty: Handle<Type>, init: Option<Handled>) -> Handled {
        let variable = LocalVariable { name: Some(name.to_string()), ty, init };
        let local = self.function.local_variables.append(variable, Span::UNDEFINED);
        self.function.expressions.append(NagaExpression::LocalVariable(local), Span::UNDEFINED)
    }

    /// See [`super::status`].
    fn status_record(&mut self) -> Handled {
        let word = self.scalar_type(Scalar::U32);
        let flag = self.insert_type(TypeInner::Atomic(Scalar::U32));
        let names = ["flag", "site", "position_low", "position_high", "payload_low", "payload_high"];
        let members = names
            .iter()
            .enumerate()
            .map(|(number, name)| StructMember {
                name: Some(name.to_string()),
                ty: if number == 0 { flag } else { word },
                binding: None,
                offset: number as u32 * 4,
            })
            .collect();
        let inner = TypeInner::Struct { members, span: names.len() as u32 * 4 };
        let ty = self.module.types.insert(Type { name: Some("Status".to_string()), inner }, Span::UNDEFINED);
        let access = StorageAccess::LOAD | StorageAccess::STORE;
        let binding = self.kernel.arrays.len() + 1;
        self.bound("status".to_string(), binding, AddressSpace::Storage { access }, ty)
    }

    /// See [`super::parameters`].
    fn load_parameters(&mut self) -> Result<()> {
        let mut block = std::mem::take(&mut self.prologue);
        let result = self.load_parameters_in(&mut block);
        self.prologue = block;
        result
    }

    fn load_parameters_in(&mut self, block: &mut Block) -> Result<()> {
        let scalars: Vec<_> = self
            .kernel
            .parameters
            .iter()
            .filter_map(|parameter| match parameter {
                Parameter::Scalar { value, role, .. } => Some((*value, *role, self.kernel.scalar(*value))),
                Parameter::Array(_) => None,
            })
            .collect();
        let bytes = parameters::block_bytes(scalars.iter().map(|(_, _, scalar)| *scalar)) as u32;
        let vector = self.insert_type(TypeInner::Vector { size: VectorSize::Quad, scalar: Scalar::U32 });
        let size = NonZeroU32::new(bytes / 16).ok_or_else(|| broken("the parameter block is empty"))?;
        let ty = self.insert_type(TypeInner::Array { base: vector, size: ArraySize::Constant(size), stride: 16 });
        let block_pointer = self.bound("parameters".to_string(), self.kernel.arrays.len(), AddressSpace::Uniform, ty);
        let mut next = 0;
        for (value, role, scalar) in scalars {
            // What the kernel's text may compute with.
            let hidden = matches!(role, Role::Argument(_) | Role::Extent(..));
            let mut word = |lowering: &mut Self, block: &mut Block| {
                next += 1;
                lowering.parameter_word(block, block_pointer, next - 1, hidden)
            };
            let low = word(self, block);
            let whole = if parameters::words_of(scalar) == 2 {
                let high = word(self, block);
                self.joined(block, low, high)
            } else {
                low
            };
            let result = match scalar {
                ScalarType::U32 | ScalarType::U64 => whole,
                ScalarType::Bool => self.is_set(block, whole),
                _ => self.reinterpreted(block, whole, scalar)?,
            };
            self.define(value, result);
        }
        self.spare_word = Some((block_pointer, next));
        Ok(())
    }

    /// A word of the block of parameters.
    ///
    /// `hidden`: together with the number of the group along z, which is always 0, but the driver does not know that. Where a
    /// branch, or what a loop adds to a variable, depends on words of uniform buffers alone, Mesa wants to compile the kernel
    /// again for their values, with two effects that must not be: it follows every way to them, and there is no end of
    /// ways in a chain of squares; and it sees the zero that [`super::zero`] hides.
    pub(super) fn parameter_word(&mut self, block: &mut Block, base: Handled, place: u32, hidden: bool) -> Handled {
        let vector = self.emit(block, NagaExpression::AccessIndex { base, index: place / 4 });
        let pointer = self.emit(block, NagaExpression::AccessIndex { base: vector, index: place % 4 });
        let word = self.emit(block, NagaExpression::Load { pointer });
        if !hidden {
            return word;
        }
        let group = self.function.expressions.fetch_or_append(NagaExpression::FunctionArgument(0), Span::UNDEFINED);
        let number = self.emit(block, NagaExpression::AccessIndex { base: group, index: 2 });
        self.binary(block, BinaryOperator::InclusiveOr, word, number)
    }

    /// Two words as one of 64 bits.
    pub(super) fn joined(&mut self, block: &mut Block, low: Handled, high: Handled) -> Handled {
        let low = self.cast(block, low, ScalarKind::Uint, Some(8));
        let high = self.cast(block, high, ScalarKind::Uint, Some(8));
        let count = self.literal(Literal::U32(32));
        let high = self.binary(block, BinaryOperator::ShiftLeft, high, count);
        self.binary(block, BinaryOperator::InclusiveOr, high, low)
    }

    /// A bool out of a word.
    pub(super) fn is_set(&mut self, block: &mut Block, word: Handled) -> Handled {
        let zero = self.literal(Literal::U32(0));
        self.binary(block, BinaryOperator::NotEqual, word, zero)
    }

    /// An unsigned integer's bits as another type of its width.
    pub(super) fn reinterpreted(&mut self, block: &mut Block, bits: Handled, scalar: ScalarType) -> Result<Handled> {
        Ok(self.cast(block, bits, scalar_of(scalar)?.kind, None))
    }

    // Expressions.

    /// Appends a computed expression and emits it.
    pub(super) fn emit(&mut self, block: &mut Block, expression: NagaExpression) -> Handled {
        let handle = self.function.expressions.append(expression, Span::UNDEFINED);
        block.push(NagaStatement::Emit(naga::Range::new_from_bounds(handle, handle)), Span::UNDEFINED);
        handle
    }

    pub(super) fn literal(&mut self, literal: Literal) -> Handled {
        self.function.expressions.append(NagaExpression::Literal(literal), Span::UNDEFINED)
    }

    pub(super) fn as_literal(&self, handle: Handled) -> Option<Literal> {
        match self.function.expressions[handle] {
            NagaExpression::Literal(literal) => Some(literal),
            _ => None,
        }
    }

    /// A literal as something that is not a constant expression: read from a variable.
    ///
    /// WGSL computes constant expressions when it is compiled, by rules of its own, and refuses those that overflow.
    pub(super) fn at_run_time(&mut self, block: &mut Block, handle: Handled) -> Handled {
        let Some(literal) = self.as_literal(handle) else { return handle };
        let ty = self.scalar_type(literal.scalar());
        let pointer = self.local("constant", ty, Some(handle));
        self.emit(block, NagaExpression::Load { pointer })
    }

    pub(super) fn expressions(&self) -> &Arena<NagaExpression> {
        &self.function.expressions
    }

    fn define(&mut self, value: Value, handle: Handled) {
        self.values[value.index()] = Some(handle);
        if !matches!(self.expressions()[handle], NagaExpression::Literal(_) | NagaExpression::FunctionArgument(_)) {
            self.function.named_expressions.entry(handle).or_insert_with(|| format!("v{}_", value.0));
        }
    }

    /// What WGSL calls an expression.
    pub(super) fn name(&mut self, handle: Handled, name: &str) {
        self.function.named_expressions.insert(handle, name.to_string());
    }

    pub(super) fn value(&self, value: Value) -> Result<Handled> {
        self.values[value.index()].ok_or_else(|| broken(format!("value {} is used before its definition", value.0)))
    }

    pub(super) fn type_of(&self, value: Value) -> ScalarType {
        self.kernel.scalar(value)
    }

    fn expression(&mut self, block: &mut Block, result: Value, expression: &Expression) -> Result<Handled> {
        match expression {
            Expression::Constant(constant) => self.constant(block, *constant),
            Expression::Get(variable) => {
                let pointer = self.variables[variable.index()];
                Ok(self.emit(block, NagaExpression::Load { pointer }))
            }
            Expression::Apply { op, operands, .. } => self.apply(block, *op, operands, self.type_of(result)),
            Expression::Load { array, indices } => {
                let pointer = self.element(block, array.index(), indices)?;
                Ok(self.emit(block, NagaExpression::Load { pointer }))
            }
            Expression::TableEntry { table, index } => self.table_entry(block, *table, *index),
            Expression::Builtin(builtin) => Ok(self.builtin(block, *builtin)),
            Expression::Extent { .. } | Expression::Stride { .. } | Expression::Overlap { .. } => {
                Err(broken("an extent is asked for after arrays became buffers"))
            }
        }
    }

    fn constant(&mut self, block: &mut Block, constant: Constant) -> Result<Handled> {
        // naga has no literals that are NaN or infinite: these come as their bits.
        let (bits, finite) = match constant.scalar {
            ScalarType::F32 => (Literal::U32(constant.bits as u32), f32::from_bits(constant.bits as u32).is_finite()),
            ScalarType::F64 => (Literal::U64(constant.bits), f64::from_bits(constant.bits).is_finite()),
            _ => (Literal::U32(0), true),
        };
        if finite {
            let literal = literal(constant)?;
            return Ok(self.literal(literal));
        }
        let bits = self.literal(bits);
        let bits = self.at_run_time(block, bits);
        Ok(self.cast(block, bits, ScalarKind::Float, None))
    }

    fn element(&mut self, block: &mut Block, array: usize, indices: &[Value]) -> Result<Handled> {
        let [index] = indices else { return Err(broken("a buffer is indexed by more than one index")) };
        let mut index = self.value(*index)?;
        if let Some(Literal::I32(..0)) = self.as_literal(index) {
            // In code that is never reached; naga would refuse it.
            index = self.at_run_time(block, index);
        }
        Ok(self.emit(block, NagaExpression::Access { base: self.arrays[array], index }))
    }

    fn builtin(&mut self, block: &mut Block, builtin: Builtin) -> Handled {
        let (argument, axis) = match builtin {
            Builtin::GroupIdX => (0, 0),
            Builtin::GroupIdY => (0, 1),
            Builtin::LocalIdX => (1, 0),
            Builtin::GroupCountX => (2, 0),
        };
        let argument = NagaExpression::FunctionArgument(argument);
        let base = self.function.expressions.fetch_or_append(argument, Span::UNDEFINED);
        let word = self.emit(block, NagaExpression::AccessIndex { base, index: axis });
        self.cast(block, word, ScalarKind::Sint, None)
    }

    // Statements.

    fn region(&mut self, region: &Region, block: &mut Block) -> Result<()> {
        for statement in &region.statements {
            match statement {
                Statement::Let { value, expression } => {
                    let handle = self.expression(block, *value, expression)?;
                    self.define(*value, handle);
                }
                Statement::Set { variable, value: Argument::Value(value) } => {
                    let (pointer, value) = (self.variables[variable.index()], self.value(*value)?);
                    let value = self.hidden(value)?;
                    block.push(NagaStatement::Store { pointer, value }, Span::UNDEFINED);
                }
                Statement::Store { array, indices, value } => {
                    let pointer = self.element(block, array.index(), indices)?;
                    let value = self.value(*value)?;
                    block.push(NagaStatement::Store { pointer, value }, Span::UNDEFINED);
                }
                Statement::If { condition, then, otherwise, .. } => {
                    let condition = self.value(*condition)?;
                    let (mut accept, mut reject) = (Block::new(), Block::new());
                    self.region(then, &mut accept)?;
                    self.region(otherwise, &mut reject)?;
                    block.push(NagaStatement::If { condition, accept, reject }, Span::UNDEFINED);
                }
                Statement::Loop { body, step } => {
                    let (mut turn, mut continuing) = (Block::new(), Block::new());
                    let outer = std::mem::replace(&mut self.in_loop, true);
                    self.region(body, &mut turn)?;
                    self.region(step, &mut continuing)?;
                    self.in_loop = outer;
                    let statement = NagaStatement::Loop { body: turn, continuing, break_if: None };
                    block.push(statement, Span::UNDEFINED);
                    if nesting::traps(body) > 0 {
                        self.leave_if_failed(block);
                    }
                }
                Statement::Trap { condition, site, payloads, position } => {
                    let payload = *payloads.first().ok_or_else(|| broken("a trap without payload"))?;
                    let position = position.ok_or_else(|| broken("a trap has no position"))?;
                    self.trap(block, *condition, *site, payload, position)?;
                }
                // What follows these in their region is never reached, and naga would refuse it.
                Statement::Break => {
                    block.push(NagaStatement::Break, Span::UNDEFINED);
                    return Ok(());
                }
                Statement::Continue => {
                    block.push(NagaStatement::Continue, Span::UNDEFINED);
                    return Ok(());
                }
                Statement::Return(_) => {
                    block.push(NagaStatement::Return { value: None }, Span::UNDEFINED);
                    return Ok(());
                }
                Statement::Call { function, .. } => {
                    return Err(broken(format!("the call of '{function}' has not been inlined")));
                }
                Statement::Parallel(_) | Statement::Launch { .. } => {
                    return Err(broken("a kernel may not hold 'parallel' or 'launch'"));
                }
                Statement::Set { .. }
                | Statement::Define { .. }
                | Statement::Raise { .. }
                | Statement::Try { .. }
                | Statement::Reraise { .. }
                | Statement::Guarded { .. }
                | Statement::Print { .. }
                | Statement::Retain(_)
                | Statement::Release(_)
                | Statement::Poll => return Err(broken("a kernel may not hold a statement of functions")),
            }
        }
        Ok(())
    }

    fn trap(
        &mut self,
        block: &mut Block,
        condition: Value,
        site: SiteId,
        payload: Value,
        position: Value,
    ) -> Result<()> {
        let status = self.status.ok_or_else(|| broken("a kernel that traps has no status record"))?;
        let condition = self.value(condition)?;
        let mut failing = Block::new();
        let flag = self.emit(&mut failing, NagaExpression::AccessIndex { base: status, index: 0 });
        let one = self.literal(Literal::U32(1));
        let word = self.scalar_type(Scalar::U32);
        let result = NagaExpression::AtomicResult { ty: word, comparison: false };
        let before = self.function.expressions.append(result, Span::UNDEFINED);
        let exchange = AtomicFunction::Exchange { compare: None };
        let atomic = NagaStatement::Atomic { pointer: flag, fun: exchange, value: one, result: Some(before) };
        failing.push(atomic, Span::UNDEFINED);
        let zero = self.literal(Literal::U32(0));
        let first = self.binary(&mut failing, BinaryOperator::Equal, before, zero);

        let mut claimed = Block::new();
        let site = self.literal(Literal::U32(site.0));
        let [position_low, position_high] = self.words(&mut claimed, position)?;
        let [payload_low, payload_high] = self.words(&mut claimed, payload)?;
        let fields = [site, position_low, position_high, payload_low, payload_high];
        for (number, value) in fields.into_iter().enumerate() {
            let field = NagaExpression::AccessIndex { base: status, index: number as u32 + 1 };
            let pointer = self.emit(&mut claimed, field);
            claimed.push(NagaStatement::Store { pointer, value }, Span::UNDEFINED);
        }
        failing.push(NagaStatement::If { condition: first, accept: claimed, reject: Block::new() }, Span::UNDEFINED);
        match self.failed {
            None => failing.push(NagaStatement::Return { value: None }, Span::UNDEFINED),
            Some(failed) => {
                if self.in_loop {
                    let value = self.literal(Literal::Bool(true));
                    failing.push(NagaStatement::Store { pointer: failed, value }, Span::UNDEFINED);
                }
                failing.push(NagaStatement::Break, Span::UNDEFINED);
            }
        }
        block.push(NagaStatement::If { condition, accept: failing, reject: Block::new() }, Span::UNDEFINED);
        Ok(())
    }

    /// The body of a kernel with many traps: a loop of one turn, which a trap leaves. If each ended the thread, drivers
    /// would put all that follows into the other branch of its test, one level deeper every time.
    fn body_that_fails(&mut self) -> Result<Block> {
        let ty = self.scalar_type(Scalar::BOOL);
        let no = self.literal(Literal::Bool(false));
        self.failed = Some(self.local("failed", ty, Some(no)));
        let mut turn = Block::new();
        let kernel = self.kernel;
        self.region(&kernel.body, &mut turn)?;
        if !matches!(turn.last(), Some(NagaStatement::Return { .. })) {
            turn.push(NagaStatement::Break, Span::UNDEFINED);
        }
        let statement = NagaStatement::Loop { body: turn, continuing: Block::new(), break_if: None };
        Ok(Block::from_vec(vec![statement]))
    }

    /// After a loop that a trap may have left.
    fn leave_if_failed(&mut self, block: &mut Block) {
        let Some(pointer) = self.failed else { return };
        let condition = self.emit(block, NagaExpression::Load { pointer });
        let accept = Block::from_vec(vec![NagaStatement::Break]);
        block.push(NagaStatement::If { condition, accept, reject: Block::new() }, Span::UNDEFINED);
    }

    /// A value's bits as two words, low and high: integers extended by their sign, as in `Constant::bits`.
    fn words(&mut self, block: &mut Block, value: Value) -> Result<[Handled; 2]> {
        let ty = self.type_of(value);
        let value = self.value(value)?;
        let value = self.at_run_time(block, value);
        let zero = self.literal(Literal::U32(0));
        Ok(match ty {
            ScalarType::Bool => [self.cast(block, value, ScalarKind::Uint, Some(4)), zero],
            ScalarType::F32 | ScalarType::U32 => [self.cast(block, value, ScalarKind::Uint, None), zero],
            ScalarType::I64 | ScalarType::U64 | ScalarType::F64 => {
                let bits = self.cast(block, value, ScalarKind::Uint, None);
                let count = self.literal(Literal::U32(32));
                let high = self.binary(block, BinaryOperator::ShiftRight, bits, count);
                let low = self.cast(block, bits, ScalarKind::Uint, Some(4));
                [low, self.cast(block, high, ScalarKind::Uint, Some(4))]
            }
            _ => {
                let count = self.literal(Literal::U32(31));
                let sign = self.binary(block, BinaryOperator::ShiftRight, value, count);
                let low = self.cast(block, value, ScalarKind::Uint, None);
                [low, self.cast(block, sign, ScalarKind::Uint, None)]
            }
        })
    }
}

/// A constant as a literal; floats must be finite.
pub(super) fn literal(constant: Constant) -> Result<Literal> {
    let bits = constant.bits;
    Ok(match constant.scalar {
        ScalarType::Bool => Literal::Bool(bits != 0),
        ScalarType::I32 => Literal::I32(bits as i32),
        // Arrays are smaller than what 32 bits count: a position beyond them is a margin that leaves no interior, or
        // stands behind a check that it does not pass. The nearest one does as well.
        ScalarType::Index => Literal::I32((bits as i64).clamp(i32::MIN.into(), i32::MAX.into()) as i32),
        ScalarType::U32 => Literal::U32(bits as u32),
        ScalarType::I64 => Literal::I64(bits as i64),
        ScalarType::U64 => Literal::U64(bits),
        ScalarType::F32 => Literal::F32(f32::from_bits(bits as u32)),
        ScalarType::F64 => Literal::F64(f64::from_bits(bits)),
        other => return Err(broken(format!("a constant of type '{other}' has not been legalized"))),
    })
}
