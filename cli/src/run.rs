//! `numbra run`: a kernel of a file, on arrays of files, on a device.

use crate::arguments::{RunArguments, Setting};
use crate::failure::Failure;
use crate::load::load;
use crate::picture;
use crate::progress::Progress;
use numbra::array::{HostArray, npy, shape_text};
use numbra::device::{self, Device, DeviceName};
use numbra::front::source::{Source, Span};
use numbra::front::syntax::declaration::Declaration;
use numbra::front::types::ScalarType;
use numbra::{Error, Input, Kernel};
use std::sync::Arc;

pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    let (kernel, source) = load(&arguments.kernel)?;
    let (parameters, declaration) = match &kernel {
        Kernel::Vectorize(kernel) => (kernel.parameters(), kernel.declaration()),
        Kernel::Stencil(kernel) => (kernel.parameters(), kernel.declaration()),
    };
    let inputs = inputs(&arguments.kernel.kernel, &parameters, &arguments.set)?;
    let device = choose_device(arguments.device.as_deref(), declaration)?;
    let result = match &kernel {
        Kernel::Vectorize(_) if arguments.steps != 1 => {
            return Err(Failure::message(format!(
                "--steps is for stencils; '{}' is vectorized\n  help: leave --steps out",
                arguments.kernel.kernel
            )));
        }
        Kernel::Vectorize(kernel) => kernel.call(&device, &inputs),
        Kernel::Stencil(kernel) => {
            let mut progress = Progress::new(kernel.name(), arguments.steps);
            kernel.iterate(&device, &inputs, arguments.steps, &mut |done| progress.at(done))
        }
    };
    let result = result.map_err(|error| placed(error, &source))?;
    println!("{}", summary(&result));
    if let Some(path) = &arguments.output {
        npy::write(path, &result.view()).map_err(|error| Failure::file(path, &error))?;
    }
    if let Some(path) = &arguments.plot {
        picture::field(path, &result)?;
    }
    Ok(())
}

/// `--device` overrides the decorator's target, NUMBRA_TARGET overrides both.
fn choose_device(option: Option<&str>, declaration: &Declaration) -> Result<Arc<dyn Device>, Failure> {
    let name = match (device::target_from_environment()?, option, &declaration.target) {
        (Some(name), _, _) => name,
        (None, Some(text), _) => text.parse()?,
        (None, None, Some((text, _))) => text.parse()?,
        (None, None, None) => DeviceName::Cpu,
    };
    Ok(device::open(name)?)
}

fn inputs(kernel: &str, parameters: &[&str], settings: &[(String, Setting)]) -> Result<Vec<Input>, Failure> {
    let known = || format!("the parameters of '{kernel}' are: {}", parameters.join(", "));
    for (number, (name, _)) in settings.iter().enumerate() {
        if !parameters.contains(&name.as_str()) {
            return Err(Failure::message(format!("'{kernel}' has no parameter '{name}'\n  help: {}", known())));
        }
        if settings[..number].iter().any(|(earlier, _)| earlier == name) {
            return Err(Failure::message(format!("'{name}' is set twice\n  help: give each parameter one --set")));
        }
    }
    let missing: Vec<&str> =
        parameters.iter().filter(|parameter| settings.iter().all(|(name, _)| name != *parameter)).copied().collect();
    if let Some(first) = missing.first() {
        let message = format!("no value for '{}'", missing.join("', '"));
        let help = format!("add --set {first}=VALUE or --set {first}=FILE.npy; {}", known());
        return Err(Failure::message(format!("{message}\n  help: {help}")));
    }
    let setting = |parameter: &&str| settings.iter().find(|(name, _)| name == parameter).map(|(_, setting)| setting);
    parameters
        .iter()
        .filter_map(setting)
        .map(|setting| match setting {
            Setting::Scalar(constant) => Ok(Input::Scalar(*constant)),
            Setting::File(path) => {
                let array = npy::read(path).map_err(|error| Failure::file(path, &error))?;
                Ok(Input::Host(Arc::new(array)))
            }
        })
        .collect()
}

/// Errors of a call without a place of their own point at the kernel.
fn placed(error: Error, _: &(Arc<Source>, Span)) -> Failure {
    error.into()
}

/// dtype, shape and range of a result; the value itself if it is a single one.
fn summary(result: &HostArray) -> String {
    let values = picture::to_f64(result);
    if result.rank() == 0 {
        return match (result.scalar(), values.first()) {
            (ScalarType::Bool, Some(value)) => if *value != 0.0 { "True" } else { "False" }.to_string(),
            (scalar, Some(value)) if scalar.is_float() => format!("{value:?}"),
            _ => result.view().text(),
        };
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut text = format!("{} {}", result.scalar(), shape_text(result.shape()));
    if low <= high {
        text += &format!(", from {low} to {high}");
    }
    let nans = values.iter().filter(|value| value.is_nan()).count();
    if nans > 0 {
        text += &format!(", {nans} NaN");
    }
    text
}
