//! Objects for this machine, of whole functions.
//!
//! An object has one symbol, the entry of the module's first function, of type [`HostEntry`]. Arguments and results are
//! words of 64 bits: a scalar is one, its bits as in [`numbra_front::types::Constant::bits`]; an array is its owner, the
//! address of its first element, its extents, and its strides in elements. Inside, functions have parameters and
//! results of their own types, and call each other directly.
//!
//! Every function gives a status beside its results: [`DONE`], or how it failed; whoever called it gives back what it holds
//! and leaves with the same status. What a failure tells stands in the [`HostContext`], which also has all that the code needs
//! of the runtime: an object refers to no address.
//!
//! * `frame`: a function's beginning, its calls and its ways out; * `arrays`: descriptors, memory and references;
//! * `guards`: failures that are handled; * `print`.

mod arrays;
mod frame;
mod guards;
mod print;

use super::lower::{Lowering, Placement, malformed, memory_type, value_type};
use super::machine::{MachineKey, aim, emit, optimize_functions, text, with_machine};
use super::{Emit, NativeOptions, backend_error, symbol};
use crate::artefact::{Artefact, ArtefactKind, Manifest};
use crate::error::Result;
use frame::Callee;
pub(super) use frame::HostFrame;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::module::{Linkage, Module};
use inkwell::targets::{FileType, TargetMachine};
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum};
use inkwell::values::{BasicMetadataValueEnum, BasicValueEnum, FunctionValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};
use numbra_front::ir::{self, Form, Function, Kind, Parameter, Statement};
use numbra_front::types::ScalarType;
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// The entry of a function: gives a status; the results are written if it is [`DONE`].
pub type HostEntry = unsafe extern "C" fn(context: *mut HostContext, arguments: *const u64, results: *mut u64) -> i32;

/// A status: the function returned.
pub const DONE: i32 = 0;
/// A status: the failure is in [`HostContext::failure`].
pub const FAILED: i32 = 1;
/// A status: a callback said that nobody wants the call any more.
pub const INTERRUPTED: i32 = 2;

/// Payloads of a failure, at most.
pub const PAYLOADS: usize = 8;

/// Where the elements of fresh memory begin: so many bytes behind its owner, which begins with the number of references, 64
/// bits wide.
pub const OWNER_BYTES: usize = 64;

/// What a function that fails leaves.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct HostFailure {
    /// Number of the function in its module.
    pub function: u32,
    /// Number of the site in [`Function::sites`]; [`NO_SITE`]: calls are nested too deeply.
    pub site: u32,
    pub payload_count: u32,
    /// Their types, a byte each: places in [`payload_type`].
    pub payload_types: [u8; PAYLOADS],
    /// Bits as in [`numbra_front::types::Constant::bits`].
    pub payloads: [u64; PAYLOADS],
}

/// In place of a site: calls are nested too deeply.
pub const NO_SITE: u32 = u32::MAX;

/// What a call is given by the runtime. Callbacks must not unwind.
#[repr(C)]
pub struct HostContext {
    pub failure: HostFailure,
    /// Functions that call themselves call `overflow` when the stack's end is below this. Anybody may raise it at any time.
    pub stack_limit: AtomicU64,
    /// Loops call `poll` when this is not 0. Anybody may set it at any time.
    pub attention: AtomicU32,
    /// The owner of so many bytes, with one reference; null if there are not so many. `zeroed`: 0 or 1.
    pub allocate: extern "C" fn(context: *mut HostContext, bytes: u64, zeroed: u32) -> *mut c_void,
    /// The last reference to an owner's memory is gone.
    pub release: extern "C" fn(context: *mut HostContext, owner: *mut c_void),
    /// Whether to go on: [`DONE`] or [`INTERRUPTED`].
    pub poll: extern "C" fn(context: *mut HostContext) -> i32,
    /// Whether to go on although the stack is deep, in the function of that number: any status. For [`FAILED`] the failure is
    /// written.
    pub overflow: extern "C" fn(context: *mut HostContext, function: u32) -> i32,
    /// Prints what the site of the function of that number describes. `words`: what fills its places, as words are passed to
    /// entries. Whether to go on: [`DONE`] or [`INTERRUPTED`].
    pub print: extern "C" fn(context: *mut HostContext, function: u32, site: u32, words: *const u64) -> i32,
}

/// The types that payloads have in [`HostFailure::payload_types`].
pub fn payload_type(number: u8) -> Option<ScalarType> {
    ScalarType::ALL.into_iter().chain([ScalarType::Index]).nth(number as usize)
}

/// Compiles the module's functions, all of form `Host`; the first one is the entry.
pub fn compile_host(module: &ir::Module, options: &NativeOptions) -> Result<Artefact> {
    checked(module)?;
    let bytes = with_machine(MachineKey::native(&options.cpu), |machine| {
        let context = Context::create();
        let llvm = lower(&context, module, options, machine)?;
        optimize_functions(&llvm, machine)?;
        emit(&llvm, machine, FileType::Object)
    })?;
    compiled_host(module, bytes)
}

/// What [`compile_host`] gives for a module, whose object is there already.
pub fn compiled_host(module: &ir::Module, bytes: Vec<u8>) -> Result<Artefact> {
    let first = checked(module)?;
    Ok(Artefact { kind: ArtefactKind::Object, bytes, manifest: Manifest::of_function(first, symbol(&first.name)) })
}

/// The same as text.
pub fn host_text(module: &ir::Module, options: &NativeOptions, what: Emit) -> Result<String> {
    checked(module)?;
    with_machine(MachineKey::native(&options.cpu), |machine| {
        let context = Context::create();
        let llvm = lower(&context, module, options, machine)?;
        text(&llvm, machine, what, optimize_functions)
    })
}

fn checked(module: &ir::Module) -> Result<&Function> {
    if let Some(other) = module.functions.iter().find(|function| function.form != Form::Host) {
        return Err(malformed(format!("'{}' is no host function", other.name)));
    }
    module.functions.first().ok_or_else(|| malformed("a module without functions"))
}

fn lower<'ctx>(
    context: &'ctx Context,
    module: &ir::Module,
    options: &NativeOptions,
    machine: &TargetMachine,
) -> Result<Module<'ctx>> {
    let first = checked(module)?;
    let llvm = context.create_module(&first.name);
    aim(&llvm, machine);
    let facts = Facts::of(module);
    let callees: HashMap<String, Callee> = (module.functions.iter().enumerate())
        .map(|(number, function)| {
            let name = format!("{}.{number}", symbol(&function.name));
            let declared = declare(context, &llvm, function, &name);
            (function.name.clone(), Callee { function: declared, can_fail: facts.can_fail[number] })
        })
        .collect();
    let callees = Rc::new(callees);
    for (number, function) in module.functions.iter().enumerate() {
        let declared = callees[&function.name].function;
        let builder = context.create_builder();
        builder.position_at_end(context.append_basic_block(declared, "entry"));
        let mut lowering = Lowering::new(context, &llvm, module, function, Placement::Host, declared, builder);
        lowering.whole_function(number as u32, callees.clone(), facts.is_recursive[number])?;
    }
    let entry = Unpacking { context, builder: context.create_builder(), function: first }.entry(
        &llvm,
        callees[&first.name].function,
        &symbol(&first.name),
    )?;
    if let Some(width) = options.vector_width.or(options.cpu.vector_width()) {
        let width = context.create_string_attribute("prefer-vector-width", &width.to_string());
        for function in callees.values().map(|callee| callee.function).chain([entry]) {
            function.add_attribute(AttributeLoc::Function, width);
        }
    }
    Ok(llvm)
}

/// What is known of each function of a module from whom it calls.
struct Facts {
    is_recursive: Vec<bool>,
    can_fail: Vec<bool>,
}

impl Facts {
    fn of(module: &ir::Module) -> Facts {
        let numbers: HashMap<&str, usize> =
            module.functions.iter().enumerate().map(|(number, function)| (function.name.as_str(), number)).collect();
        let calls: Vec<Vec<usize>> = module.functions.iter().map(|function| calls(function, &numbers)).collect();
        let is_recursive: Vec<bool> =
            (0..calls.len()).map(|number| reachable(&calls, number).contains(&number)).collect();
        let fails = |statement: &Statement| {
            // What is guarded may be interrupted.
            let leaves = matches!(
                statement,
                Statement::Raise { .. }
                    | Statement::Reraise { .. }
                    | Statement::Guarded { .. }
                    | Statement::Print { .. }
                    | Statement::Poll
            );
            let calls = matches!(statement, Statement::Call { .. });
            leaves || statement.can_be_guarded() && !calls
        };
        let fails_itself: Vec<bool> = (module.functions.iter().zip(&is_recursive))
            .map(|(function, &is_recursive)| {
                let mut found = is_recursive;
                function.body.walk(&mut |statement| found |= fails(statement));
                found
            })
            .collect();
        let can_fail = (0..calls.len())
            .map(|number| fails_itself[number] || reachable(&calls, number).iter().any(|&callee| fails_itself[callee]))
            .collect();
        Facts { is_recursive, can_fail }
    }
}

fn calls(function: &Function, numbers: &HashMap<&str, usize>) -> Vec<usize> {
    let mut calls = Vec::new();
    function.body.walk(&mut |statement| {
        calls.extend(statement.callee().and_then(|function| numbers.get(function)));
    });
    calls
}

/// The functions that one calls, through others too.
fn reachable(calls: &[Vec<usize>], from: usize) -> HashSet<usize> {
    let mut found = HashSet::new();
    let mut open = calls[from].clone();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(&calls[next]);
        }
    }
    found
}

/// Of an array: how many words, or parameters, it is.
fn array_words(rank: u32) -> usize {
    2 + 2 * rank as usize
}

/// The context, a value per scalar and those of [`array_words`] per array; a status and the results.
fn declare<'ctx>(context: &'ctx Context, llvm: &Module<'ctx>, function: &Function, name: &str) -> FunctionValue<'ctx> {
    let pointer = context.ptr_type(AddressSpace::default());
    let array = |rank: u32| {
        let (pointer, integer) = (BasicTypeEnum::from(pointer), BasicTypeEnum::from(context.i64_type()));
        [pointer, pointer].into_iter().chain(std::iter::repeat_n(integer, 2 * rank as usize))
    };
    let mut parameters: Vec<BasicTypeEnum> = vec![pointer.into()];
    for parameter in &function.parameters {
        match parameter {
            Parameter::Scalar { value, .. } => parameters.push(value_type(context, function.scalar(*value))),
            Parameter::Array(id) => parameters.extend(array(function.arrays[id.index()].rank)),
        }
    }
    let mut results: Vec<BasicTypeEnum> = vec![context.i32_type().into()];
    for kind in &function.results {
        match kind {
            Kind::Scalar(scalar) => results.push(value_type(context, *scalar)),
            Kind::Array(kind) => results.extend(array(kind.rank())),
        }
    }
    let parameters: Vec<BasicMetadataTypeEnum> = parameters.into_iter().map(Into::into).collect();
    let kind = context.struct_type(&results, false).fn_type(&parameters, false);
    let declared = llvm.add_function(name, kind, Some(Linkage::Internal));
    let nounwind = Attribute::get_named_enum_kind_id("nounwind");
    declared.add_attribute(AttributeLoc::Function, context.create_enum_attribute(nounwind, 0));
    declared
}

/// Builds the entry, which takes the arguments out of their words and puts the results into theirs.
struct Unpacking<'ctx, 'a> {
    context: &'ctx Context,
    builder: Builder<'ctx>,
    function: &'a Function,
}

impl<'ctx> Unpacking<'ctx, '_> {
    fn entry(&self, llvm: &Module<'ctx>, body: FunctionValue<'ctx>, symbol: &str) -> Result<FunctionValue<'ctx>> {
        let (pointer, status) = (self.context.ptr_type(AddressSpace::default()), self.context.i32_type());
        let entry = llvm.add_function(symbol, status.fn_type(&[pointer.into(); 3], false), None);
        let nounwind = Attribute::get_named_enum_kind_id("nounwind");
        entry.add_attribute(AttributeLoc::Function, self.context.create_enum_attribute(nounwind, 0));
        self.builder.position_at_end(self.context.append_basic_block(entry, "entry"));
        let parameters: Vec<PointerValue> = entry.get_param_iter().map(BasicValueEnum::into_pointer_value).collect();
        let [host, words, results] = parameters[..] else { return Err(malformed("an entry without parameters")) };
        let mut arguments: Vec<BasicMetadataValueEnum> = vec![host.into()];
        let mut word = 0;
        for parameter in &self.function.parameters {
            match parameter {
                Parameter::Scalar { value, .. } => {
                    arguments.push(self.scalar(words, word, self.function.scalar(*value))?.into());
                    word += 1;
                }
                Parameter::Array(id) => {
                    let rank = self.function.arrays[id.index()].rank;
                    for part in 0..array_words(rank) {
                        let kind = if part < 2 { pointer.into() } else { self.context.i64_type().into() };
                        arguments.push(self.load(kind, words, word + part)?.into());
                    }
                    word += array_words(rank);
                }
            }
        }
        let call = self.builder.build_call(body, &arguments, "").map_err(backend_error)?;
        let given = call.try_as_basic_value().basic().ok_or_else(|| malformed("a function without a status"))?;
        let given = given.into_struct_value();
        let part = |number: usize| self.builder.build_extract_value(given, number as u32, "").map_err(backend_error);
        let found = part(0)?.into_int_value();
        let (done, leave) =
            (self.context.append_basic_block(entry, "done"), self.context.append_basic_block(entry, "leave"));
        let is_done = self.builder.build_int_compare(IntPredicate::EQ, found, status.const_zero(), "");
        self.builder.build_conditional_branch(is_done.map_err(backend_error)?, done, leave).map_err(backend_error)?;
        self.builder.position_at_end(done);
        let mut word = 0;
        for kind in &self.function.results {
            match kind {
                Kind::Scalar(scalar) => {
                    self.store(self.bits(part(1 + word)?, *scalar)?, results, word)?;
                    word += 1;
                }
                Kind::Array(kind) => {
                    for number in word..word + array_words(kind.rank()) {
                        self.store(part(1 + number)?, results, number)?;
                    }
                    word += array_words(kind.rank());
                }
            }
        }
        self.builder.build_unconditional_branch(leave).map_err(backend_error)?;
        self.builder.position_at_end(leave);
        self.builder.build_return(Some(&found)).map_err(backend_error)?;
        Ok(entry)
    }

    /// A scalar out of its word: the low bytes, since this is little-endian.
    fn scalar(&self, words: PointerValue<'ctx>, word: usize, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        let value = self.load(memory_type(self.context, scalar), words, word)?;
        if scalar != ScalarType::Bool {
            return Ok(value);
        }
        let zero = self.context.i8_type().const_zero();
        let truth = self.builder.build_int_compare(IntPredicate::NE, value.into_int_value(), zero, "");
        Ok(truth.map_err(backend_error)?.into())
    }

    fn bits(&self, value: BasicValueEnum<'ctx>, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        let word = self.context.i64_type();
        let integer = match value {
            BasicValueEnum::FloatValue(float) => {
                let narrow = float.get_type() == self.context.f32_type();
                let kind = if narrow { self.context.i32_type() } else { word };
                self.builder.build_bit_cast(float, kind, "").map_err(backend_error)?.into_int_value()
            }
            other => other.into_int_value(),
        };
        let wide = match scalar.is_signed() {
            _ if integer.get_type() == word => return Ok(integer.into()),
            true => self.builder.build_int_s_extend(integer, word, ""),
            false => self.builder.build_int_z_extend(integer, word, ""),
        };
        Ok(wide.map_err(backend_error)?.into())
    }

    fn load(&self, kind: BasicTypeEnum<'ctx>, words: PointerValue<'ctx>, word: usize) -> Result<BasicValueEnum<'ctx>> {
        self.builder.build_load(kind, self.word(words, word)?, "").map_err(backend_error)
    }

    fn store(&self, value: BasicValueEnum<'ctx>, words: PointerValue<'ctx>, word: usize) -> Result<()> {
        self.builder.build_store(self.word(words, word)?, value).map_err(backend_error)?;
        Ok(())
    }

    fn word(&self, words: PointerValue<'ctx>, word: usize) -> Result<PointerValue<'ctx>> {
        let kind = self.context.i64_type();
        // In bounds: the caller passes as many as the function has.
        let place = unsafe { self.builder.build_in_bounds_gep(kind, words, &[kind.const_int(word as u64, false)], "") };
        place.map_err(backend_error)
    }
}
