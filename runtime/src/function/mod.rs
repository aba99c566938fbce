//! Whole functions (`jit`): compiled for the types of their arguments when they are first called with such, and run on the
//! host.
//!
//! * [`Function`]: a function of a text, and what it was compiled for; [`declared`] reads what its decorator says, [`choice`]
//!   has the rules where it has signatures;
//! * [`passed`]: arguments and their types; [`returned`]: results;
//! * `interpreted`: the interpreter runs it; `compiled`: this machine's processor does; `annotate`: its text with the types
//!   of its expressions;
//! * [`native`]: functions compiled, loaded and called; [`memory`]: what they allocate, and who counts references;
//!   `context`: what the code asks of the runtime while it runs; `watchdog`: who tells it to look up from its work.

mod annotate;
pub mod choice;
#[cfg(feature = "llvm")]
mod compiled;
#[cfg(feature = "llvm")]
mod context;
pub mod declared;
mod interpreted;
#[cfg(feature = "llvm")]
pub mod memory;
#[cfg(feature = "llvm")]
pub mod native;
pub mod passed;
pub mod returned;
#[cfg(feature = "llvm")]
mod watchdog;

use crate::cache::{Keeping, Kept};
use crate::emit::Emit;
use crate::error::{Error, Result};
use crate::interrupt;
use choice::Choice;
#[cfg(feature = "llvm")]
pub use memory::{Borrowed, Owned};
#[cfg(feature = "llvm")]
pub use native::NativeFunction;
use numbra_front::error::{ErrorClass, Mistake, Warning};
use numbra_front::interp::InterpretedProgram;
use numbra_front::ir::{Fault, Module, Site};
use numbra_front::source::Span;
use numbra_front::stack::with_stack;
use numbra_front::syntax::tree;
use numbra_front::types::DeviceName;
use numbra_front::typing::{FunctionOptions, ItemType, TypedFunction, infer_function};
pub use passed::{Passed, PassedArray};
pub use returned::{Memory, Returned, ReturnedArray};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Room for typing the deepest function that is not refused; only what is used of it becomes memory.
const DEEP_STACK: usize = 256 << 20;

/// The types of a function's arguments, and of its result if that is declared.
pub type Declared = (Vec<ItemType>, Option<ItemType>);

/// A function of a text with what it was compiled for.
#[derive(Debug)]
pub struct Function {
    module: Arc<tree::Module>,
    name: String,
    options: FunctionOptions,
    /// Those of its decorator; where there are some, it takes no other types.
    signatures: Vec<Declared>,
    /// Where its code is kept on disk, if it is.
    kept: Option<Arc<Kept>>,
    compiled: Mutex<Compiled>,
}

#[derive(Debug, Default)]
struct Compiled {
    by_types: HashMap<Vec<ItemType>, Arc<Specialization>>,
    /// In the order in which they were compiled.
    all: Vec<Arc<Specialization>>,
    /// Of all of them, each once.
    warnings: Vec<Mistake>,
}

/// A function for arguments of certain types.
pub struct Specialization {
    pub arguments: Vec<ItemType>,
    pub result: ItemType,
    /// As typing leaves it.
    pub module: Module,
    #[cfg_attr(not(feature = "llvm"), allow(dead_code, reason = "there is no code to be kept"))]
    keeping: Option<Keeping>,
    interpreted: OnceLock<InterpretedProgram>,
    #[cfg(feature = "llvm")]
    native: OnceLock<NativeFunction>,
}

impl Function {
    /// The function of that name, of a module that has it.
    pub fn new(module: Arc<tree::Module>, name: &str, options: FunctionOptions) -> Function {
        let (signatures, compiled) = (Vec::new(), Mutex::default());
        Function { module, name: name.to_string(), options, signatures, kept: None, compiled }
    }

    /// The same with its code kept on disk, and found there.
    pub fn kept_in(self, kept: Arc<Kept>) -> Function {
        Function { kept: Some(kept), ..self }
    }

    /// The same of which nothing is compiled yet, with another cache or none.
    pub fn anew(&self, kept: Option<Arc<Kept>>) -> Function {
        let signatures = self.signatures.clone();
        Function { signatures, kept, ..Function::new(self.module.clone(), &self.name, self.options.clone()) }
    }

    /// Its cache, with what was found there.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_deref()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn module(&self) -> &Arc<tree::Module> {
        &self.module
    }

    /// The function for arguments of these types, if it was compiled.
    pub fn known(&self, arguments: &[ItemType]) -> Option<Arc<Specialization>> {
        self.compiled().by_types.get(arguments).cloned()
    }

    /// The function for arguments of these types, compiled now if it was not yet. `result`: the type that a signature
    /// declares.
    ///
    /// # Errors
    /// Mistakes in the function; [`Error::Internal`].
    pub fn specialize(&self, arguments: &[ItemType], result: Option<&ItemType>) -> Result<Arc<Specialization>> {
        if let Some(known) = self.known(arguments) {
            return Ok(known);
        }
        // Outside the lock: other calls are not held up; two callers may compile the same one once each.
        let typed =
            with_stack(DEEP_STACK, || infer_function(&self.module, &self.name, arguments, result, &self.options))??;
        let TypedFunction { module, result, warnings } = typed;
        let arguments = arguments.to_vec();
        let new = Arc::new(Specialization {
            arguments: arguments.clone(),
            result,
            module,
            keeping: self.kept.clone().map(|kept| Keeping { kept, types: arguments.clone() }),
            interpreted: OnceLock::new(),
            #[cfg(feature = "llvm")]
            native: OnceLock::new(),
        });
        let mut compiled = self.compiled();
        let mut known = None;
        compiled.by_types.entry(arguments).and_modify(|first| known = Some(first.clone())).or_insert(new.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        compiled.all.push(new.clone());
        for warning in warnings {
            // The same place may be typed for several types.
            let same = |other: &Mistake| other.span == warning.span && other.message == warning.message;
            if !compiled.warnings.iter().any(same) {
                compiled.warnings.push(warning);
            }
        }
        Ok(new)
    }

    /// The function for arguments of these types: one of its signatures', if it has some.
    pub fn taking(&self, arguments: &[ItemType]) -> Result<Arc<Specialization>> {
        match self.signatures.is_empty() {
            true => self.specialize(arguments, None),
            false => self.among(&self.signatures, arguments),
        }
    }

    /// The signatures of its decorator.
    pub fn signatures(&self) -> &[Declared] {
        &self.signatures
    }

    /// The function for arguments of these types, where it takes declared ones alone.
    ///
    /// # Errors
    /// [`ErrorClass::Type`], in Numba's words, where no signature goes with the types, or several do as well.
    pub fn among(&self, signatures: &[Declared], arguments: &[ItemType]) -> Result<Arc<Specialization>> {
        let types = signatures.iter().map(|(types, _)| types.as_slice());
        match choice::choose(types, arguments) {
            Choice::This(number) => {
                let (types, result) = &signatures[number];
                self.specialize(types, result.as_ref())
            }
            Choice::Nothing => {
                let message = format!("No matching definition for argument type(s) {}", listed(arguments));
                Err(Error::call(message).of_class(ErrorClass::Type))
            }
            Choice::Ambiguous(numbers) => {
                let (name, file) = (&self.name, &self.module.source.name);
                let mut message =
                    format!("Ambiguous overloading for <function {name} in {file}> ({}):", listed(arguments));
                for number in numbers {
                    let (types, result) = &signatures[number];
                    let result = result.clone().or_else(|| self.known(types).map(|known| known.result.clone()));
                    let result = result.map_or(String::new(), |result| format!(" -> {result}"));
                    message += &format!("\n({}){result}", listed(types));
                }
                Err(Error::call(message).of_class(ErrorClass::Type))
            }
        }
    }

    /// All that was compiled, in order.
    pub fn specializations(&self) -> Vec<Arc<Specialization>> {
        self.compiled().all.clone()
    }

    /// What there is to warn of in what was compiled so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.compiled().warnings.iter().cloned().map(Warning).collect()
    }

    fn compiled(&self) -> MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Specialization {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Specialization({:?} -> {:?})", self.arguments, self.result)
    }
}

impl Specialization {
    /// Calls the function. On `interp` every access is checked; every other name means this machine's processor, one
    /// thread: whole functions are host code.
    ///
    /// # Errors
    /// [`Error::Fault`]: the function failed, with its place in the text. [`Error::Interrupted`].
    pub fn call(&self, target: DeviceName, arguments: &[Passed]) -> Result<Returned> {
        let mut slots = Vec::with_capacity(arguments.len());
        if arguments.len() != self.arguments.len() {
            let message = format!("{} arguments given for {}", arguments.len(), self.arguments.len());
            return Err(Error::Internal(message));
        }
        for (argument, to) in arguments.iter().zip(&self.arguments) {
            argument.flatten(to, &mut slots)?;
        }
        interrupt::check()?;
        let pieces = match target {
            #[cfg(feature = "llvm")]
            target if target != DeviceName::Interp => compiled::call(&self.module, self.native()?, &slots)?,
            _ => interpreted::call(&self.module, self.interpreted()?, &slots)?,
        };
        Returned::assemble(&self.result, &mut pieces.into_iter())
    }

    /// Compiles it for a target, if that was not done yet.
    pub fn prepare(&self, target: DeviceName) -> Result<()> {
        match target {
            #[cfg(feature = "llvm")]
            target if target != DeviceName::Interp => self.native().map(|_| ()),
            _ => self.interpreted().map(|_| ()),
        }
    }

    /// The function in a form that this machine's processor has: `Emit::Ir`, `Emit::Llvm`, `Emit::Asm`.
    ///
    /// # Errors
    /// Other forms; a build without LLVM.
    pub fn text(&self, form: Emit) -> Result<String> {
        match form {
            Emit::Ir => Ok(self.module.to_string()),
            #[cfg(feature = "llvm")]
            Emit::Llvm | Emit::Asm => {
                use numbra_codegen::llvm::{Emit as Text, NativeOptions};
                let form = if form == Emit::Asm { Text::Assembly } else { Text::Optimized };
                with_stack(DEEP_STACK, || NativeFunction::text(&self.module, &NativeOptions::default(), form))?
            }
            _ => Err(Error::call_with_help(
                "whole functions run on the host's processor: there is no such form of them here",
                "their forms are ir, llvm and asm",
            )),
        }
    }

    /// The native code, compiled now if it was not yet.
    #[cfg(feature = "llvm")]
    pub fn native(&self) -> Result<&NativeFunction> {
        if let Some(function) = self.native.get() {
            return Ok(function);
        }
        // Two callers may compile the same one once each.
        let options = numbra_codegen::llvm::NativeOptions::default();
        let compile = || match &self.keeping {
            None => NativeFunction::compile(&self.module, &options),
            Some(keeping) => NativeFunction::compile_kept(&self.module, &options, keeping),
        };
        let function = with_stack(DEEP_STACK, compile)??;
        Ok(self.native.get_or_init(|| function))
    }

    /// The function's text with the types of its expressions.
    pub fn annotated(&self) -> String {
        annotate::annotated(self)
    }

    fn interpreted(&self) -> Result<&InterpretedProgram> {
        if let Some(program) = self.interpreted.get() {
            return Ok(program);
        }
        let program = InterpretedProgram::new(&self.module)?;
        Ok(self.interpreted.get_or_init(|| program))
    }
}

/// Where functions that call each other too deeply fail: some place in their text.
fn too_deep(name: &str, span: Span) -> Site {
    let message = format!("maximum recursion depth exceeded in '{name}'");
    Site { fault: Fault::Recursion, message, told: Vec::new(), span, source: None }
}

fn listed(types: &[ItemType]) -> String {
    let texts: Vec<String> = types.iter().map(ItemType::to_string).collect();
    texts.join(", ")
}
