//! Native objects made callable: plain ones as an [`Image`], all others by LLVM's ORC.
//!
//! Of ORC one `LLJIT` serves the process. Each kernel has a library of its own in it, so that names never clash; the library
//! is emptied when the kernel is dropped, and used again.

use super::host::{HostContext, HostEntry};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use super::image::Image;
use super::machine::initialize;
use super::native::Entry;
use super::{Status, backend_error};
use crate::artefact::{Artefact, ArtefactKind};
use crate::error::{Error, Result};
use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage};
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

/// A loaded Range kernel. Dropping it frees its code: keep it behind an `Arc` where threads call it.
pub struct NativeKernel {
    code: Code,
    entry: Entry,
}

impl NativeKernel {
    /// Loads what `compile_native` made, now or in another process on a machine of the same kind.
    pub fn load(artefact: &Artefact) -> Result<NativeKernel> {
        let code = Code::load(artefact)?;
        // SAFETY: the symbol is the entry of a Range kernel, and has this type.
        let entry = unsafe { std::mem::transmute::<*const (), Entry>(code.address) };
        Ok(NativeKernel { code, entry })
    }

    /// Runs the kernel. `parameters` are bits as in [`numbra_front::types::Constant::bits`].
    ///
    /// # Safety
    /// `buffers` and `parameters` must be as the manifest says, every element that the kernel touches must be there
    /// and aligned, and no other thread may write what this call reads or writes.
    pub unsafe fn call(&self, buffers: &[*mut u8], parameters: &[u64], status: &mut Status) {
        debug_assert_eq!((buffers.len(), parameters.len()), self.code.arity);
        unsafe { (self.entry)(buffers.as_ptr(), parameters.as_ptr(), status) }
    }
}

/// A loaded whole function. Dropping it frees its code: keep it behind an `Arc` where threads call it.
pub struct NativeFunction {
    _code: Code,
    entry: HostEntry,
}

impl NativeFunction {
    /// Loads what `compile_host` made, now or in another process on a machine of the same kind.
    pub fn load(artefact: &Artefact) -> Result<NativeFunction> {
        let code = Code::load(artefact)?;
        // SAFETY: the symbol is the entry of a whole function, and has this type.
        let entry = unsafe { std::mem::transmute::<*const (), HostEntry>(code.address) };
        Ok(NativeFunction { _code: code, entry })
    }

    /// Calls the function: gives a status, and the results if that is [`super::host::DONE`].
    ///
    /// # Safety
    /// The artefact must be of a whole function. `arguments` and `results` must have as many words as it takes and gives,
    /// arrays must be there, as their types say, and aligned, and no other thread may write what this call reads or writes.
    /// `context` must be filled, and no other call may have it.
    pub unsafe fn call(&self, context: *mut HostContext, arguments: &[u64], results: &mut [u64]) -> i32 {
        unsafe { (self.entry)(context, arguments.as_ptr(), results.as_mut_ptr()) }
    }
}

/// Loaded code, and what holds it.
struct Code {
    _holder: Holder,
    address: *const (),
    /// Numbers of buffers and parameters.
    arity: (usize, usize),
}

/// What holds code.
enum Holder {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    Image {
        _image: Image,
    },
    Orc {
        _linked: Linked,
    },
}

/// A library that is emptied when this is dropped.
struct Linked(LLVMOrcJITDylibRef);

// SAFETY: the code is read-only once loaded, and ORC locks its session.
unsafe impl Send for Code {}
unsafe impl Sync for Code {}

impl Code {
    fn load(artefact: &Artefact) -> Result<Code> {
        if artefact.kind != ArtefactKind::Object {
            return Err(Error::internal("loader", format!("{:?} is no native object", artefact.kind)));
        }
        let (bytes, entry) = (&artefact.bytes, &artefact.manifest.entry);
        let arity = (artefact.manifest.bindings.len(), artefact.manifest.scalars.len());
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        if let Some(image) = Image::load(bytes, entry) {
            let address = image.entry();
            return Ok(Code { _holder: Holder::Image { _image: image }, address, arity });
        }
        let (linked, address) = Linked::load(bytes, entry)?;
        Ok(Code { _holder: Holder::Orc { _linked: linked }, address, arity })
    }
}

impl Linked {
    /// Links an object, and finds the address of a symbol of it.
    fn load(bytes: &[u8], entry: &str) -> Result<(Linked, *const ())> {
        let linker = Linker::get()?;
        let linked = Linked(linker.library()?);
        // From here on, dropping `linked` on an error empties the library.
        // SAFETY: the bytes are copied, and the buffer is ORC's from the call on.
        unsafe {
            let buffer =
                LLVMCreateMemoryBufferWithMemoryRangeCopy(bytes.as_ptr().cast(), bytes.len(), c"kernel".as_ptr());
            check(LLVMOrcLLJITAddObjectFile(linker.jit, linked.0, buffer))?;
        }
        let address = linker.look_up(linked.0, entry)?;
        Ok((linked, address))
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        let Ok(linker) = Linker::get() else { return };
        // SAFETY: nobody calls the code any more: whoever does holds a reference to it.
        if unsafe { check(LLVMOrcJITDylibClear(self.0)) }.is_ok() {
            linker.empty.lock().unwrap_or_else(PoisonError::into_inner).push(Library(self.0));
        }
    }
}

/// ORC's linker, for the whole life of the process.
struct Linker {
    jit: LLVMOrcLLJITRef,
    /// Libraries of kernels that are gone.
    empty: Mutex<Vec<Library>>,
    created: AtomicU64,
}

struct Library(LLVMOrcJITDylibRef);

// SAFETY: ORC locks its session; a library is only a handle.
unsafe impl Send for Library {}
unsafe impl Send for Linker {}
unsafe impl Sync for Linker {}

impl Linker {
    fn get() -> Result<&'static Linker> {
        static LINKER: OnceLock<Result<Linker>> = OnceLock::new();
        LINKER.get_or_init(Linker::create).as_ref().map_err(Clone::clone)
    }

    fn create() -> Result<Linker> {
        initialize();
        let mut jit = ptr::null_mut();
        // SAFETY: a null builder asks for the defaults: this machine, code linked on the thread that asks for it.
        unsafe { check(LLVMOrcCreateLLJIT(&mut jit, ptr::null_mut()))? };
        Ok(Linker { jit, empty: Mutex::default(), created: AtomicU64::new(0) })
    }

    /// An empty library that sees the symbols of this process: code may need `memset`, `memcpy` or `fma`.
    fn library(&self) -> Result<LLVMOrcJITDylibRef> {
        if let Some(Library(library)) = self.empty.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(library);
        }
        let name = format!("kernel {}", self.created.fetch_add(1, Ordering::Relaxed));
        let name = CString::new(name).map_err(backend_error)?;
        // SAFETY: the name is copied, and the generator is the library's from the last call on.
        unsafe {
            let session = LLVMOrcLLJITGetExecutionSession(self.jit);
            let library = LLVMOrcExecutionSessionCreateBareJITDylib(session, name.as_ptr());
            let mut generator = ptr::null_mut();
            check(LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(
                &mut generator,
                LLVMOrcLLJITGetGlobalPrefix(self.jit),
                None,
                ptr::null_mut(),
            ))?;
            LLVMOrcJITDylibAddGenerator(library, generator);
            Ok(library)
        }
    }

    /// Links what `library` holds and gives the address of `symbol`.
    fn look_up(&self, library: LLVMOrcJITDylibRef, symbol: &str) -> Result<*const ()> {
        type Answer = Result<u64>;

        extern "C" fn answer(error: LLVMErrorRef, found: LLVMOrcCSymbolMapPairs, count: usize, sender: *mut c_void) {
            // SAFETY: `sender` is the box below; ORC calls this once. `found` holds `count` pairs if there is no error.
            let (sender, answer) = unsafe {
                let answer = check(error).and_then(|()| match count {
                    1 => Ok((*found).Sym.Address),
                    _ => Err(Error::internal("loader", format!("{count} symbols for one name"))),
                });
                (Box::from_raw(sender.cast::<mpsc::Sender<Answer>>()), answer)
            };
            let _ = sender.send(answer); // the receiver waits below
        }

        let name = CString::new(symbol).map_err(backend_error)?;
        let (sender, receiver) = mpsc::channel::<Answer>();
        // SAFETY: ORC copies both lists and takes the name over.
        unsafe {
            let mut order = [LLVMOrcCJITDylibSearchOrderElement {
                JD: library,
                JDLookupFlags: LLVMOrcJITDylibLookupFlags::LLVMOrcJITDylibLookupFlagsMatchExportedSymbolsOnly,
            }];
            let mut symbols = [LLVMOrcCLookupSetElement {
                Name: LLVMOrcLLJITMangleAndIntern(self.jit, name.as_ptr()),
                LookupFlags: LLVMOrcSymbolLookupFlags::LLVMOrcSymbolLookupFlagsRequiredSymbol,
            }];
            LLVMOrcExecutionSessionLookup(
                LLVMOrcLLJITGetExecutionSession(self.jit),
                LLVMOrcLookupKind::LLVMOrcLookupKindStatic,
                order.as_mut_ptr(),
                order.len(),
                symbols.as_mut_ptr(),
                symbols.len(),
                answer,
                Box::into_raw(Box::new(sender)).cast(),
            );
        }
        let address = receiver.recv().map_err(backend_error)??;
        Ok(address as *const ())
    }
}

/// # Safety
/// `error` must come from an LLVM call and not have been looked at.
unsafe fn check(error: LLVMErrorRef) -> Result<()> {
    if error.is_null() {
        return Ok(());
    }
    unsafe {
        let message = LLVMGetErrorMessage(error);
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        Err(Error::internal("loader", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llvm::{NativeOptions, compile_host};
    use numbra_front::ir::parse::parse;

    /// Both ways of an object into memory: whoever calls it cannot tell them apart.
    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn images_and_libraries_have_the_same_code() {
        let text = "
host @squares(%n: i64) -> i64 {
  variable $i: i64
  variable $sum: i64
  %one: i64 = constant 1
  loop {
    %i: i64 = get $i
    %end: bool = ge %i, %n
    if %end {
      break
    }
    %sum: i64 = get $sum
    %square: i64 = mul %i, %i
    %more: i64 = add %sum, %square
    set $sum = %more
  } step {
    %j: i64 = get $i
    %k: i64 = add %j, %one
    set $i = %k
  }
  %result: i64 = get $sum
  return %result
}
";
        let artefact = compile_host(&parse(text).unwrap(), &NativeOptions::default()).unwrap();
        let image = Image::load(&artefact.bytes, &artefact.manifest.entry).unwrap();
        let (linked, address) = Linked::load(&artefact.bytes, &artefact.manifest.entry).unwrap();
        for address in [image.entry(), address] {
            // SAFETY: the entry of a whole function, which asks nothing of the context.
            let (status, result) = unsafe {
                let entry = std::mem::transmute::<*const (), HostEntry>(address);
                let mut result = 0;
                (entry(ptr::null_mut(), [10].as_ptr(), &mut result), result)
            };
            assert_eq!((status, result), (0, 285));
        }
        drop(linked);
        // Broken bytes are nobody's object.
        for length in 0..artefact.bytes.len() {
            let _ = Image::load(&artefact.bytes[..length], &artefact.manifest.entry);
        }
        assert!(Image::load(&artefact.bytes, "another").is_none());
    }
}
