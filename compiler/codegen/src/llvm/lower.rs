//! From a scheduled kernel to LLVM IR: its signature, statements and memory. Ops are in `operation`.
//!
//! The text of a kernel's body is the same for every target. What differs is a [`Placement`]: how pointers are typed,
//! where a thread's position comes from, and how a failure is written down.

use super::backend_error;
use super::host::HostFrame;
use super::offsets::movable;
use crate::error::{Error, Result};
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::builder::Builder;
use inkwell::context::{AsContextRef, Context};
use inkwell::intrinsics::Intrinsic;
use inkwell::module::{Linkage, Module};
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum, PointerType};
use inkwell::values::{
    AsValueRef, BasicValue, BasicValueEnum, FloatValue, FunctionValue, GlobalValue, InstructionValue, IntValue,
    PointerValue, UnnamedAddress,
};
use inkwell::{AddressSpace, AtomicOrdering, IntPredicate};
use llvm_sys::core::{
    LLVMMDNodeInContext2, LLVMMDStringInContext2, LLVMMetadataAsValue, LLVMSetMetadata, LLVMValueAsMetadata,
};
use llvm_sys::debuginfo::{LLVMMetadataReplaceAllUsesWith, LLVMTemporaryMDNode};
use llvm_sys::prelude::LLVMMetadataRef;
use numbra_front::ir::{self, Access, Builtin, Expression, Form, Function, Region, Statement};
use numbra_front::types::{Constant, ScalarType};

/// Where a kernel will run, as far as its LLVM IR shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// A Range kernel on the host.
    Host,
    /// A Grid kernel on an NVIDIA GPU.
    Nvptx,
}

/// The calling convention of kernels in LLVM's NVPTX back end.
const PTX_KERNEL: u32 = 71;
/// Global memory in LLVM's NVPTX back end.
const NVPTX_GLOBAL: u16 = 1;

/// The kernel that is to be compiled: the module's first function, if it has the form that back ends take.
pub(super) fn scheduled_kernel(module: &ir::Module) -> Result<&Function> {
    let kernel = module.functions.first().ok_or_else(|| malformed("a module without functions"))?;
    if !matches!(kernel.form, Form::Range | Form::Grid { .. }) {
        return Err(malformed(format!("'{}' is not scheduled", kernel.name)));
    }
    if let Some(array) = kernel.arrays.iter().find(|array| !array.buffer || array.rank != 1) {
        return Err(malformed(format!("array '{}' of '{}' is not a buffer", array.name, kernel.name)));
    }
    Ok(kernel)
}

pub(super) fn malformed(message: impl Into<String>) -> Error {
    Error::internal("a back end was given IR that it does not take", message)
}

/// Lowers `kernel` into a function called `symbol`. Its parameters are a pointer per array, a value per scalar
/// parameter (a bool as one byte), and a pointer to the status if the kernel can fail.
pub(super) fn lower_kernel<'ctx>(
    context: &'ctx Context,
    llvm: &Module<'ctx>,
    module: &ir::Module,
    kernel: &Function,
    placement: Placement,
    symbol: &str,
) -> Result<FunctionValue<'ctx>> {
    let function = declare(context, llvm, kernel, placement, symbol);
    let entry = context.append_basic_block(function, "entry");
    let builder = context.create_builder();
    builder.position_at_end(entry);
    let mut lowering = Lowering::new(context, llvm, module, kernel, placement, function, builder);
    lowering.parameters()?;
    lowering.variables()?;
    lowering.region(&kernel.body)?;
    if lowering.open_block() {
        lowering.builder.build_return(None).map_err(backend_error)?;
    }
    Ok(function)
}

fn declare<'ctx>(
    context: &'ctx Context,
    llvm: &Module<'ctx>,
    kernel: &Function,
    placement: Placement,
    symbol: &str,
) -> FunctionValue<'ctx> {
    let pointer = pointer_type(context, placement);
    let mut parameters: Vec<BasicMetadataTypeEnum> = vec![pointer.into(); kernel.arrays.len()];
    parameters.extend(
        kernel
            .scalar_parameters()
            .map(|(_, value, _)| BasicMetadataTypeEnum::from(memory_type(context, kernel.scalar(value)))),
    );
    let has_status = kernel.has_traps();
    if has_status {
        parameters.push(pointer.into());
    }
    let linkage = if placement == Placement::Nvptx { Linkage::External } else { Linkage::Internal };
    let function = llvm.add_function(symbol, context.void_type().fn_type(&parameters, false), Some(linkage));
    let enumeration =
        |name: &str, value: u64| context.create_enum_attribute(Attribute::get_named_enum_kind_id(name), value);
    function.add_attribute(AttributeLoc::Function, enumeration("nounwind", 0));
    match (placement, &kernel.form) {
        (Placement::Nvptx, Form::Grid { group, .. }) => {
            function.set_call_conventions(PTX_KERNEL);
            let shape = context.create_string_attribute("nvvm.reqntid", &format!("{group},1,1"));
            function.add_attribute(AttributeLoc::Function, shape);
        }
        // Its own function, never inlined into the entry that unpacks the arguments: `noalias` holds for parameters.
        _ => function.add_attribute(AttributeLoc::Function, enumeration("noinline", 0)),
    }
    for (position, array) in kernel.arrays.iter().enumerate() {
        let place = AttributeLoc::Param(position as u32);
        function.add_attribute(place, enumeration("align", array.scalar.bytes() as u64));
        if array.distinct {
            function.add_attribute(place, enumeration("noalias", 0));
        }
        if array.access == Access::Read {
            function.add_attribute(place, enumeration("readonly", 0));
        }
    }
    if has_status {
        let place = AttributeLoc::Param((kernel.arrays.len() + kernel.scalar_parameters().count()) as u32);
        function.add_attribute(place, enumeration("align", 8));
        function.add_attribute(place, enumeration("noalias", 0));
    }
    function
}

fn pointer_type(context: &Context, placement: Placement) -> PointerType<'_> {
    context.ptr_type(match placement {
        Placement::Nvptx => AddressSpace::from(NVPTX_GLOBAL),
        Placement::Host => AddressSpace::default(),
    })
}

/// The type of a value in registers.
pub(super) fn value_type(context: &Context, scalar: ScalarType) -> BasicTypeEnum<'_> {
    match scalar {
        ScalarType::Bool => context.bool_type().into(),
        ScalarType::I8 | ScalarType::U8 => context.i8_type().into(),
        ScalarType::I16 | ScalarType::U16 => context.i16_type().into(),
        ScalarType::I32 | ScalarType::U32 => context.i32_type().into(),
        ScalarType::I64 | ScalarType::U64 | ScalarType::Index => context.i64_type().into(),
        ScalarType::F32 => context.f32_type().into(),
        ScalarType::F64 => context.f64_type().into(),
    }
}

/// The type of a value in memory, and of a parameter.
pub(super) fn memory_type(context: &Context, scalar: ScalarType) -> BasicTypeEnum<'_> {
    match scalar {
        ScalarType::Bool => context.i8_type().into(),
        _ => value_type(context, scalar),
    }
}

pub(super) struct Lowering<'ctx, 'a> {
    pub(super) context: &'ctx Context,
    pub(super) llvm: &'a Module<'ctx>,
    pub(super) module: &'a ir::Module,
    pub(super) kernel: &'a Function,
    pub(super) placement: Placement,
    pub(super) function: FunctionValue<'ctx>,
    pub(super) builder: Builder<'ctx>,
    pub(super) values: Vec<Option<BasicValueEnum<'ctx>>>,
    pub(super) variables: Vec<PointerValue<'ctx>>,
    buffers: Vec<PointerValue<'ctx>>,
    status: Option<PointerValue<'ctx>>,
    /// Of a host function: its arrays, and how it leaves.
    pub(super) host: Option<HostFrame<'ctx>>,
    /// The innermost loop is the last one.
    loops: Vec<LoopBlocks<'ctx>>,
    /// How many rare branches the region that is being lowered stands in.
    rarely: u32,
}

struct LoopBlocks<'ctx> {
    step: BasicBlock<'ctx>,
    exit: BasicBlock<'ctx>,
}

impl<'ctx, 'a> Lowering<'ctx, 'a> {
    /// With `builder` at the beginning of `function`.
    pub(super) fn new(
        context: &'ctx Context,
        llvm: &'a Module<'ctx>,
        module: &'a ir::Module,
        kernel: &'a Function,
        placement: Placement,
        function: FunctionValue<'ctx>,
        builder: Builder<'ctx>,
    ) -> Lowering<'ctx, 'a> {
        Lowering {
            context,
            llvm,
            module,
            kernel,
            placement,
            function,
            builder,
            values: vec![None; kernel.values.len()],
            variables: Vec::new(),
            buffers: Vec::new(),
            status: None,
            host: None,
            loops: Vec::new(),
            rarely: 0,
        }
    }

    fn parameters(&mut self) -> Result<()> {
        let parameters = self.function.get_params();
        let (buffers, rest) = parameters.split_at(self.kernel.arrays.len());
        for (array, buffer) in self.kernel.arrays.iter().zip(buffers) {
            buffer.set_name(&array.name);
            self.buffers.push(buffer.into_pointer_value());
        }
        let mut rest = rest.iter().copied();
        let missing = || malformed("a kernel's signature is incomplete");
        for (name, value, _) in self.kernel.scalar_parameters() {
            let parameter = rest.next().ok_or_else(missing)?;
            parameter.set_name(name);
            let unpacked = self.unpack(parameter, self.kernel.scalar(value))?;
            self.values[value.index()] = Some(unpacked);
        }
        if self.placement == Placement::Host {
            // The entry has added them to the pointers.
            for offset in movable(self.kernel).into_iter().flatten() {
                self.values[offset.index()] = Some(self.context.i64_type().const_zero().into());
            }
        }
        if self.kernel.has_traps() {
            let status = rest.next().ok_or_else(missing)?;
            status.set_name("status");
            self.status = Some(status.into_pointer_value());
        }
        Ok(())
    }

    pub(super) fn variables(&mut self) -> Result<()> {
        for variable in &self.kernel.variables {
            // (Of an array variable this place stays empty, and goes.)
            let kind = value_type(self.context, variable.scalar());
            let place = self.builder.build_alloca(kind, &variable.name).map_err(backend_error)?;
            self.builder.build_store(place, kind.const_zero()).map_err(backend_error)?;
            self.variables.push(place);
        }
        Ok(())
    }

    pub(super) fn value(&self, value: ir::Value) -> Result<BasicValueEnum<'ctx>> {
        self.values[value.index()].ok_or_else(|| malformed(format!("value {} is used before it is defined", value.0)))
    }

    /// Whether the block that is being filled still lacks its last instruction.
    pub(super) fn open_block(&self) -> bool {
        self.builder.get_insert_block().is_some_and(|block| block.get_terminator().is_none())
    }

    pub(super) fn block(&self, name: &str) -> BasicBlock<'ctx> {
        self.context.append_basic_block(self.function, name)
    }

    pub(super) fn jump(&self, target: BasicBlock<'ctx>) -> Result<()> {
        self.builder.build_unconditional_branch(target).map_err(backend_error)?;
        Ok(())
    }

    /// Jumps to `target` unless the region that was just lowered has already left.
    fn fall_through(&self, target: BasicBlock<'ctx>) -> Result<()> {
        if self.open_block() { self.jump(target) } else { Ok(()) }
    }

    pub(super) fn region(&mut self, region: &Region) -> Result<()> {
        let owning = self.host.as_ref().map(|host| host.owning.clone());
        for statement in &region.statements {
            if !self.open_block() {
                break; // what follows a break, continue or return never runs
            }
            self.statement(statement)?;
        }
        // Whatever the region defined it has given back where it ends. Where it jumps away it has given back more, which
        // concerns nothing behind it.
        if let (Some(host), Some(owning)) = (&mut self.host, owning) {
            host.owning = owning;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        if self.host.is_some() && self.host_statement(statement)? {
            return Ok(());
        }
        match statement {
            Statement::Let { value, expression } => {
                let result = self.expression(expression, self.kernel.scalar(*value))?;
                self.values[value.index()] = Some(result);
            }
            Statement::Set { variable, value: ir::Argument::Value(value) } => {
                let value = self.value(*value)?;
                self.builder.build_store(self.variables[variable.index()], value).map_err(backend_error)?;
            }
            Statement::Store { array, indices, value } => {
                let scalar = self.kernel.arrays[array.index()].scalar;
                let value = self.pack(self.value(*value)?, scalar)?;
                let address = self.address(*array, indices)?;
                let store = self.builder.build_store(address, value).map_err(backend_error)?;
                store.set_alignment(scalar.bytes() as u32).map_err(backend_error)?;
            }
            Statement::If { condition, then, otherwise, rare } => self.branch(*condition, then, otherwise, *rare)?,
            Statement::Loop { body, step } => self.repeat(body, step)?,
            Statement::Break | Statement::Continue => {
                let innermost = self.loops.last().ok_or_else(|| malformed("break or continue outside a loop"))?;
                let target = if *statement == Statement::Break { innermost.exit } else { innermost.step };
                self.jump(target)?;
            }
            Statement::Return(values) if values.is_empty() => {
                self.builder.build_return(None).map_err(backend_error)?;
            }
            Statement::Trap { condition, site, payloads, position } => {
                let payload = *payloads.first().ok_or_else(|| malformed("a trap without payload"))?;
                self.trap(*condition, *site, payload, *position)?;
            }
            Statement::Return(_) => return Err(malformed("a kernel that returns values")),
            Statement::Call { function, .. } => return Err(malformed(format!("a call of '{function}' in a kernel"))),
            Statement::Parallel(_) => return Err(malformed("'parallel' in a scheduled kernel")),
            Statement::Launch { .. } => return Err(malformed("a launch in a kernel")),
            Statement::Set { .. }
            | Statement::Define { .. }
            | Statement::Raise { .. }
            | Statement::Try { .. }
            | Statement::Reraise { .. }
            | Statement::Guarded { .. }
            | Statement::Print { .. }
            | Statement::Retain(_)
            | Statement::Release(_)
            | Statement::Poll => return Err(malformed("a statement of functions in a kernel")),
        }
        Ok(())
    }

    fn branch(&mut self, condition: ir::Value, then: &Region, otherwise: &Region, rare: bool) -> Result<()> {
        let condition = self.value(condition)?.into_int_value();
        let then_block = self.block("then");
        let after = self.block("after");
        let otherwise_block = if otherwise.statements.is_empty() { after } else { self.block("else") };
        let jump =
            self.builder.build_conditional_branch(condition, then_block, otherwise_block).map_err(backend_error)?;
        if rare {
            self.hardly_ever(jump)?;
        }
        self.builder.position_at_end(then_block);
        self.rarely += rare as u32;
        self.region(then)?;
        self.rarely -= rare as u32;
        self.fall_through(after)?;
        if otherwise_block != after {
            self.builder.position_at_end(otherwise_block);
            self.region(otherwise)?;
            self.fall_through(after)?;
        }
        self.builder.position_at_end(after);
        Ok(())
    }

    /// Says of a branch that it is almost never taken.
    pub(super) fn hardly_ever(&self, branch: InstructionValue<'ctx>) -> Result<()> {
        let weight = |weight: u64| self.context.i32_type().const_int(weight, false).into();
        let name = self.context.metadata_string("branch_weights").into();
        let weights = self.context.metadata_node(&[name, weight(1), weight(1 << 20)]);
        branch.set_metadata(weights, self.context.get_kind_id("prof")).map_err(backend_error)
    }

    fn repeat(&mut self, body: &Region, step: &Region) -> Result<()> {
        let body_block = self.block("loop");
        let step_block = self.block("step");
        let exit = self.block("exit");
        self.jump(body_block)?;
        self.builder.position_at_end(body_block);
        self.loops.push(LoopBlocks { step: step_block, exit });
        self.region(body)?;
        self.loops.pop();
        self.fall_through(step_block)?;
        self.builder.position_at_end(step_block);
        self.region(step)?;
        let latch = self.builder.get_insert_block();
        self.fall_through(body_block)?;
        if let Some(jump) = latch.and_then(|latch| latch.get_terminator()).filter(|_| self.rarely > 0) {
            self.keep_scalar(jump);
        }
        self.builder.position_at_end(exit);
        Ok(())
    }

    /// Keeps LLVM from making vectors, or copies, of a loop that hardly ever runs: that took most of the time that
    /// kernels with elementary functions take to compile. `jump`: from the loop's end to its start.
    fn keep_scalar(&self, jump: InstructionValue<'ctx>) {
        let context = self.context.as_ctx_ref();
        let no = self.context.bool_type().const_zero();
        // SAFETY: all of it belongs to the context. A loop's node has itself as the first operand, so that no two loops
        // share one; it begins with a placeholder, which the third call replaces.
        unsafe {
            let text = |name: &str| LLVMMDStringInContext2(context, name.as_ptr().cast(), name.len());
            let node =
                |operands: &mut [LLVMMetadataRef]| LLVMMDNodeInContext2(context, operands.as_mut_ptr(), operands.len());
            let vectorize = node(&mut [text("llvm.loop.vectorize.enable"), LLVMValueAsMetadata(no.as_value_ref())]);
            let unroll = node(&mut [text("llvm.loop.unroll.disable")]);
            let placeholder = LLVMTemporaryMDNode(context, std::ptr::null_mut(), 0);
            let own = node(&mut [placeholder, vectorize, unroll]);
            LLVMMetadataReplaceAllUsesWith(placeholder, own);
            let kind = self.context.get_kind_id("llvm.loop");
            LLVMSetMetadata(jump.as_value_ref(), kind, LLVMMetadataAsValue(context, own));
        }
    }

    /// Writes the failure into the status and leaves. Threads of a grid race for the status: the first one gets it.
    fn trap(
        &mut self,
        condition: ir::Value,
        site: ir::SiteId,
        payload: ir::Value,
        position: Option<ir::Value>,
    ) -> Result<()> {
        let status = self.status.ok_or_else(|| malformed("a trap in a kernel without status"))?;
        let (int32, int64) = (self.context.i32_type(), self.context.i64_type());
        let condition = self.value(condition)?.into_int_value();
        let fail = self.block("fail");
        let proceed = self.block("proceed");
        self.builder.build_conditional_branch(condition, fail, proceed).map_err(backend_error)?;
        self.builder.position_at_end(fail);
        if self.placement == Placement::Host {
            self.builder.build_store(status, int32.const_int(1, false)).map_err(backend_error)?;
        } else {
            let claim = self.block("claim");
            let leave = self.block("leave");
            let (free, taken) = (int32.const_zero(), int32.const_int(1, false));
            let ordering = AtomicOrdering::Monotonic;
            let exchanged =
                self.builder.build_cmpxchg(status, free, taken, ordering, ordering).map_err(backend_error)?;
            let won = self.builder.build_extract_value(exchanged, 1, "won").map_err(backend_error)?.into_int_value();
            self.builder.build_conditional_branch(won, claim, leave).map_err(backend_error)?;
            self.builder.position_at_end(leave);
            self.builder.build_return(None).map_err(backend_error)?;
            self.builder.position_at_end(claim);
        }
        let position = match position {
            Some(position) => self.value(position)?,
            None => int64.const_zero().into(),
        };
        let payload = self.bits_of(payload)?;
        let record: [(u64, BasicValueEnum); 3] =
            [(4, int32.const_int(site.0 as u64, false).into()), (8, position), (16, payload.into())];
        for (offset, value) in record {
            // In bounds: the status is 24 bytes.
            let field = unsafe {
                self.builder
                    .build_in_bounds_gep(self.context.i8_type(), status, &[int64.const_int(offset, false)], "field")
                    .map_err(backend_error)?
            };
            self.builder.build_store(field, value).map_err(backend_error)?;
        }
        self.builder.build_return(None).map_err(backend_error)?;
        self.builder.position_at_end(proceed);
        Ok(())
    }

    /// The value's bits as in `Constant::bits`.
    pub(super) fn bits_of(&mut self, value: ir::Value) -> Result<IntValue<'ctx>> {
        let scalar = self.kernel.scalar(value);
        let value = self.value(value)?;
        let integer = match value {
            BasicValueEnum::FloatValue(float) => self.float_bits(float)?,
            _ => value.into_int_value(),
        };
        self.widen(integer, scalar)
    }

    /// An integer or bool as 64 bits, by its own sign.
    pub(super) fn widen(&self, value: IntValue<'ctx>, scalar: ScalarType) -> Result<IntValue<'ctx>> {
        let int64 = self.context.i64_type();
        if value.get_type() == int64 {
            return Ok(value);
        }
        if scalar.is_signed() {
            self.builder.build_int_s_extend(value, int64, "wide").map_err(backend_error)
        } else {
            self.builder.build_int_z_extend(value, int64, "wide").map_err(backend_error)
        }
    }

    fn expression(&mut self, expression: &Expression, result: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        match expression {
            Expression::Constant(constant) => self.constant(*constant),
            Expression::Get(variable) => {
                let kind = value_type(self.context, result);
                let name = &self.kernel.variables[variable.index()].name;
                self.builder.build_load(kind, self.variables[variable.index()], name).map_err(backend_error)
            }
            Expression::Apply { op, operands, flags } => self.apply(*op, operands, *flags, result),
            Expression::Load { array, indices } => {
                let address = self.address(*array, indices)?;
                self.load(address, result)
            }
            Expression::TableEntry { table, index } => self.table_entry(*table, *index),
            Expression::Builtin(builtin) => Ok(self.thread_position(*builtin)?.into()),
            Expression::Extent { .. } | Expression::Stride { .. } | Expression::Overlap { .. }
                if self.host.is_some() =>
            {
                self.of_array(expression)
            }
            Expression::Extent { .. } | Expression::Stride { .. } | Expression::Overlap { .. } => {
                Err(malformed("an array's extent in a scheduled kernel"))
            }
        }
    }

    pub(super) fn constant(&self, constant: Constant) -> Result<BasicValueEnum<'ctx>> {
        let kind = value_type(self.context, constant.scalar);
        let integer = match constant.scalar {
            ScalarType::F32 => self.context.i32_type(),
            ScalarType::F64 => self.context.i64_type(),
            _ => kind.into_int_type(),
        };
        // By bits, folded at once, so that every NaN and every zero comes through.
        self.builder.build_bit_cast(integer.const_int(constant.bits, false), kind, "").map_err(backend_error)
    }

    /// A float's bits as an integer of its width.
    pub(super) fn float_bits(&self, value: FloatValue<'ctx>) -> Result<IntValue<'ctx>> {
        let narrow = value.get_type() == self.context.f32_type();
        let kind = if narrow { self.context.i32_type() } else { self.context.i64_type() };
        Ok(self.builder.build_bit_cast(value, kind, "bits").map_err(backend_error)?.into_int_value())
    }

    fn address(&mut self, array: ir::ArrayId, indices: &[ir::Value]) -> Result<PointerValue<'ctx>> {
        if self.host.is_some() {
            return self.element(array, indices);
        }
        let [index] = indices else {
            return Err(malformed("a buffer with other than one index"));
        };
        let index = self.value(*index)?.into_int_value();
        let element = memory_type(self.context, self.kernel.arrays[array.index()].scalar);
        // In bounds, because the IR promises that indices are in range.
        unsafe {
            self.builder
                .build_in_bounds_gep(element, self.buffers[array.index()], &[index], "element")
                .map_err(backend_error)
        }
    }

    fn load(&mut self, address: PointerValue<'ctx>, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        let value = self.builder.build_load(memory_type(self.context, scalar), address, "").map_err(backend_error)?;
        if let Some(load) = value.as_instruction_value() {
            load.set_alignment(scalar.bytes() as u32).map_err(backend_error)?;
        }
        self.unpack(value, scalar)
    }

    pub(super) fn unpack(&self, value: BasicValueEnum<'ctx>, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        if scalar != ScalarType::Bool {
            return Ok(value);
        }
        let zero = self.context.i8_type().const_zero();
        let truth = self.builder.build_int_compare(IntPredicate::NE, value.into_int_value(), zero, "truth");
        Ok(truth.map_err(backend_error)?.into())
    }

    fn pack(&self, value: BasicValueEnum<'ctx>, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        if scalar != ScalarType::Bool {
            return Ok(value);
        }
        let byte = self.builder.build_int_z_extend(value.into_int_value(), self.context.i8_type(), "byte");
        Ok(byte.map_err(backend_error)?.into())
    }

    fn table_entry(&mut self, table: ir::TableId, index: ir::Value) -> Result<BasicValueEnum<'ctx>> {
        let info = self.module.tables.get(table.index()).ok_or_else(|| malformed("an unknown table"))?;
        let last = info.entries.len().checked_sub(1).ok_or_else(|| malformed("an empty table"))? as u64;
        let scalar = self.kernel.scalar(index);
        // Narrow indices stay narrow where they can: vector gathers take twice as many of them.
        let narrow = scalar.bits() >= 32 && last <= i32::MAX as u64;
        let given = self.value(index)?.into_int_value();
        let given = if narrow { given } else { self.widen(given, scalar)? };
        let kind = given.get_type();
        let last = kind.const_int(last, false);
        let clamped = if scalar.is_signed() {
            let above = self.intrinsic("llvm.smax", &[kind.into()], &[given.into(), kind.const_zero().into()])?;
            self.intrinsic("llvm.smin", &[kind.into()], &[above, last.into()])?
        } else {
            self.intrinsic("llvm.umin", &[kind.into()], &[given.into(), last.into()])?
        };
        let position = self.widen(clamped.into_int_value(), ScalarType::U32)?;
        let global = self.table(table)?;
        let element = memory_type(self.context, info.scalar);
        // In bounds, because clamped.
        let address = unsafe {
            self.builder
                .build_in_bounds_gep(element, global.as_pointer_value(), &[position], "entry")
                .map_err(backend_error)?
        };
        self.load(address, info.scalar)
    }

    pub(super) fn table(&mut self, table: ir::TableId) -> Result<GlobalValue<'ctx>> {
        let name = format!("table_{}", table.0);
        if let Some(global) = self.llvm.get_global(&name) {
            return Ok(global);
        }
        let info = &self.module.tables[table.index()];
        let entries = match memory_type(self.context, info.scalar) {
            BasicTypeEnum::FloatType(float) => {
                let entry = |&bits| Ok(self.constant(Constant { scalar: info.scalar, bits })?.into_float_value());
                float.const_array(&info.entries.iter().map(entry).collect::<Result<Vec<_>>>()?)
            }
            kind => {
                let integer = kind.into_int_type();
                let entries: Vec<_> = info.entries.iter().map(|&bits| integer.const_int(bits, false)).collect();
                integer.const_array(&entries)
            }
        };
        let space = (self.placement == Placement::Nvptx).then(|| AddressSpace::from(NVPTX_GLOBAL));
        let global = self.llvm.add_global(entries.get_type(), space, &name);
        global.set_initializer(&entries);
        global.set_constant(true);
        global.set_linkage(Linkage::Internal);
        global.set_unnamed_address(UnnamedAddress::Global);
        global.set_alignment(info.scalar.bytes() as u32);
        Ok(global)
    }

    fn thread_position(&mut self, builtin: Builtin) -> Result<IntValue<'ctx>> {
        if self.placement != Placement::Nvptx {
            return Err(malformed("a thread's position outside a grid"));
        }
        let register = match builtin {
            Builtin::GroupIdX => "llvm.nvvm.read.ptx.sreg.ctaid.x",
            Builtin::GroupIdY => "llvm.nvvm.read.ptx.sreg.ctaid.y",
            Builtin::LocalIdX => "llvm.nvvm.read.ptx.sreg.tid.x",
            Builtin::GroupCountX => "llvm.nvvm.read.ptx.sreg.nctaid.x",
        };
        let value = self.intrinsic(register, &[], &[])?.into_int_value();
        self.widen(value, ScalarType::U32)
    }

    /// Calls an intrinsic; `overload` are the types in its full name.
    pub(super) fn intrinsic(
        &self,
        name: &str,
        overload: &[BasicTypeEnum<'ctx>],
        arguments: &[BasicValueEnum<'ctx>],
    ) -> Result<BasicValueEnum<'ctx>> {
        let declaration = Intrinsic::find(name)
            .and_then(|intrinsic| intrinsic.get_declaration(self.llvm, overload))
            .ok_or_else(|| malformed(format!("LLVM has no intrinsic '{name}'")))?;
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.into()).collect();
        let call = self.builder.build_call(declaration, &arguments, "").map_err(backend_error)?;
        call.try_as_basic_value().basic().ok_or_else(|| malformed(format!("intrinsic '{name}' has no result")))
    }
}
