//! A host function and its kernels, compiled for a device and ready to run.

use crate::cache::Keeping;
use crate::device::{Binding, Device, Kernel, Launch};
use crate::error::{Error, Result};
use numbra_front::interp;
use numbra_front::ir::{Footprint, Form, Function, Module, Statement};
use numbra_front::pipeline::{self, Schedule, Target};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub struct Executable {
    module: Module,
    /// The host's part, made ready to run.
    program: interp::InterpretedProgram,
    kernels: Vec<Loaded>,
    device: Arc<dyn Device>,
    /// Where the kernels' code is kept on disk, if it is.
    keeping: Option<Keeping>,
}

struct Loaded {
    name: String,
    footprints: Vec<Footprint>,
    /// The kernel in each of the device's schedules that was asked for.
    variants: Mutex<Vec<(Schedule, Arc<dyn Kernel>)>>,
}

/// An argument of a host function.
#[derive(Debug, Clone)]
pub enum Argument {
    /// Bits, as in [`numbra_front::types::Constant::bits`].
    Scalar(u64),
    Array(Binding),
}

impl Executable {
    /// Lowers what `kernel::vectorize` or `kernel::stencil` has built; kernels are loaded when first launched.
    pub fn build(module: Module, device: &Arc<dyn Device>) -> Result<Executable> {
        let mut unobserved = |_: &str, _: &Module| Ok(());
        let module = pipeline::lower_functions(module, &mut unobserved)?;
        let kernels: Vec<&Function> =
            module.functions.iter().filter(|function| function.form == Form::Kernel).collect();
        let kernels = kernels
            .into_iter()
            .map(|function| {
                let footprints = function.arrays.iter().map(|array| array.footprint.clone()).collect();
                Loaded { name: function.name.clone(), footprints, variants: Mutex::default() }
            })
            .collect();
        let program = interp::InterpretedProgram::new(&module)?;
        Ok(Executable { module, program, kernels, device: device.clone(), keeping: None })
    }

    /// The same with its kernels' code kept on disk.
    pub fn kept(self, keeping: Option<Keeping>) -> Executable {
        Executable { keeping, ..self }
    }

    /// The host function and the kernel that it launches, if there is one alone.
    pub(crate) fn single_launch(&self) -> Result<Option<(&Function, Arc<dyn Kernel>)>> {
        let launches = |statement: &&Statement| matches!(statement, Statement::Launch { .. });
        match (self.module.functions.first(), self.kernels.as_slice()) {
            (Some(host), [loaded]) if host.body.statements.iter().filter(launches).count() == 1 => {
                Ok(Some((host, self.variant(loaded, self.device.schedule(&[1]))?)))
            }
            _ => Ok(None),
        }
    }

    /// Runs the host function. The device may still be working when this returns: see [`Device::wait`].
    pub fn run(&self, arguments: &[Argument]) -> Result<()> {
        let mut bindings: Vec<&Binding> = Vec::new();
        let host_arguments: Vec<interp::Argument> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Scalar(bits) => interp::Argument::Scalar(*bits),
                Argument::Array(binding) => {
                    bindings.push(binding);
                    interp::Argument::Array(interp::ArrayArgument {
                        buffer: bindings.len() - 1,
                        offset: binding.offset,
                        shape: binding.shape.clone(),
                        strides: binding.strides.clone(),
                    })
                }
            })
            .collect();
        let name = &self.module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?.name;
        let mut launcher = Launcher { executable: self, bindings: &bindings, error: None };
        let result = self.program.call_with_host(name, &host_arguments, &mut [], &interp::Limits::NONE, &mut launcher);
        match (launcher.error, result) {
            (Some(error), _) => Err(error),
            (None, Ok(_)) => Ok(()),
            (None, Err(failure)) => Err(Error::Internal(format!("the host's part failed: {failure}"))),
        }
    }
}

impl Executable {
    /// The kernel in a schedule.
    fn variant(&self, loaded: &Loaded, schedule: Schedule) -> Result<Arc<dyn Kernel>> {
        if let Some(kernel) = loaded.known(schedule) {
            return Ok(kernel);
        }
        // Outside the lock: a driver may take long, and others want to launch. Two may load the same kernel once each.
        let target = Target { schedule, ..self.device.target() };
        let lowered = pipeline::lower_kernel(&self.module, &loaded.name, &target, &mut |_, _| Ok(()))?;
        let kernel = match &self.keeping {
            None => self.device.load(&lowered)?,
            Some(keeping) => self.device.load_kept(&lowered, keeping)?,
        };
        loaded.variants().push((schedule, kernel.clone()));
        Ok(kernel)
    }
}

impl Loaded {
    fn variants(&self) -> MutexGuard<'_, Vec<(Schedule, Arc<dyn Kernel>)>> {
        self.variants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, schedule: Schedule) -> Option<Arc<dyn Kernel>> {
        self.variants().iter().find(|(known, _)| *known == schedule).map(|(_, kernel)| kernel.clone())
    }
}

/// Launches kernels on the device while the interpreter runs the host's part.
struct Launcher<'a> {
    executable: &'a Executable,
    bindings: &'a [&'a Binding],
    error: Option<Error>,
}

impl Launcher<'_> {
    fn start(&self, launch: &interp::Launch) -> Result<()> {
        if launch.space.iter().any(|&extent| extent <= 0) {
            return Ok(());
        }
        let name = launch.kernel;
        let loaded = self
            .executable
            .kernels
            .iter()
            .find(|loaded| loaded.name == name)
            .ok_or_else(|| Error::Internal(format!("no kernel '{name}'")))?;
        let arrays: Vec<Binding> = launch
            .arrays
            .iter()
            .map(|array| {
                let argument = self.bindings.get(array.buffer)?;
                Some(Binding {
                    buffer: argument.buffer.clone(),
                    scalar: argument.scalar,
                    offset: array.offset,
                    shape: array.shape.clone(),
                    strides: array.strides.clone(),
                })
            })
            .collect::<Option<_>>()
            .ok_or_else(|| Error::Internal(format!("'{name}' launched with an array that is not there")))?;
        let (captures, space) = (launch.captures, launch.space);
        let launch = Launch { arrays: &arrays, footprints: &loaded.footprints, captures, space };
        let schedule = self.executable.device.schedule_of(&launch);
        self.executable.variant(loaded, schedule)?.launch(&launch)
    }
}

impl interp::Host for Launcher<'_> {
    fn launch(&mut self, launch: &interp::Launch, _: &mut [interp::Buffer]) -> Result<(), interp::Failure> {
        self.start(launch).map_err(|error| {
            self.error = Some(error);
            interp::Failure::Cancelled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceArray;
    use crate::array::HostArray;
    use crate::device;
    use numbra_front::ir::parse::parse;
    use numbra_front::types::ScalarType;

    #[test]
    fn kernels_see_arrays_where_the_host_has_them() {
        let text = "
function @minus(read a: i64[any] window(0 to 0), write out: i64[any] window(0 to 0) distinct) {
  %n: index = extent out, 0
  parallel (%p) in (%n) {
    %a: i64 = load a[%p]
    %minus: i64 = neg %a
    store out[%p] = %minus
  }
  return
}
";
        let device = device::open("interp".parse().unwrap()).unwrap();
        let executable = Executable::build(parse(text).unwrap(), &device).unwrap();
        let numbers: Vec<i64> = (0..12).collect();
        let input =
            DeviceArray::from_host(&device, &Arc::new(HostArray::from_slice(&[12], &numbers).unwrap())).unwrap();
        let zeros = Arc::new(HostArray::zeros(ScalarType::I64, &[12]).unwrap());
        let output = DeviceArray::from_host(&device, &zeros).unwrap();
        // Every third element from the second one on, to every second place from the last but one back.
        let view = |array: &DeviceArray, offset, strides: i64| Binding {
            offset,
            shape: vec![4],
            strides: vec![strides],
            ..array.as_binding()
        };
        let arguments = [Argument::Array(view(&input, 1, 3)), Argument::Array(view(&output, 10, -2))];
        executable.run(&arguments).unwrap();
        let got = output.into_host().unwrap();
        assert_eq!(got.as_slice::<i64>().unwrap(), [0, 0, 0, 0, -10, 0, -7, 0, -4, 0, -1, 0]);
    }
}
