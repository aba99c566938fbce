//! Whole functions as native code.

use super::context::{ThreadContext, with_context};
use super::{too_deep, watchdog};
use crate::array::BorrowedArray;
use crate::cache::{Keeping, Key};
use crate::error::{Error, Fault, Result};
use crate::print::print;
use numbra_codegen::Artefact;
use numbra_codegen::llvm::host::{self, HostFailure, NO_SITE};
use numbra_codegen::llvm::{self, Emit, NativeOptions, compile_host, compiled_host, has_fma, host_text};
use numbra_front::capabilities::Capabilities;
use numbra_front::interp::{Printed, PrintedArray};
use numbra_front::ir::told::Place;
use numbra_front::ir::{self, Kind, Module, Parameter, Site};
use numbra_front::pipeline;
use numbra_front::source::{Source, Span};
use numbra_front::types::Constant;
use std::sync::Arc;

/// A whole function, and those that it calls, ready to be called from any thread.
pub struct NativeFunction {
    code: llvm::NativeFunction,
    places: Vec<Places>,
    /// Words of the arguments and of the results.
    words: (usize, usize),
    /// Some function prints.
    prints: bool,
}

/// Where a function can fail.
#[derive(Debug, Clone)]
struct Places {
    name: String,
    sites: Vec<Site>,
    source: Option<Arc<Source>>,
    /// Some place in its text.
    span: Span,
}

impl std::fmt::Debug for NativeFunction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "NativeFunction({:?} words)", self.words)
    }
}

impl NativeFunction {
    /// Compiles the first function of a typed module (form `Function`), and what it calls, for this machine.
    pub fn compile(module: &Module, options: &NativeOptions) -> Result<NativeFunction> {
        let lowered = lower(module, options)?;
        NativeFunction::load(&compile_host(&lowered, options)?, &lowered)
    }

    /// The same with code that is kept on disk, or is from now on.
    pub fn compile_kept(module: &Module, options: &NativeOptions, keeping: &Keeping) -> Result<NativeFunction> {
        let lowered = lower(module, options)?;
        let load = |code| NativeFunction::load(&compiled_host(&lowered, code)?, &lowered);
        let compile = || Ok(compile_host(&lowered, options)?.bytes);
        let (function, found) = keeping.cache().get(&Key::native(&lowered, options), load, compile)?;
        keeping.note(found);
        Ok(function)
    }

    /// Loads what [`compile_host`] has made of a lowered module.
    pub fn load(artefact: &Artefact, lowered: &Module) -> Result<NativeFunction> {
        let first = lowered.functions.first().ok_or_else(|| Error::Internal("a module without functions".into()))?;
        let array = |rank: u32| 2 + 2 * rank as usize;
        let parameter = |parameter: &Parameter| match parameter {
            Parameter::Scalar { .. } => 1,
            Parameter::Array(id) => array(first.arrays[id.index()].rank),
        };
        let result = |kind: &Kind| kind.array().map_or(1, |kind| array(kind.rank()));
        let words = (first.parameters.iter().map(parameter).sum(), first.results.iter().map(result).sum());
        let places = lowered.functions.iter().map(|function| Places {
            name: function.name.clone(),
            sites: function.sites.clone(),
            source: function.source.clone(),
            span: function.values.iter().map(|info| info.span).find(|span| *span != Span::NONE).unwrap_or(Span::NONE),
        });
        let places: Vec<Places> = places.collect();
        let prints = places.iter().any(|places| places.sites.iter().any(|site| site.fault == ir::Fault::Printed));
        Ok(NativeFunction { code: llvm::NativeFunction::load(artefact)?, places, words, prints })
    }

    /// Prints what a site describes.
    ///
    /// # Safety
    /// `words` must be what fills its places, with arrays that are there.
    pub(super) unsafe fn print(&self, function: u32, site: u32, mut words: *const u64) {
        let site = self.places.get(function as usize).and_then(|places| places.sites.get(site as usize));
        let Some(site) = site else { return };
        // SAFETY: as many words as the places take.
        let mut next = || unsafe {
            let word = *words;
            words = words.add(1);
            word
        };
        let (mut payloads, mut arrays) = (Vec::new(), Vec::new());
        for place in site.places() {
            match place {
                Place::Scalar(scalar) => payloads.push(Constant { scalar, bits: next() }),
                Place::Array(scalar, rank) => {
                    let (_owner, address) = (next(), next() as *mut u8);
                    let shape: Vec<usize> = (0..rank).map(|_| next() as usize).collect();
                    let strides: Vec<isize> = (0..rank).map(|_| next() as isize).collect();
                    // SAFETY: the caller's promise.
                    let array = unsafe { BorrowedArray::new(scalar, address, &shape, &strides) };
                    let view = array.as_ref().ok().and_then(|array| array.view().ok());
                    let elements = view.map_or(Vec::new(), |view| view.iter().map(|element| element.bits).collect());
                    arrays.push(PrintedArray { scalar, shape, elements });
                }
            }
        }
        print(&Printed { objects: site.objects(&mut payloads.into_iter()), arrays });
    }

    /// The code as text.
    pub fn text(module: &Module, options: &NativeOptions, what: Emit) -> Result<String> {
        Ok(host_text(&lower(module, options)?, options, what)?)
    }

    /// How many words the arguments are: one for a scalar, its bits as in [`Constant::bits`]; for an array its owner (see
    /// [`super::Borrowed::word`]; 0: nobody counts), the address of its first element, its extents, its strides in elements.
    pub fn argument_words(&self) -> usize {
        self.words.0
    }

    /// How many words the results are, of the same kinds. Every array comes with a reference to its memory: see
    /// [`super::Owned::from_word`].
    pub fn result_words(&self) -> usize {
        self.words.1
    }

    /// Calls the function.
    ///
    /// # Errors
    /// [`Error::Fault`] for what the function raises, with its place in the text (or [`Error::Call`] where there is no
    /// text); [`Error::Interrupted`] when [`crate::interrupt::interruptible`] says so. Nothing is written to
    /// `results` then, and the function has kept no memory.
    ///
    /// # Safety
    /// The words must be as many and as they are said to be; arrays must be aligned to their elements and be as the
    /// parameters' types say. No other thread may write what the function reads or writes while it runs, and the
    /// owners among the arguments must be this thread's alone until then.
    pub unsafe fn call(&self, arguments: &[u64], results: &mut [u64]) -> Result<()> {
        if (arguments.len(), results.len()) != self.words {
            let (taken, given) = self.words;
            return Err(Error::Internal(format!("a function takes {taken} words and gives {given}")));
        }
        with_context(|context| {
            context.set_limit();
            let _printing = self.prints.then(|| context.prints_from(self));
            // SAFETY: the caller's promise; the context is this thread's.
            let call = || unsafe { self.code.call(context.pointer(), arguments, results) };
            match watchdog::reminded(context, call) {
                host::DONE => Ok(()),
                host::INTERRUPTED => Err(Error::Interrupted),
                host::FAILED => Err(self.error(context)),
                other => Err(Error::Internal(format!("a function gave the status {other}"))),
            }
        })
    }

    #[cold]
    fn error(&self, context: &ThreadContext) -> Error {
        let HostFailure { function, site, payload_count, payload_types, payloads } = context.failure();
        let Some(places) = self.places.get(function as usize) else {
            return Error::Internal(format!("the function number {function} failed, which there is not"));
        };
        match places.sites.get(site as usize) {
            Some(site) => {
                let payloads = payload_types.into_iter().zip(payloads).take(payload_count as usize);
                let payloads: Vec<Constant> = payloads
                    .filter_map(|(number, bits)| Some(Constant { scalar: host::payload_type(number)?, bits }))
                    .collect();
                Fault::at(site, &payloads, Some(&places.name), places.source.as_ref())
            }
            None if site == NO_SITE => {
                Fault::at(&too_deep(&places.name, places.span), &[], Some(&places.name), places.source.as_ref())
            }
            None => Error::Internal(format!("'{}' failed at a place that it does not have", places.name)),
        }
    }
}

/// What the native host gets.
fn lower(module: &Module, options: &NativeOptions) -> Result<Module> {
    let capabilities = Capabilities::llvm("cpu", has_fma(&options.cpu));
    Ok(pipeline::lower_host(module.clone(), &capabilities, &mut |_, _| Ok(()))?)
}
