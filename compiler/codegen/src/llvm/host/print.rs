//! `print`.

use super::super::backend_error;
use super::super::lower::{Lowering, malformed};
use super::HostContext;
use crate::error::Result;
use inkwell::values::{BasicValueEnum, IntValue};
use numbra_front::ir::{Argument, SiteId};
use std::mem::offset_of;

impl<'ctx> Lowering<'ctx, '_> {
    /// Calls the runtime with what fills the site's places.
    pub fn print(&mut self, site: SiteId, items: &[Argument]) -> Result<()> {
        let mut words: Vec<BasicValueEnum> = Vec::new();
        for item in items {
            match item {
                Argument::Value(value) => words.push(self.bits_of(*value)?.into()),
                Argument::Array(array) => words.extend(self.array(*array)?.words()),
            }
        }
        let place = self.entry_memory(8 * words.len().max(1) as u64, "printed")?;
        let int64 = self.context.i64_type();
        for (number, word) in words.into_iter().enumerate() {
            let offset = int64.const_int(8 * number as u64, false);
            // In bounds: there is room for all words.
            let at = unsafe { self.builder.build_in_bounds_gep(self.context.i8_type(), place, &[offset], "") };
            self.builder.build_store(at.map_err(backend_error)?, word).map_err(backend_error)?;
        }
        let int32 = self.context.i32_type();
        let number = |number: u32| -> IntValue<'ctx> { int32.const_int(number.into(), false) };
        let arguments = [number(self.frame()?.number).into(), number(site.0).into(), place.into()];
        let status = self.callback(offset_of!(HostContext, print), Some(int32.into()), &arguments)?;
        let status = status.ok_or_else(|| malformed("a callback without a status"))?.into_int_value();
        self.leave_unless_done(status)
    }
}
