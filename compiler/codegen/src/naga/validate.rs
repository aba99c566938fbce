//! naga's validator, told exactly what the device has.

use crate::{Error, Result};
use naga::valid::{Capabilities as NagaCapabilities, ModuleInfo, ValidationFlags, Validator};
use numbra_front::capabilities::Capabilities;

pub fn validate(module: &naga::Module, capabilities: &Capabilities) -> Result<ModuleInfo> {
    let mut allowed = NagaCapabilities::empty();
    allowed.set(NagaCapabilities::FLOAT64, capabilities.float64);
    allowed.set(NagaCapabilities::SHADER_INT64, capabilities.int64);
    Validator::new(ValidationFlags::all(), allowed)
        .validate(module)
        .map_err(|error| Error::internal("naga's validator", error.emit_to_string("").trim()))
}
