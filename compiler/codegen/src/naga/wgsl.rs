//! WGSL text. What goes out has been read back by naga's front end and validated again.

use super::validate::validate;
use crate::{Error, Result};
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
