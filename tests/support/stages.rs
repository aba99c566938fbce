//! The IR of a kernel, run by the interpreter after every stage of the pipeline and for every target.

use numbra::array::HostArray;
use numbra::front::capabilities::Capabilities;
use numbra::front::interp::{Argument, ArrayArgument, Buffer, Launch, Limits, Part, Program};
use numbra::front::ir::{Form, Module};
use numbra::front::pipeline::{self, Schedule, Target};
use numbra::front::types::ScalarType;

/// Every way in which kernels are lowered.
pub fn targets() -> Vec<(&'static str, Target)> {
    let range = Schedule::Range;
    let grid = Schedule::Grid { group: 64, rows: false };
    let rows = Schedule::Grid { group: 64, rows: true };
    let gpu = Capabilities::naga("vulkan").with_64_bits(true, true);
    vec![
        ("interp", Target { schedule: range, capabilities: Capabilities::ALL }),
        ("cpu", Target { schedule: range, capabilities: Capabilities::llvm("cpu", true) }),
        ("cpu without fma", Target { schedule: range, capabilities: Capabilities::llvm("cpu", false) }),
        ("cuda", Target { schedule: grid, capabilities: Capabilities::llvm("cuda", true) }),
        ("vulkan", Target { schedule: grid, capabilities: gpu }),
        ("vulkan by rows", Target { schedule: rows, capabilities: gpu }),
    ]
}

/// Runs `module` (as `module_for` gives it; its parameters are `inputs` and one output) after every stage; `check`
/// gets the name of the stage and the result.
pub fn run(module: Module, inputs: &[&HostArray], scalar: ScalarType, check: &mut dyn FnMut(&str, &HostArray)) {
    let shape: Vec<i64> = inputs[0].shape().iter().map(|&extent| extent as i64).collect();
    let arrays: Vec<ArrayArgument> = inputs
        .iter()
        .enumerate()
        .map(|(number, input)| {
            let shape: Vec<i64> = input.shape().iter().map(|&extent| extent as i64).collect();
            ArrayArgument::c_order(number, &shape)
        })
        .chain([ArrayArgument::c_order(inputs.len(), &shape)])
        .collect();
    let output_shape = inputs[0].shape();
    let name = module.functions[0].name.clone();
    let lowered = pipeline::lower_functions(module, &mut |stage, module| {
        let mut memory = Memory::new(inputs, scalar, output_shape, &[]);
        let arguments: Vec<Argument> = arrays.iter().cloned().map(Argument::Array).collect();
        let program = Program::new(module)?;
        let result = program.call(&name, &arguments, &mut memory.buffers(), &Limits::NONE);
        result.unwrap_or_else(|failure| panic!("after {stage}: {failure}\n{module}"));
        check(stage, &memory.output());
        Ok(())
    })
    .unwrap_or_else(|error| panic!("{error}"));
    for kernel in lowered.functions.iter().filter(|function| function.form == Form::Kernel) {
        for (target_name, target) in targets() {
            let result = pipeline::lower_kernel(&lowered, &kernel.name, &target, &mut |stage, module| {
                let stored: Vec<ScalarType> = module.functions[0].arrays.iter().map(|array| array.scalar).collect();
                let mut memory = Memory::new(inputs, scalar, output_shape, &stored);
                let launch = Launch { kernel: &kernel.name, space: &shape, captures: &[], arrays: &arrays };
                let result = Program::new(module)?.launch(&launch, Part::Whole, &mut memory.buffers(), &Limits::NONE);
                result.unwrap_or_else(|failure| panic!("{target_name} after {stage}: {failure}\n{module}"));
                check(&format!("{target_name} after {stage}"), &memory.output());
                Ok(())
            });
            result.unwrap_or_else(|error| panic!("{target_name}: {error}"));
        }
    }
}

/// Inputs and output as bytes, in the types in which a stage stores them.
struct Memory {
    bytes: Vec<Vec<u8>>,
    scalar: ScalarType,
    shape: Vec<usize>,
}

impl Memory {
    fn new(inputs: &[&HostArray], scalar: ScalarType, shape: &[usize], stored: &[ScalarType]) -> Memory {
        let count: usize = shape.iter().product();
        let mut bytes: Vec<Vec<u8>> = inputs.iter().map(|input| input.bytes().to_vec()).collect();
        bytes.push(vec![0xa5; count * scalar.bytes()]);
        let own = inputs.iter().map(|input| input.scalar()).chain([scalar]);
        for ((own, &stored), bytes) in own.zip(stored).zip(&mut bytes) {
            if own.bytes() != stored.bytes() {
                let signed = stored.is_signed();
                let size = own.bytes();
                *bytes = bytes
                    .chunks_exact(size)
                    .flat_map(|element| {
                        let fill = if signed && element[size - 1] >= 0x80 { 0xff } else { 0 };
                        let mut word = [fill; 4];
                        word[..size].copy_from_slice(element);
                        word
                    })
                    .collect();
            }
        }
        Memory { bytes, scalar, shape: shape.to_vec() }
    }

    fn buffers(&mut self) -> Vec<Buffer<'_>> {
        self.bytes.iter_mut().map(|bytes| Buffer::new(bytes)).collect()
    }

    fn output(&self) -> HostArray {
        let count: usize = self.shape.iter().product();
        let bytes = &self.bytes[self.bytes.len() - 1];
        let width = bytes.len() / count.max(1);
        let size = self.scalar.bytes();
        let narrow: Vec<u8> = bytes.chunks_exact(width.max(1)).flat_map(|element| element[..size].to_vec()).collect();
        HostArray::from_bytes(self.scalar, &self.shape, &narrow).unwrap()
    }
}
