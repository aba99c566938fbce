//! `numbra run`: a kernel of a file, or a whole function, on arrays of files, on a device.

use crate::arguments::{Run, Setting, Value};
use crate::failure::Failure;
use crate::function;
use crate::load::program;
use crate::output;
use crate::picture::{self, ColorMap};
use crate::progress::Progress;
use numbra::array::{HostArray, npy, shape_text};
use numbra::cache::{Cache, Kept};
use numbra::device::{self, Device, DeviceName};
use numbra::front::declaration::Declaration;
use numbra::front::types::{Constant, ScalarType};
use numbra::{Input, Kernel};
use std::sync::Arc;

pub fn run(arguments: &Run) -> Result<(), Failure> {
    let program = program(&arguments.kernel)?;
    if function::is_whole(&program, &arguments.kernel.name) {
        return function::run(&program, arguments);
    }
    let kernel = program.kernel(&arguments.kernel.name)?;
    let kernel = if arguments.cache { kernel.kept_in(Kept::new(Cache::standard()?)) } else { kernel };
    let (parameters, declaration) = match &kernel {
        Kernel::Vectorize(kernel) => (kernel.parameters(), kernel.declaration()),
        Kernel::Stencil(kernel) => (kernel.parameters(), kernel.declaration()),
    };
    let inputs = inputs(&arguments.kernel.name, &parameters, &arguments.settings)?;
    arguments.output.iter().chain(&arguments.plot).try_for_each(|path| output::check(path))?;
    let device = choose_device(arguments.device, declaration)?;
    // Types first: what there is to say of them is said before long work.
    match &kernel {
        Kernel::Vectorize(kernel) => kernel.outcome(&inputs).map(|_| ())?,
        Kernel::Stencil(kernel) => kernel.outcome(&inputs).map(|_| ())?,
    }
    let told = output::warnings(&kernel, 0);
    let result = match &kernel {
        Kernel::Vectorize(_) if arguments.steps != 1 => {
            return Err(Failure::message(format!(
                "--steps is for stencils; '{}' is vectorized\n  help: leave --steps out",
                arguments.kernel.name
            )));
        }
        Kernel::Vectorize(kernel) => kernel.call(&device, &inputs),
        Kernel::Stencil(kernel) => {
            let mut progress = Progress::new(kernel.name(), arguments.steps as usize);
            kernel.iterate(&device, &inputs, arguments.steps as usize, &mut |done| progress.at(done))
        }
    };
    output::trouble(kernel.kept());
    let result = result?;
    // Where a stencil's type changed with its first step.
    output::warnings(&kernel, told);
    output::line(summary(&result))?;
    if let Some(path) = &arguments.output {
        npy::write_file(path, &result.view()).map_err(Failure::message)?;
    }
    if let Some(path) = &arguments.plot {
        picture::plot(path, &result, &arguments.kernel.name, ColorMap::Viridis).map_err(Failure::message)?;
    }
    Ok(())
}

/// What `--device` names is meant; NUMBRA_TARGET overrides the decorator's target and the default.
fn choose_device(option: Option<DeviceName>, declaration: &Declaration) -> Result<Arc<dyn Device>, Failure> {
    let name = match (option, &declaration.target) {
        (Some(name), _) => name,
        (None, target) => match (device::target_from_environment()?, target) {
            (Some(name), _) => name,
            (None, Some((text, _))) => text.parse()?,
            (None, None) => DeviceName::Cpu,
        },
    };
    Ok(device::open(name)?)
}

fn inputs(kernel: &str, parameters: &[&str], settings: &[Setting]) -> Result<Vec<Input>, Failure> {
    let known = || format!("the parameters of '{kernel}' are: {}", parameters.join(", "));
    if let Some(Setting { name, .. }) = settings.iter().find(|setting| !parameters.contains(&setting.name.as_str())) {
        return Err(Failure::message(format!("'{kernel}' has no parameter '{name}'\n  help: {}", known())));
    }
    let missing: Vec<&str> = parameters
        .iter()
        .filter(|parameter| settings.iter().all(|setting| setting.name != **parameter))
        .copied()
        .collect();
    if let Some(first) = missing.first() {
        let message = format!("no value for '{}'", missing.join("', '"));
        let help = format!("add --set {first}=VALUE or --set {first}=FILE.npy; {}", known());
        return Err(Failure::message(format!("{message}\n  help: {help}")));
    }
    let setting = |parameter: &&str| settings.iter().find(|setting| setting.name == **parameter);
    parameters
        .iter()
        .filter_map(setting)
        .map(|setting| match &setting.value {
            Value::Scalar(constant) => Ok(Input::Scalar(*constant)),
            Value::File(path) => {
                let array = npy::read_file(path).map_err(Failure::message)?;
                Ok(Input::Host(Arc::new(array)))
            }
        })
        .collect()
}

/// dtype, shape and range of a result; the value itself if it is a single one.
pub fn summary(result: &HostArray) -> String {
    let view = result.view();
    if result.rank() == 0 {
        return view.iter().next().map_or(String::new(), literal);
    }
    let mut text = format!("{} {}", result.scalar(), shape_text(result.shape()));
    let values = || view.iter().filter(|value| !value.as_f64().is_nan());
    // Large integers are rounded as floats.
    let smaller = |a: &Constant, b: &Constant| match (a.as_integer(), b.as_integer()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().total_cmp(&b.as_f64()),
    };
    if let (Some(low), Some(high)) = (values().min_by(smaller), values().max_by(smaller)) {
        text += &format!(", from {} to {}", literal(low), literal(high));
    }
    let nans = result.len() - values().count();
    if nans > 0 {
        text += &format!(", {nans} NaN");
    }
    text
}

/// A number as Python writes it.
pub fn literal(value: Constant) -> String {
    match value.scalar {
        ScalarType::Bool if value.bits == 0 => "False".into(),
        ScalarType::Bool => "True".into(),
        _ if value.as_f64().is_nan() => "nan".into(),
        _ => value.to_string(),
    }
}
