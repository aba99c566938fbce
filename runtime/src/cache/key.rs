//! What machine code depends on.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The letters of a function's name that stand in a file's.
const LETTERS: usize = 40;

/// The hash of everything that code depends on, with a name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: String,
    hash: [u8; 32],
}

impl Key {
    /// `name`: what people call it. `parts`: all that the code depends on; their order and their number tell them apart.
    pub fn new<'a>(name: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let name = name.chars().take(LETTERS).map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
        Key { name: name.collect(), hash: hasher.finalize().into() }
    }

    /// Of native code for a module that was lowered: its IR, the processor and the system, the compilers.
    ///
    /// The text of functions and the bits of tables are everything that code is made of (docs/ir.md); of the messages of failures it has the
    /// words, and of the program's text nothing, so that a function that moves to other lines is found again.
    #[cfg(feature = "llvm")]
    pub fn native(module: &numbra_front::ir::Module, options: &numbra_codegen::llvm::NativeOptions) -> Key {
        use numbra_codegen::llvm::{NativeOptions, triple, version};
        let NativeOptions { cpu, vector_width } = options;
        let name = module.functions.first().map_or("", |function| function.name.as_str());
        let mut parts: Vec<Vec<u8>> = [
            concat!("numbra ", env!("CARGO_PKG_VERSION"), " ", env!("NUMBRA_BUILD")).to_string(),
            format!("{}, LLVM {:?}", numbra_codegen::VERSION, version()),
            triple().to_string(),
            cpu.name.clone(),
            cpu.features.clone(),
            format!("{vector_width:?}"),
            format!("{} tables", module.tables.len()),
        ]
        .map(String::into_bytes)
        .into();
        // Functions name tables by their numbers. A table may have millions of entries: too many to be written out as text.
        for table in &module.tables {
            parts.push(format!("{} {}", table.scalar, table.name).into_bytes());
            parts.push(table.entries.iter().flat_map(|entry| entry.to_le_bytes()).collect());
        }
        parts.extend(module.functions.iter().map(|function| function.to_string().into_bytes()));
        Key::new(name, parts.iter().map(Vec::as_slice))
    }

    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Of the entry's file.
    pub(super) fn file_name(&self) -> String {
        let mut file_name = format!("{}-", self.name);
        for byte in self.hash {
            let _ = write!(file_name, "{byte:02x}");
        }
        file_name + super::entry::ENDING
    }
}
