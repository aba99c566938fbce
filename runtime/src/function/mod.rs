//! Whole functions (`jit`): compiled for the types of their arguments when they are first called with such, and run on the
//! host.
//!
//! * [`Function`]: a function of a text, and what it was compiled for; [`choice`] has the rules where it has signatures;
//! * [`passed`]: arguments and their types; [`returned`]: results;
//! * `interpreted`: the interpreter runs it; `compiled`: the processor does, by [`native`] code;
//! * [`memory`]: what native code allocates, and who counts references; `context`: what it asks of the runtime while it
//!   runs; `watchdog`: who tells it to look up from its work.

pub mod choice;
#[cfg(feature = "llvm")]
mod compiled;
#[cfg(feature = "llvm")]
mod context;
mod interpreted;
#[cfg(feature = "llvm")]
pub mod memory;
#[cfg(feature = "llvm")]
pub mod native;
pub mod passed;
pub mod returned;
#[cfg(feature = "llvm")]
mod watchdog;

use crate::error::{Error, Result};
use crate::interrupt;
use choice::Choice;
#[cfg(feature = "llvm")]
pub use memory::{Borrowed, Owned};
#[cfg(feature = "llvm")]
pub use native::NativeFunction;
use numbra_front::error::{ErrorClass, Mistake, Warning};
use numbra_front::interp::InterpretedProgram;
use numbra_front::ir::Module;
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
#[derive(Debug)]
pub struct Specialization {
    pub arguments: Vec<ItemType>,
    pub result: ItemType,
    /// As typing leaves it.
    pub module: Module,
    interpreted: OnceLock<InterpretedProgram>,
    #[cfg(feature = "llvm")]
    native: OnceLock<NativeFunction>,
}

impl Function {
    /// The function of that name, of a module that has it.
    pub fn new(module: Arc<tree::Module>, name: &str, options: FunctionOptions) -> Function {
        Function { module, name: name.to_string(), options, compiled: Mutex::default() }
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
                let known: Vec<String> = signatures.iter().map(|(types, _)| format!("({})", listed(types))).collect();
                let help = format!("'{}' was declared for: {}", self.name, known.join("; "));
                Err(Error::call_with_help(message, help).of_class(ErrorClass::Type))
            }
            Choice::Ambiguous(numbers) => {
                let mut message = format!("Ambiguous overloading for {} ({}):", self.name, listed(arguments));
                for number in numbers {
                    let (types, result) = &signatures[number];
                    let result = result.as_ref().map_or(String::new(), |result| format!(" -> {result}"));
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
        let pieces = self.run(target, &slots)?;
        Returned::assemble(&self.result, &mut pieces.into_iter())
    }

    #[cfg(feature = "llvm")]
    fn run(&self, target: DeviceName, slots: &[passed::Slot]) -> Result<Vec<returned::Piece>> {
        match target {
            DeviceName::Interp => interpreted::call(&self.module, self.interpreted()?, slots),
            _ => compiled::call(&self.module, self.native()?, slots),
        }
    }

    /// Without LLVM the interpreter is all there is.
    #[cfg(not(feature = "llvm"))]
    fn run(&self, _: DeviceName, slots: &[passed::Slot]) -> Result<Vec<returned::Piece>> {
        interpreted::call(&self.module, self.interpreted()?, slots)
    }

    #[cfg(feature = "llvm")]
    fn native(&self) -> Result<&NativeFunction> {
        if let Some(code) = self.native.get() {
            return Ok(code);
        }
        let code = NativeFunction::compile(&self.module, &Default::default())?;
        Ok(self.native.get_or_init(|| code))
    }

    fn interpreted(&self) -> Result<&InterpretedProgram> {
        if let Some(program) = self.interpreted.get() {
            return Ok(program);
        }
        let program = InterpretedProgram::new(&self.module)?;
        Ok(self.interpreted.get_or_init(|| program))
    }
}

fn listed(types: &[ItemType]) -> String {
    let texts: Vec<String> = types.iter().map(ItemType::to_string).collect();
    texts.join(", ")
}
