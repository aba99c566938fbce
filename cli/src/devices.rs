//! `numbra devices`: what is here and what it can do, and why what is absent is absent.

use crate::failure::Failure;
use crate::output;
use numbra::device::{self, Device};
use numbra::front::types::ScalarType;

pub fn run() -> Result<(), Failure> {
    for (name, device) in device::list() {
        match device {
            Ok(device) => {
                output::line(format_args!("{}: {}", device.name(), device.description()))?;
                output::line(format_args!("  dtypes: {}", dtypes(device.as_ref())))?;
                for (what, limit) in device.limits() {
                    output::line(format_args!("  {what}: {limit}"))?;
                }
            }
            Err(error) => {
                output::line(format_args!("{name}: not here"))?;
                let error = error.to_string();
                error.lines().try_for_each(|line| output::line(format_args!("  {}", line.trim())))?;
            }
        }
    }
    match device::auto() {
        Ok(device) => output::line(format_args!("auto: {}", device.name())),
        Err(error) => output::line(format_args!("auto: {error}")),
    }
}

fn dtypes(device: &dyn Device) -> String {
    let capabilities = device.target().capabilities;
    let has = |scalar: &ScalarType| match scalar {
        ScalarType::F64 => capabilities.float64,
        ScalarType::I64 | ScalarType::U64 => capabilities.int64,
        _ => true,
    };
    let (here, missing): (Vec<ScalarType>, Vec<ScalarType>) = ScalarType::ALL.into_iter().partition(has);
    let names = |scalars: &[ScalarType]| scalars.iter().map(|scalar| scalar.name()).collect::<Vec<_>>().join(" ");
    if missing.is_empty() { names(&here) } else { format!("{} (not {})", names(&here), names(&missing)) }
}
