//! Kernels built by hand, and what runs them.

use numbra_codegen::llvm::{NativeKernel, NativeOptions, NvptxOptions, Status, compile_native, compile_nvptx};
use numbra_front::ir::*;
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};
use numbra_grid::Grid;

pub const GROUP: u32 = 32;
pub const GRID: Form = Form::Grid { group: GROUP, rows: false };
pub const ARCHES: [&str; 4] = ["sm_75", "sm_80", "sm_90", "sm_100"];

/// A column of elements: their type and their bits.
pub type Column = (ScalarType, Vec<u64>);

pub fn buffer(name: &str, scalar: ScalarType, access: Access) -> Array {
    Array {
        name: name.to_owned(),
        scalar,
        rank: 1,
        access,
        strides: vec![Stride::Unit],
        footprint: Footprint::Whole,
        buffer: true,
        distinct: true,
    }
}

pub fn apply(function: &mut Function, region: &mut Region, op: Op, operands: &[Value], result: ScalarType) -> Value {
    let expression = Expression::Apply { op, operands: operands.to_vec(), flags: FloatFlags::STRICT };
    function.define(region, result, Span::NONE, expression)
}

/// A kernel that runs `body` for every index from `begin` to before `end`: by a loop, or one per thread.
pub fn over_range(
    form: Form,
    setup: impl FnOnce(&mut Function) -> Vec<ArrayId>,
    body: impl FnOnce(&mut Function, &mut Region, &[ArrayId], Value),
) -> Module {
    let mut function = Function::new("kernel");
    function.form = form.clone();
    let arrays = setup(&mut function);
    let begin = function.scalar_parameter("begin", ScalarType::Index, Role::Begin);
    let end = function.scalar_parameter("end", ScalarType::Index, Role::End);
    let mut outer = Region::default();
    let mut inner = Region::default();
    if let Form::Grid { group, .. } = form {
        let index = function.define(&mut outer, ScalarType::Index, Span::NONE, Expression::Builtin(Builtin::GroupIdX));
        let group = function.constant(&mut outer, Constant::index(group as i64));
        let index = function.apply(&mut outer, Op::Mul, &[index, group]);
        let local = function.define(&mut outer, ScalarType::Index, Span::NONE, Expression::Builtin(Builtin::LocalIdX));
        let index = function.apply(&mut outer, Op::Add, &[index, local]);
        let index = function.apply(&mut outer, Op::Add, &[index, begin]);
        let inside = function.apply(&mut outer, Op::Lt, &[index, end]);
        body(&mut function, &mut inner, &arrays, index);
        outer.push(Statement::If { condition: inside, then: inner, otherwise: Region::default(), rare: false });
    } else {
        let counter = function.variable("i", ScalarType::Index);
        outer.push(Statement::Set { variable: counter, value: begin.into() });
        let index = function.get(&mut inner, counter);
        let done = function.apply(&mut inner, Op::Ge, &[index, end]);
        let leave = Region { statements: vec![Statement::Break] };
        inner.push(Statement::If { condition: done, then: leave, otherwise: Region::default(), rare: false });
        body(&mut function, &mut inner, &arrays, index);
        let mut step = Region::default();
        let index = function.get(&mut step, counter);
        let one = function.constant(&mut step, Constant::index(1));
        let next = function.apply(&mut step, Op::Add, &[index, one]);
        step.push(Statement::Set { variable: counter, value: next.into() });
        outer.push(Statement::Loop { body: inner, step });
    }
    function.body = outer;
    Module { functions: vec![function], tables: Vec::new() }
}

/// A kernel over columns: `body` gets an element of each input and gives an element of each output.
pub fn elementwise(
    form: Form,
    inputs: &[ScalarType],
    outputs: &[ScalarType],
    body: impl FnOnce(&mut Function, &mut Region, &[Value]) -> Vec<Value>,
) -> Module {
    let setup = |function: &mut Function| {
        let named = |prefix: &'static str, access| {
            move |(number, &scalar): (usize, &ScalarType)| buffer(&format!("{prefix}{number}"), scalar, access)
        };
        let inputs = inputs.iter().enumerate().map(named("in", Access::Read));
        let outputs = outputs.iter().enumerate().map(named("out", Access::Write));
        inputs.chain(outputs).map(|array| function.array_parameter(array)).collect()
    };
    over_range(form, setup, |function, region, arrays, index| {
        let (sources, targets) = arrays.split_at(inputs.len());
        let elements: Vec<Value> = sources
            .iter()
            .zip(inputs)
            .map(|(&array, &scalar)| {
                function.define(region, scalar, Span::NONE, Expression::Load { array, indices: vec![index] })
            })
            .collect();
        let results = body(function, region, &elements);
        assert_eq!(results.len(), targets.len());
        for (&array, value) in targets.iter().zip(results) {
            region.push(Statement::Store { array, indices: vec![index], value });
        }
    })
}

/// Elements of one array in memory, aligned for every type.
pub struct Memory {
    words: Vec<u64>,
    scalar: ScalarType,
    length: usize,
}

impl Memory {
    pub fn new((scalar, bits): &Column) -> Memory {
        let width = scalar.bytes();
        let mut memory =
            Memory { words: vec![0; (bits.len() * width).div_ceil(8)], scalar: *scalar, length: bits.len() };
        for (position, bits) in bits.iter().enumerate() {
            // In bounds: there are `length` elements of `width` bytes.
            unsafe {
                let place = memory.pointer().add(position * width);
                std::ptr::copy_nonoverlapping(bits.to_le_bytes().as_ptr(), place, width);
            }
        }
        memory
    }

    pub fn pointer(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    pub fn bits(&self) -> Vec<u64> {
        let width = self.scalar.bytes();
        let element = |position: usize| {
            let mut bytes = [0; 8];
            // In bounds, as above.
            unsafe {
                let place = self.words.as_ptr().cast::<u8>().add(position * width);
                std::ptr::copy_nonoverlapping(place, bytes.as_mut_ptr(), width);
            }
            Constant::canonical(u64::from_le_bytes(bytes), self.scalar)
        };
        (0..self.length).map(element).collect()
    }
}

/// Runs a kernel with the scalar parameters `scalars` over the columns, in place.
pub fn run(module: &Module, columns: &[Column], scalars: &[u64], groups: u32) -> (Vec<Vec<u64>>, Status) {
    run_with(&NativeOptions::default(), module, columns, scalars, groups)
}

/// [`run`] with code for another processor.
pub fn run_with(
    options: &NativeOptions,
    module: &Module,
    columns: &[Column],
    scalars: &[u64],
    groups: u32,
) -> (Vec<Vec<u64>>, Status) {
    verify::verify(module).expect("a well-formed kernel");
    let mut memory: Vec<Memory> = columns.iter().map(Memory::new).collect();
    let buffers: Vec<*mut u8> = memory.iter_mut().map(Memory::pointer).collect();
    let mut status = Status::default();
    match module.functions[0].form {
        Form::Grid { .. } => {
            let grid = Grid::new(module);
            let artefact = compile_native(&grid.thread, options).expect("compiles");
            let kernel = NativeKernel::load(&artefact).expect("loads");
            grid.run(scalars, (groups, 1), |scalars| {
                let mut own = Status::default();
                unsafe { kernel.call(&buffers, scalars, &mut own) };
                if status.flag == 0 {
                    status = own;
                }
            });
        }
        _ => {
            let artefact = compile_native(module, options).expect("compiles");
            let kernel = NativeKernel::load(&artefact).expect("loads");
            unsafe { kernel.call(&buffers, scalars, &mut status) };
        }
    }
    (memory.iter().map(Memory::bits).collect(), status)
}

/// Compiles a Grid kernel for every architecture and lets `ptxas` judge it. Gives the first PTX.
pub fn assemble_everywhere(module: &Module) -> String {
    verify::verify(module).expect("a well-formed kernel");
    let mut texts = ARCHES.iter().map(|arch| {
        let options = NvptxOptions { arch: arch.parse().expect("a known architecture") };
        let artefact = compile_nvptx(module, &options).expect("compiles");
        let text = artefact.text().expect("PTX is text").to_owned();
        super::support::assemble(&text, arch);
        text
    });
    let first = texts.next().expect("an architecture");
    texts.for_each(drop);
    first
}
