//! Plain objects made callable without LLVM's linker.
//!
//! LLVM's linker takes a millisecond to set up, and code from the cache waits for nothing else of LLVM. What a kernel or a
//! whole function becomes is plain: code, constants, and calls of a few functions of the process (`memset`, `fma`). [`Image`]
//! places that in memory, on Linux on x86-64; whatever it does not know it leaves to LLVM's linker.
//!
//! Relocations: System V Application Binary Interface, AMD64 Architecture Processor Supplement, section 4.4.

use object::elf::SectionFlags as SectionFlag;
use object::elf::{R_X86_64_64, R_X86_64_PC32, R_X86_64_PC64, R_X86_64_PLT32, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE};
use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags, SectionIndex,
    SymbolIndex,
};
use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::ptr;

/// Sections are placed at multiples of this.
const PAGE: usize = 4096;

/// Code that jumps to the address behind it: calls reach two gigabytes far, and the process may have its functions anywhere.
const JUMP: [u8; 6] = [0xff, 0x25, 0, 0, 0, 0];
const STUB: usize = 16;

/// An object in memory, as long as this lives.
pub(super) struct Image {
    _memory: Memory,
    entry: *const (),
}

// SAFETY: the memory is read-only once it is loaded.
unsafe impl Send for Image {}
unsafe impl Sync for Image {}

impl Image {
    /// The object with the symbol `entry`; `None` if it is not plain.
    pub(super) fn load(bytes: &[u8], entry: &str) -> Option<Image> {
        let object = ElfFile64::<LittleEndian>::parse(bytes).ok()?;
        if object.architecture() != object::Architecture::X86_64 {
            return None;
        }
        let layout = Layout::of(&object)?;
        let mut memory = Memory::new(layout.bytes)?;
        for section in object.sections() {
            if let Some(&place) = layout.sections.get(&section.index()) {
                let data = section.data().ok()?;
                memory.bytes().get_mut(place..place + data.len())?.copy_from_slice(data);
            }
        }
        for (number, &target) in layout.targets.iter().enumerate() {
            let stub = memory.bytes().get_mut(layout.stubs + number * STUB..)?.get_mut(..STUB)?;
            stub[..JUMP.len()].copy_from_slice(&JUMP);
            stub[JUMP.len()..JUMP.len() + 8].copy_from_slice(&target.to_le_bytes());
        }
        for section in object.sections() {
            let Some(&place) = layout.sections.get(&section.index()) else { continue };
            for (offset, relocation) in section.relocations() {
                let at = place.checked_add(usize::try_from(offset).ok()?)?;
                let target = layout.target(&object, &relocation)?;
                relocate(&mut memory, at, target, &relocation)?;
            }
        }
        let symbol = object.symbols().find(|symbol| symbol.name() == Ok(entry) && symbol.is_definition())?;
        let place = *layout.sections.get(&symbol.section_index()?)? + usize::try_from(symbol.address()).ok()?;
        if place >= layout.code {
            return None;
        }
        memory.protect(layout.code)?;
        let entry = memory.address.wrapping_add(place).cast_const().cast();
        Some(Image { _memory: memory, entry })
    }

    pub(super) fn entry(&self) -> *const () {
        self.entry
    }
}

/// Where everything goes: code, the stubs behind it, and from a new page on the constants.
struct Layout {
    sections: HashMap<SectionIndex, usize>,
    /// The stub of each function of the process that is called.
    calls: HashMap<SymbolIndex, usize>,
    /// The addresses of these functions, in the order of the stubs.
    targets: Vec<u64>,
    stubs: usize,
    /// Bytes of code, whole pages.
    code: usize,
    bytes: usize,
}

type Elf<'data> = ElfFile64<'data, LittleEndian>;

impl Layout {
    fn of(object: &Elf) -> Option<Layout> {
        let mut layout = Layout {
            sections: HashMap::new(),
            calls: HashMap::new(),
            targets: Vec::new(),
            stubs: 0,
            code: 0,
            bytes: 0,
        };
        let mut next = 0;
        layout.place(object, true, &mut next)?;
        next = next.checked_next_multiple_of(STUB)?;
        layout.stubs = next;
        for symbol in object.symbols().filter(|symbol| symbol.is_undefined()) {
            let name = symbol.name().ok()?;
            layout.calls.insert(symbol.index(), next);
            layout.targets.push(address_of(name)?);
            next += STUB;
        }
        layout.code = next.checked_next_multiple_of(PAGE)?;
        next = layout.code;
        layout.place(object, false, &mut next)?;
        layout.bytes = next.checked_next_multiple_of(PAGE)?;
        Some(layout)
    }

    /// Places the sections with code, or those without.
    fn place(&mut self, object: &Elf, code: bool, next: &mut usize) -> Option<()> {
        for section in object.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
            let has = |flag: SectionFlag| sh_flags.0 & flag.0 != 0;
            if !has(SHF_ALLOC) || section.size() == 0 || has(SHF_EXECINSTR) != code {
                continue;
            }
            let align = usize::try_from(section.align()).ok()?.max(1);
            if has(SHF_WRITE) || !align.is_power_of_two() || align > PAGE {
                return None;
            }
            *next = next.checked_next_multiple_of(align)?;
            self.sections.insert(section.index(), *next);
            *next = next.checked_add(usize::try_from(section.size()).ok()?)?;
        }
        Some(())
    }

    /// The place that a relocation refers to.
    fn target(&self, object: &Elf, relocation: &object::Relocation) -> Option<usize> {
        match relocation.target() {
            RelocationTarget::Symbol(index) => {
                if let Some(&stub) = self.calls.get(&index) {
                    // Where more than a call is meant, the function's own address is.
                    let is_call = matches!(relocation.flags(), RelocationFlags::Elf { r_type: R_X86_64_PLT32 });
                    return is_call.then_some(stub);
                }
                let symbol = object.symbol_by_index(index).ok()?;
                let section = *self.sections.get(&symbol.section_index()?)?;
                section.checked_add(usize::try_from(symbol.address()).ok()?)
            }
            RelocationTarget::Section(index) => self.sections.get(&index).copied(),
            _ => None,
        }
    }
}

/// Writes what the relocation asks for.
fn relocate(memory: &mut Memory, at: usize, target: usize, relocation: &object::Relocation) -> Option<()> {
    let RelocationFlags::Elf { r_type } = relocation.flags() else { return None };
    if relocation.has_implicit_addend() {
        return None;
    }
    let absolute = (memory.address as usize).wrapping_add(target) as i64;
    let distance = target as i64 - at as i64;
    let bytes = memory.bytes().get_mut(at..)?;
    let mut put = |value: &[u8]| {
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        Some(())
    };
    match r_type {
        R_X86_64_64 => put(&absolute.wrapping_add(relocation.addend()).to_le_bytes()),
        R_X86_64_PC64 => put(&distance.checked_add(relocation.addend())?.to_le_bytes()),
        R_X86_64_PC32 | R_X86_64_PLT32 => {
            put(&i32::try_from(distance.checked_add(relocation.addend())?).ok()?.to_le_bytes())
        }
        _ => None,
    }
}

/// The address of a function of this process.
fn address_of(name: &str) -> Option<u64> {
    let name = CString::new(name).ok()?;
    // SAFETY: a string that ends in 0; the handle means all that is loaded.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address as u64)
}

/// Pages of memory.
struct Memory {
    address: *mut u8,
    bytes: usize,
}

impl Memory {
    /// Zeroed pages that can be written.
    fn new(bytes: usize) -> Option<Memory> {
        if bytes == 0 {
            return None;
        }
        // SAFETY: new pages, wherever there is room.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        (address != libc::MAP_FAILED).then_some(Memory { address: address.cast(), bytes })
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the pages are this value's, zeroed at first, and can be written until `protect`.
        unsafe { std::slice::from_raw_parts_mut(self.address, self.bytes) }
    }

    /// From now on the first `code` bytes can be run and the rest read.
    fn protect(&mut self, code: usize) -> Option<()> {
        let protect = |address: *mut c_void, bytes: usize, how| {
            // SAFETY: pages of this value, to which nobody has a reference.
            bytes == 0 || unsafe { libc::mprotect(address, bytes, how) } == 0
        };
        let (start, rest) = (self.address.cast::<c_void>(), self.address.wrapping_add(code).cast());
        let done = protect(start, code, libc::PROT_READ | libc::PROT_EXEC)
            && protect(rest, self.bytes - code, libc::PROT_READ);
        done.then_some(())
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the pages are this value's; who runs code in them holds a reference to it.
        unsafe { libc::munmap(self.address.cast(), self.bytes) };
    }
}
