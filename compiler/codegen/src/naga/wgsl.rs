//! WGSL text. What goes out has been read back by naga's front end and validated again.

use super::validate::validate;
use crate::{Error, Manifest, Result};
use naga::back::wgsl::{WriterFlags, write_string};
use naga::valid::ModuleInfo;
use numbra_front::capabilities::Capabilities;

pub fn write(module: &naga::Module, info: &ModuleInfo, capabilities: &Capabilities) -> Result<String> {
    let text = write_string(module, info, WriterFlags::empty())
        .map_err(|error| Error::internal("naga's WGSL writer", error.to_string()))?;
    let again = naga::front::wgsl::parse_str(&text)
        .map_err(|error| Error::internal("naga's WGSL reader", error.emit_to_string(&text)))?;
    validate(&again, capabilities)?;
    Ok(text)
}

/// Comments in front of a kernel's text that give what cannot be seen in it: the words of its constant tables, for
/// whoever binds them elsewhere. Empty if it has none.
pub fn tables_note(manifest: &Manifest) -> String {
    let words = &manifest.tables;
    if words.is_empty() {
        return String::new();
    }
    // Arrays, parameters and the status record come before.
    let binding = manifest.storage_buffers();
    let mut note =
        format!("// @binding({binding}) tables: a read-only buffer of these {} words (hexadecimal):\n", words.len());
    for line in words.chunks(8) {
        let line: Vec<String> = line.iter().map(|word| format!("{word:08x}")).collect();
        note.push_str(&format!("// {}\n", line.join(" ")));
    }
    note
}
