//! Objects for this machine's processor.
//!
//! An object has one symbol, the kernel's entry, of type [`Entry`]. It unpacks the arguments and calls the kernel proper, a function of its own so that what is known of each buffer (`noalias`, `readonly`) can stand on
//! its parameters.

use super::lower::{Placement, lower_kernel, malformed, memory_type, scheduled_kernel};
use super::machine::{Cpu, MachineKey, aim, emit, optimize, text, with_machine};
use super::offsets::movable;
use super::{Emit, Status, backend_error, symbol};
use crate::artefact::{Artefact, ArtefactKind, Manifest};
use crate::error::Result;
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::builder::Builder;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::targets::{FileType, TargetMachine};
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicMetadataValueEnum, BasicValueEnum, FunctionValue, PointerValue};
use numbra_front::ir::{self, Form, Function};

/// The entry of a Range kernel: a pointer per array; the scalar parameters' bits as in
/// [`numbra_front::types::Constant::bits`]; a status, which is not touched unless the kernel fails.
pub type Entry = unsafe extern "C" fn(buffers: *const *mut u8, parameters: *const u64, status: *mut Status);

#[derive(Debug, Clone)]
pub struct NativeOptions {
    /// The processor to make code for.
    pub cpu: Cpu,
    /// Preferred width of vectors in bits; `None`: what suits the processor.
    pub vector_width: Option<u32>,
}

impl Default for NativeOptions {
    fn default() -> NativeOptions {
        NativeOptions { cpu: Cpu::host().clone(), vector_width: None }
    }
}

/// Compiles the module's first function, a kernel of form Range.
pub fn compile_native(module: &ir::Module, options: &NativeOptions) -> Result<Artefact> {
    let kernel = range_kernel(module)?;
    with_machine(MachineKey::native(&options.cpu), |machine| {
        let context = Context::create();
        let llvm = lower(&context, module, kernel, options, machine)?;
        optimize(&llvm, machine)?;
        Ok(artefact(kernel, emit(&llvm, machine, FileType::Object)?))
    })
}

/// What [`compile_native`] gives for a module, whose object is there already.
pub fn compiled_native(module: &ir::Module, bytes: Vec<u8>) -> Result<Artefact> {
    Ok(artefact(range_kernel(module)?, bytes))
}

/// The module's first function, a kernel of form Range, as text.
pub fn native_text(module: &ir::Module, options: &NativeOptions, emit: Emit) -> Result<String> {
    let kernel = range_kernel(module)?;
    with_machine(MachineKey::native(&options.cpu), |machine| {
        let context = Context::create();
        let llvm = lower(&context, module, kernel, options, machine)?;
        text(&llvm, machine, emit, optimize)
    })
}

fn range_kernel(module: &ir::Module) -> Result<&Function> {
    let kernel = scheduled_kernel(module)?;
    match kernel.form {
        Form::Range => Ok(kernel),
        _ => Err(malformed(format!("'{}' is no Range kernel", kernel.name))),
    }
}

fn artefact(kernel: &Function, bytes: Vec<u8>) -> Artefact {
    Artefact { kind: ArtefactKind::Object, bytes, manifest: Manifest::of(kernel, symbol(&kernel.name)) }
}

fn lower<'ctx>(
    context: &'ctx Context,
    module: &ir::Module,
    kernel: &Function,
    options: &NativeOptions,
    machine: &TargetMachine,
) -> Result<Module<'ctx>> {
    let entry = symbol(&kernel.name);
    let llvm = context.create_module(&kernel.name);
    aim(&llvm, machine);
    let body = lower_kernel(context, &llvm, module, kernel, Placement::Host, &format!("{entry}.body"))?;
    let entry = Unpacking { context, builder: context.create_builder(), kernel }.entry(&llvm, body, &entry)?;
    if let Some(width) = options.vector_width.or(options.cpu.vector_width()) {
        let width = context.create_string_attribute("prefer-vector-width", &width.to_string());
        // On both: LLVM sets up a whole subtarget for each kind of function.
        for function in [body, entry] {
            function.add_attribute(AttributeLoc::Function, width);
        }
    }
    Ok(llvm)
}

/// Builds the entry, which unpacks the arguments for the body.
struct Unpacking<'ctx, 'a> {
    context: &'ctx Context,
    builder: Builder<'ctx>,
    kernel: &'a Function,
}

impl<'ctx> Unpacking<'ctx, '_> {
    fn entry(&self, llvm: &Module<'ctx>, body: FunctionValue<'ctx>, symbol: &str) -> Result<FunctionValue<'ctx>> {
        let pointer = self.context.ptr_type(AddressSpace::default());
        let kind = self.context.void_type().fn_type(&[pointer.into(); 3], false);
        let entry = llvm.add_function(symbol, kind, None);
        let nounwind = Attribute::get_named_enum_kind_id("nounwind");
        entry.add_attribute(AttributeLoc::Function, self.context.create_enum_attribute(nounwind, 0));
        self.builder.position_at_end(self.context.append_basic_block(entry, "entry"));
        let parameters: Vec<PointerValue> = entry.get_param_iter().map(BasicValueEnum::into_pointer_value).collect();
        for (parameter, name) in parameters.iter().zip(["buffers", "parameters", "status"]) {
            parameter.set_name(name);
        }
        let mut arguments: Vec<BasicMetadataValueEnum> = Vec::new();
        for position in 0..self.kernel.arrays.len() {
            arguments.push(self.element(pointer.into(), parameters[0], position)?.into());
        }
        let moved = movable(self.kernel);
        for (position, (_, value, _)) in self.kernel.scalar_parameters().enumerate() {
            // The low bytes of the eight are the value, whatever its type: this is little-endian.
            let kind = memory_type(self.context, self.kernel.scalar(value));
            let eight_bytes = self.context.i8_type().array_type(8);
            let address = self.offset(eight_bytes.into(), parameters[1], position)?;
            let argument = self.builder.build_load(kind, address, "").map_err(backend_error)?;
            arguments.push(argument.into());
            if let Some(array) = moved.iter().position(|offset| *offset == Some(value)) {
                let element = memory_type(self.context, self.kernel.arrays[array].scalar);
                let buffer = arguments[array].into_pointer_value();
                // SAFETY: not "in bounds": an array without elements may begin anywhere.
                let first = unsafe { self.builder.build_gep(element, buffer, &[argument.into_int_value()], "") };
                arguments[array] = first.map_err(backend_error)?.into();
            }
        }
        if self.kernel.has_traps() {
            arguments.push(parameters[2].into());
        }
        self.builder.build_call(body, &arguments, "").map_err(backend_error)?;
        self.builder.build_return(None).map_err(backend_error)?;
        Ok(entry)
    }

    fn element(
        &self,
        kind: BasicTypeEnum<'ctx>,
        base: PointerValue<'ctx>,
        position: usize,
    ) -> Result<BasicValueEnum<'ctx>> {
        self.builder.build_load(kind, self.offset(kind, base, position)?, "").map_err(backend_error)
    }

    fn offset(
        &self,
        kind: BasicTypeEnum<'ctx>,
        base: PointerValue<'ctx>,
        position: usize,
    ) -> Result<PointerValue<'ctx>> {
        let position = self.context.i64_type().const_int(position as u64, false);
        // In bounds: the caller passes as many as the kernel has.
        unsafe { self.builder.build_in_bounds_gep(kind, base, &[position], "").map_err(backend_error) }
    }
}
