//! The interpreter as a device: slow, and it checks every access.

use super::host::{HostBuffer, download};
use super::{Buffer, Device, FaultRecord, Kernel, Launch, Sites};
use crate::array::HostArray;
use crate::error::{Error, Result};
use crate::interrupt::{self, Pace};
use numbra_front::capabilities::Capabilities;
use numbra_front::interp::{ArrayArgument, Buffer as Memory, Failure, InterpretedProgram, Launch as Run, Limits, Part};
use numbra_front::ir::Module;
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::types::ScalarType;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Interp;

impl Device for Interp {
    fn name(&self) -> &str {
        "interp"
    }

    fn description(&self) -> String {
        "reference interpreter, checks every access".into()
    }

    fn target(&self) -> Target {
        Target { schedule: Schedule::Range, capabilities: Capabilities::ALL }
    }

    fn limits(&self) -> Vec<(String, String)> {
        vec![("threads".into(), "1".into())]
    }

    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>> {
        let kernel = module.functions.first().ok_or_else(|| Error::Internal("a module without a kernel".into()))?;
        let program = InterpretedProgram::new(module)?;
        Ok(Arc::new(Interpreted { name: kernel.name.clone(), sites: Sites::of(kernel), program }))
    }

    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer> {
        Ok(Buffer(Arc::new(HostBuffer::zeroed(scalar, elements)?)))
    }

    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer> {
        Ok(Buffer(Arc::new(HostBuffer::shared(array))))
    }

    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
        download(buffer, scalar, shape)
    }

    fn wait(&self) -> Result<()> {
        Ok(())
    }
}

struct Interpreted {
    name: String,
    program: InterpretedProgram,
    sites: Sites,
}

impl Kernel for Interpreted {
    fn launch(&self, launch: &Launch) -> Result<()> {
        let buffers = launch.arrays.iter().map(|array| array.buffer.of::<HostBuffer>()).collect::<Result<Vec<_>>>()?;
        // Arrays that share a buffer share the interpreter's.
        let mut distinct: Vec<&HostBuffer> = Vec::new();
        let mut arrays = Vec::with_capacity(buffers.len());
        for (buffer, array) in buffers.into_iter().zip(launch.arrays) {
            let number = distinct.iter().position(|other| std::ptr::eq(*other, buffer)).unwrap_or_else(|| {
                distinct.push(buffer);
                distinct.len() - 1
            });
            arrays.push(ArrayArgument {
                buffer: number,
                offset: array.offset,
                shape: array.shape.clone(),
                strides: array.strides.clone(),
            });
        }
        // SAFETY: a stretch of memory each, alive for the run; shared ones are only read, since kernels' outputs are
        // buffers of the device's own.
        let mut memory: Vec<Memory> = distinct
            .iter()
            .map(|buffer| Memory::new(unsafe { std::slice::from_raw_parts_mut(buffer.pointer(), buffer.len()) }))
            .collect();
        let run = Run { kernel: &self.name, space: launch.space, captures: launch.captures, arrays: &arrays };
        let explain = |failure| match failure {
            Failure::Trap(trap) => {
                let position = trap.position.unwrap_or(0) as u64;
                self.sites.error(FaultRecord { site: trap.site.0, position, payload: trap.payload.bits }, launch.space)
            }
            Failure::Internal(error) => error.into(),
            other => Error::Internal(other.to_string()),
        };
        if !interrupt::watched() {
            return self.program.launch(&run, Part::Whole, &mut memory, &Limits::NONE).map_err(explain);
        }
        // Units are elements of a one-dimensional space and rows of any other.
        let units: i64 = launch.space[..launch.space.len().max(2) - 1].iter().product();
        let pace = Pace::new(1, SHORTEST_PIECE);
        let mut begin = 0;
        while begin < units {
            let (piece, start) = (pace.amount().min(units - begin), Instant::now());
            let part = Part::Range { begin, end: begin + piece };
            self.program.launch(&run, part, &mut memory, &Limits::NONE).map_err(explain)?;
            pace.took(piece, start.elapsed());
            interrupt::check()?;
            begin += piece;
        }
        Ok(())
    }
}

/// How long a piece of a launch that can be interrupted takes at least.
const SHORTEST_PIECE: Duration = Duration::from_millis(4);
