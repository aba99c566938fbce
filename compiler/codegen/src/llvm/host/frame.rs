//! A whole function's beginning, its calls, and its ways out.

use super::super::backend_error;
use super::super::lower::{Lowering, malformed};
use super::arrays::{Descriptor, Slots};
use super::{DONE, FAILED, HostContext, HostFailure, PAYLOADS, array_words};
use crate::error::Result;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum};
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, BasicValueEnum, FunctionValue, IntValue, PointerValue, StructValue,
};
use inkwell::{AddressSpace, AtomicOrdering, IntPredicate};
use numbra_front::ir::{Argument, ArrayId, Definition, Holder, Kind, Parameter, SiteId, Statement, Value, VariableId};
use numbra_front::types::ScalarType;
use std::collections::HashMap;
use std::mem::offset_of;
use std::rc::Rc;

/// A function that can be called.
#[derive(Clone, Copy)]
pub struct Callee<'ctx> {
    pub function: FunctionValue<'ctx>,
    pub can_fail: bool,
}

/// What a function of the host has besides its values.
pub struct HostFrame<'ctx> {
    /// The function's number in its module.
    pub number: u32,
    /// Points to the [`HostContext`].
    pub context: PointerValue<'ctx>,
    callees: Rc<HashMap<String, Callee<'ctx>>>,
    pub arrays: Vec<Option<Descriptor<'ctx>>>,
    /// Per variable: where its array is, if it is one.
    pub slots: Vec<Option<Slots<'ctx>>>,
    /// Per array: the one at the end of its bases.
    pub roots: Vec<ArrayId>,
    /// The arrays that own a reference now, once for each: what a failure here has to give back.
    pub owning: Vec<ArrayId>,
    /// Per list of owning arrays: where a failure goes that gives them back.
    ways_out: HashMap<Vec<ArrayId>, BasicBlock<'ctx>>,
    /// How the function fails, for its ways out.
    status: PointerValue<'ctx>,
    /// Per `try` that raises again: where its failure is kept.
    pub kept: HashMap<u32, PointerValue<'ctx>>,
}

/// `memory(argmem: readwrite, inaccessiblemem: readwrite)`: what callbacks touch, as LLVM writes it.
const OWN_MEMORY: u64 = 0b1111;

impl<'ctx> Lowering<'ctx, '_> {
    /// Lowers the whole function, from its beginning.
    pub fn whole_function(
        &mut self,
        number: u32,
        callees: Rc<HashMap<String, Callee<'ctx>>>,
        is_recursive: bool,
    ) -> Result<()> {
        let function = self.kernel;
        let mut parameters = self.function.get_param_iter();
        let missing = || malformed("a function's signature is incomplete");
        let context = parameters.next().ok_or_else(missing)?.into_pointer_value();
        let status = self.builder.build_alloca(self.context.i32_type(), "status").map_err(backend_error)?;
        let mut roots: Vec<ArrayId> = (0..function.arrays.len() as u32).map(ArrayId).collect();
        function.body.walk(&mut |statement| {
            if let Statement::Define { array, definition } = statement
                && let Some(base) = definition.base()
            {
                roots[array.index()] = roots[base.index()];
            }
        });
        self.host = Some(HostFrame {
            number,
            context,
            callees,
            arrays: vec![None; function.arrays.len()],
            slots: Vec::new(),
            roots,
            owning: Vec::new(),
            ways_out: HashMap::new(),
            status,
            kept: HashMap::new(),
        });
        for parameter in &function.parameters {
            match parameter {
                Parameter::Scalar { name, value, .. } => {
                    let given = parameters.next().ok_or_else(missing)?;
                    given.set_name(name);
                    self.values[value.index()] = Some(given);
                }
                Parameter::Array(id) => {
                    let array = &function.arrays[id.index()];
                    let words: Vec<BasicValueEnum> = parameters.by_ref().take(array_words(array.rank)).collect();
                    words.get(1).ok_or_else(missing)?.set_name(&array.name);
                    let descriptor = self.descriptor_of(&words, &array.strides)?;
                    self.frame_mut()?.arrays[id.index()] = Some(descriptor);
                }
            }
        }
        self.variables()?;
        let slots = (function.variables.iter())
            .map(|variable| match &variable.kind {
                Kind::Array(kind) => Ok(Some(self.array_variable(kind)?)),
                Kind::Scalar(_) => Ok(None),
            })
            .collect::<Result<_>>()?;
        self.frame_mut()?.slots = slots;
        if is_recursive {
            self.check_stack()?;
        }
        self.region(&function.body)?;
        if self.open_block() {
            if !function.results.is_empty() && !function.body.leaves() {
                return Err(malformed("a function whose end can be reached gives nothing"));
            }
            self.give(&[])?;
        }
        Ok(())
    }

    pub fn frame(&self) -> Result<&HostFrame<'ctx>> {
        self.host.as_ref().ok_or_else(|| malformed("a statement of host functions in a kernel"))
    }

    pub fn frame_mut(&mut self) -> Result<&mut HostFrame<'ctx>> {
        self.host.as_mut().ok_or_else(|| malformed("a statement of host functions in a kernel"))
    }

    /// Lowers what is the host's alone, or other there than in kernels; false for everything else.
    pub fn host_statement(&mut self, statement: &Statement) -> Result<bool> {
        match statement {
            Statement::Set { variable, value: Argument::Array(array) } => self.set_array(*variable, *array)?,
            Statement::Define { array, definition } => self.define_array(*array, definition)?,
            Statement::Call { results, function, arguments } => self.call(results, function, arguments)?,
            Statement::Return(results) => self.give(results)?,
            Statement::Trap { condition, site, payloads, position: _ } => {
                let condition = self.value(*condition)?.into_int_value();
                let (fail, proceed) = self.rarely_to(condition, "fail")?;
                self.builder.position_at_end(fail);
                self.fail_at(*site, payloads)?;
                self.builder.position_at_end(proceed);
            }
            Statement::Raise { site, payloads } => self.fail_at(*site, payloads)?,
            Statement::Reraise { number } => self.fail_again(*number)?,
            Statement::Guarded { failed, keep, statement } => self.guarded(*failed, *keep, statement)?,
            Statement::Print { site, items } => self.print(*site, items)?,
            Statement::Retain(array) => {
                let owner = self.array(*array)?.owner;
                self.retain(owner)?;
                let frame = self.frame_mut()?;
                frame.owning.push(frame.roots[array.index()]);
            }
            Statement::Release(Holder::Array(array)) => {
                self.passed_on(*array)?;
                let owner = self.array(*array)?.owner;
                self.release(owner)?;
            }
            Statement::Release(Holder::Variable(variable)) => self.release_variable(*variable)?,
            Statement::Poll => self.poll()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The reference of an array, or of its base, is somebody else's from now on.
    pub fn passed_on(&mut self, array: ArrayId) -> Result<()> {
        let frame = self.frame_mut()?;
        let root = frame.roots[array.index()];
        match frame.owning.iter().rposition(|owning| *owning == root) {
            Some(place) => {
                frame.owning.remove(place);
                Ok(())
            }
            None => Err(malformed("a reference is given back that nobody has")),
        }
    }

    /// Ends the block by a branch that is hardly ever taken; gives where it goes, and where the rest goes on.
    pub fn rarely_to(&self, condition: IntValue<'ctx>, name: &str) -> Result<(BasicBlock<'ctx>, BasicBlock<'ctx>)> {
        let (rare, usual) = (self.block(name), self.block("proceed"));
        let branch = self.builder.build_conditional_branch(condition, rare, usual).map_err(backend_error)?;
        self.hardly_ever(branch)?;
        Ok((rare, usual))
    }

    pub fn int32(&self, number: i32) -> IntValue<'ctx> {
        self.context.i32_type().const_int(number as u32 as u64, false)
    }

    /// The address of a field of the context.
    pub fn field(&self, offset: usize) -> Result<PointerValue<'ctx>> {
        let offset = self.context.i64_type().const_int(offset as u64, false);
        // In bounds: the offset is a field's.
        let place =
            unsafe { self.builder.build_in_bounds_gep(self.context.i8_type(), self.frame()?.context, &[offset], "") };
        place.map_err(backend_error)
    }

    /// Writes the failure into the context, and leaves.
    pub fn fail_at(&mut self, site: SiteId, payloads: &[Value]) -> Result<()> {
        self.record(site, payloads)?;
        let failed = self.int32(FAILED);
        self.leave(failed)
    }

    /// Writes the failure into the context.
    pub fn record(&mut self, site: SiteId, payloads: &[Value]) -> Result<()> {
        let payloads = &payloads[..payloads.len().min(PAYLOADS)];
        let mut types = 0;
        for (place, &payload) in payloads.iter().enumerate() {
            types |= type_number(self.kernel.scalar(payload))? << (8 * place);
        }
        let base = offset_of!(HostContext, failure);
        let (int32, int64) = (self.context.i32_type(), self.context.i64_type());
        let mut record: Vec<(usize, BasicValueEnum)> = vec![
            (offset_of!(HostFailure, function), int32.const_int(self.frame()?.number.into(), false).into()),
            (offset_of!(HostFailure, site), int32.const_int(site.0.into(), false).into()),
            (offset_of!(HostFailure, payload_count), int32.const_int(payloads.len() as u64, false).into()),
            (offset_of!(HostFailure, payload_types), int64.const_int(types, false).into()),
        ];
        for (place, &payload) in payloads.iter().enumerate() {
            record.push((offset_of!(HostFailure, payloads) + 8 * place, self.bits_of(payload)?.into()));
        }
        for (offset, value) in record {
            let store = self.builder.build_store(self.field(base + offset)?, value).map_err(backend_error)?;
            store.set_alignment(4).map_err(backend_error)?;
        }
        Ok(())
    }

    /// Gives back all that the function holds, and ends it with a status.
    pub fn leave(&mut self, status: IntValue<'ctx>) -> Result<()> {
        self.builder.build_store(self.frame()?.status, status).map_err(backend_error)?;
        let owning = self.frame()?.owning.clone();
        let target = self.way_out(&owning)?;
        self.jump(target)
    }

    /// Where a failure goes that has to give back a reference of each of these.
    fn way_out(&mut self, owning: &[ArrayId]) -> Result<BasicBlock<'ctx>> {
        if let Some(block) = self.frame()?.ways_out.get(owning) {
            return Ok(*block);
        }
        let here = self.builder.get_insert_block().ok_or_else(|| malformed("code outside of any block"))?;
        let block = self.block("leave");
        self.frame_mut()?.ways_out.insert(owning.to_vec(), block);
        match owning.split_last() {
            Some((&last, rest)) => {
                let next = self.way_out(rest)?;
                self.builder.position_at_end(block);
                let owner = self.array(last)?.owner;
                self.release(owner)?;
                self.jump(next)?;
            }
            None => {
                self.builder.position_at_end(block);
                for number in 0..self.kernel.variables.len() {
                    if self.frame()?.slots[number].is_some() {
                        self.release_variable(VariableId(number as u32))?;
                    }
                }
                let status = self.builder.build_load(self.context.i32_type(), self.frame()?.status, "status");
                let nothing = self.result_type()?.const_zero();
                let result = self.with_part(nothing, 0, status.map_err(backend_error)?)?;
                self.builder.build_return(Some(&result)).map_err(backend_error)?;
            }
        }
        self.builder.position_at_end(here);
        Ok(block)
    }

    fn result_type(&self) -> Result<inkwell::types::StructType<'ctx>> {
        match self.function.get_type().get_return_type() {
            Some(BasicTypeEnum::StructType(kind)) => Ok(kind),
            _ => Err(malformed("a function without a status")),
        }
    }

    fn with_part(&self, whole: StructValue<'ctx>, part: u32, value: BasicValueEnum<'ctx>) -> Result<StructValue<'ctx>> {
        let whole = self.builder.build_insert_value(whole, value, part, "").map_err(backend_error)?;
        Ok(whole.into_struct_value())
    }

    /// Returns.
    fn give(&mut self, results: &[Argument]) -> Result<()> {
        let mut whole = self.with_part(self.result_type()?.get_poison(), 0, self.int32(DONE).into())?;
        let mut part = 1;
        for result in results {
            let words = match result {
                Argument::Value(value) => vec![self.value(*value)?],
                Argument::Array(array) => self.array(*array)?.words(),
            };
            for word in words {
                whole = self.with_part(whole, part, word)?;
                part += 1;
            }
        }
        self.builder.build_return(Some(&whole)).map_err(backend_error)?;
        Ok(())
    }

    fn call(&mut self, results: &[Argument], name: &str, arguments: &[Argument]) -> Result<()> {
        let (given, can_fail) = self.called(name, arguments)?;
        if can_fail {
            let status = self.status_of(given)?;
            self.leave_unless_done(status)?;
        }
        self.take(given, results)
    }

    /// What a call gives: its status and its results; and whether it can fail.
    pub fn called(&mut self, name: &str, arguments: &[Argument]) -> Result<(StructValue<'ctx>, bool)> {
        let frame = self.frame()?;
        let callee = *frame.callees.get(name).ok_or_else(|| malformed(format!("there is no function '{name}'")))?;
        let mut words: Vec<BasicMetadataValueEnum> = vec![frame.context.into()];
        for argument in arguments {
            match argument {
                Argument::Value(value) => words.push(self.value(*value)?.into()),
                Argument::Array(array) => {
                    words.extend(self.array(*array)?.words().into_iter().map(BasicMetadataValueEnum::from))
                }
            }
        }
        let call = self.builder.build_call(callee.function, &words, "").map_err(backend_error)?;
        let given = call.try_as_basic_value().basic().ok_or_else(|| malformed("a function without a status"))?;
        Ok((given.into_struct_value(), callee.can_fail))
    }

    /// The status of what a call has given.
    pub fn status_of(&self, given: StructValue<'ctx>) -> Result<IntValue<'ctx>> {
        let status = self.builder.build_extract_value(given, 0, "status").map_err(backend_error)?;
        Ok(status.into_int_value())
    }

    /// Defines the results of a call.
    pub fn take(&mut self, given: StructValue<'ctx>, results: &[Argument]) -> Result<()> {
        let mut part = 1;
        let mut next = |lowering: &Self| {
            part += 1;
            lowering.builder.build_extract_value(given, part - 1, "").map_err(backend_error)
        };
        for result in results {
            match result {
                Argument::Value(value) => self.values[value.index()] = Some(next(self)?),
                Argument::Array(array) => {
                    let strides = &self.kernel.arrays[array.index()].strides;
                    let words =
                        (0..array_words(strides.len() as u32)).map(|_| next(self)).collect::<Result<Vec<_>>>()?;
                    let descriptor = self.descriptor_of(&words, strides)?;
                    let frame = self.frame_mut()?;
                    frame.arrays[array.index()] = Some(descriptor);
                    frame.owning.push(*array);
                }
            }
        }
        Ok(())
    }

    pub fn leave_unless_done(&mut self, status: IntValue<'ctx>) -> Result<()> {
        let failed =
            self.builder.build_int_compare(IntPredicate::NE, status, self.int32(DONE), "").map_err(backend_error)?;
        let (fail, proceed) = self.rarely_to(failed, "failed")?;
        self.builder.position_at_end(fail);
        self.leave(status)?;
        self.builder.position_at_end(proceed);
        Ok(())
    }

    /// Asks the runtime whether to go on, if somebody wants that.
    fn poll(&mut self) -> Result<()> {
        let place = self.field(offset_of!(HostContext, attention))?;
        let flag = self.load_shared(self.context.i32_type().into(), place, 4)?;
        let wanted =
            self.builder.build_int_compare(IntPredicate::NE, flag, self.int32(0), "").map_err(backend_error)?;
        self.ask(wanted, offset_of!(HostContext, poll), &[], "poll")
    }

    /// Asks the runtime whether to go on, if the stack has grown over its limit.
    fn check_stack(&mut self) -> Result<()> {
        let (int8, int64) = (self.context.i8_type(), self.context.i64_type());
        let place = self.builder.build_alloca(int8, "stack").map_err(backend_error)?;
        let end = self.builder.build_ptr_to_int(place, int64, "").map_err(backend_error)?;
        let limit = self.load_shared(int64.into(), self.field(offset_of!(HostContext, stack_limit))?, 8)?;
        let over = self.builder.build_int_compare(IntPredicate::ULT, end, limit, "").map_err(backend_error)?;
        let number = self.context.i32_type().const_int(self.frame()?.number.into(), false);
        self.ask(over, offset_of!(HostContext, overflow), &[number.into()], "deep")
    }

    /// Calls a callback that says whether to go on.
    fn ask(
        &mut self,
        condition: IntValue<'ctx>,
        callback: usize,
        arguments: &[BasicValueEnum<'ctx>],
        name: &str,
    ) -> Result<()> {
        let (rare, proceed) = self.rarely_to(condition, name)?;
        self.builder.position_at_end(rare);
        let status = self.callback(callback, Some(self.context.i32_type().into()), arguments)?;
        let status = status.ok_or_else(|| malformed("a callback without a status"))?.into_int_value();
        self.leave_unless_done(status)?;
        self.jump(proceed)?;
        self.builder.position_at_end(proceed);
        Ok(())
    }

    /// Loads what other threads may change.
    fn load_shared(&self, kind: BasicTypeEnum<'ctx>, place: PointerValue<'ctx>, bytes: u32) -> Result<IntValue<'ctx>> {
        let value = self.builder.build_load(kind, place, "").map_err(backend_error)?.into_int_value();
        let load = value.as_instruction_value().ok_or_else(|| malformed("a load that is none"))?;
        load.set_alignment(bytes).map_err(backend_error)?;
        load.set_atomic_ordering(AtomicOrdering::Monotonic).map_err(backend_error)?;
        Ok(value)
    }

    /// Calls what the context has at that offset, with the context and `arguments`.
    pub fn callback(
        &self,
        callback_offset: usize,
        result: Option<BasicTypeEnum<'ctx>>,
        arguments: &[BasicValueEnum<'ctx>],
    ) -> Result<Option<BasicValueEnum<'ctx>>> {
        let pointer = self.context.ptr_type(AddressSpace::default());
        let context = self.frame()?.context;
        let address = self.builder.build_load(pointer, self.field(callback_offset)?, "").map_err(backend_error)?;
        let mut types: Vec<BasicMetadataTypeEnum> = vec![pointer.into()];
        types.extend(arguments.iter().map(|argument| BasicMetadataTypeEnum::from(argument.get_type())));
        let kind = match result {
            Some(BasicTypeEnum::PointerType(kind)) => kind.fn_type(&types, false),
            Some(_) => self.context.i32_type().fn_type(&types, false),
            None => self.context.void_type().fn_type(&types, false),
        };
        let mut words: Vec<BasicMetadataValueEnum> = vec![context.into()];
        words.extend(arguments.iter().map(|&argument| BasicMetadataValueEnum::from(argument)));
        let call =
            self.builder.build_indirect_call(kind, address.into_pointer_value(), &words, "").map_err(backend_error)?;
        let attribute =
            |name: &str, value: u64| self.context.create_enum_attribute(Attribute::get_named_enum_kind_id(name), value);
        call.add_attribute(AttributeLoc::Function, attribute("nounwind", 0));
        // What prints reads the arrays that it prints.
        if callback_offset != offset_of!(HostContext, print) {
            call.add_attribute(AttributeLoc::Function, attribute("memory", OWN_MEMORY));
        }
        match result {
            Some(BasicTypeEnum::PointerType(_)) => call.add_attribute(AttributeLoc::Return, attribute("noalias", 0)),
            Some(_) => call.add_attribute(AttributeLoc::Function, attribute("cold", 0)),
            None => {}
        }
        Ok(call.try_as_basic_value().basic())
    }

    /// Where `definition` finds the memory of an array.
    fn define_array(&mut self, array: ArrayId, definition: &Definition) -> Result<()> {
        let descriptor = match definition {
            Definition::Allocate { extents, zeroed, site } => self.allocate(array, extents, *zeroed, *site)?,
            Definition::View { base, starts, axes } => self.view(array, *base, starts, axes)?,
            Definition::Reshape { base, extents } => self.reshape(array, *base, extents)?,
            Definition::Get(variable) => self.get_array(array, *variable)?,
            Definition::Constant { table, extents } => self.constant_array(array, *table, extents)?,
        };
        let frame = self.frame_mut()?;
        frame.arrays[array.index()] = Some(descriptor);
        if let Definition::Allocate { .. } = definition {
            frame.owning.push(array);
        }
        Ok(())
    }
}

/// The type's place in what [`super::payload_type`] knows.
fn type_number(scalar: ScalarType) -> Result<u64> {
    let place = ScalarType::ALL.iter().chain(&[ScalarType::Index]).position(|other| *other == scalar);
    place.map(|place| place as u64).ok_or_else(|| malformed(format!("a payload of type {scalar}")))
}
