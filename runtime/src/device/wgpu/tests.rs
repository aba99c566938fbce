//! On software Vulkan, which must be here: what kernels compute, in all ways to launch them, and what goes wrong.

mod parts;
mod waits;

use super::*;
use crate::error::{Error, Result};
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use numbra_codegen::{Artefact, ArtefactKind, Manifest};
use numbra_front::interp::scalar::apply;
use numbra_front::ir::op::{OPS, TypeRule};
use numbra_front::ir::*;
use numbra_front::passes::small_integers::in_memory;
use numbra_front::pipeline::{Schedule, Target, lower_kernel};
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};
use std::sync::{Arc, OnceLock};

const GROUP: u32 = 64;

fn gpu() -> &'static Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| Gpu::open(&software()).unwrap())
}

fn software() -> Adapter {
    let mut adapters = Adapter::enumerate().into_iter();
    let adapter = adapters.find(|adapter| adapter.backend() == "vulkan" && adapter.is_software());
    adapter.expect("software Vulkan is needed (Debian: mesa-vulkan-drivers)")
}

/// The kernel out[i] = f(inputs[i]...), lowered for the GPU.
fn elementwise(
    inputs: &[ScalarType],
    output: ScalarType,
    f: impl FnOnce(&mut Function, &mut Region, &[Value]) -> Value,
) -> Module {
    let mut kernel = Function::new("kernel");
    kernel.form = Form::Kernel;
    let extent = kernel.scalar_parameter("extent", ScalarType::Index, Role::SpaceExtent(0));
    let array = |kernel: &mut Function, scalar, access| {
        kernel.array_parameter(Array {
            name: "array".into(),
            scalar,
            rank: 1,
            access,
            strides: vec![Stride::Unit],
            footprint: Footprint::Window(vec![(0, 0)]),
            buffer: false,
            distinct: true,
        })
    };
    let arrays: Vec<ArrayId> = inputs.iter().map(|&scalar| array(&mut kernel, scalar, Access::Read)).collect();
    let out = array(&mut kernel, output, Access::Write);
    let point = kernel.fresh(ScalarType::Index, Span::NONE);
    let mut body = Region::default();
    let mut values = Vec::new();
    for (&array, &scalar) in arrays.iter().zip(inputs) {
        let load = Expression::Load { array, indices: vec![point] };
        values.push(kernel.define(&mut body, scalar, Span::NONE, load));
    }
    let value = f(&mut kernel, &mut body, &values);
    body.push(Statement::Store { array: out, indices: vec![point], value });
    kernel.body.push(Statement::Parallel(Box::new(Parallel {
        space: vec![extent],
        point: vec![point],
        body,
        border: None,
    })));
    let target = Target { schedule: Schedule::Grid { group: GROUP, rows: false }, capabilities: gpu().capabilities() };
    let module = Module { functions: vec![kernel], tables: Vec::new() };
    lower_kernel(&module, "kernel", &target, &mut |_, _| Ok(())).unwrap()
}

fn spirv(module: &Module) -> Artefact {
    compile_spirv(module, "kernel", &gpu().capabilities()).unwrap()
}

/// Elements as the device keeps them: 4 or 8 bytes each.
fn stored(scalar: ScalarType, elements: &[u64]) -> Vec<u8> {
    elements.iter().flat_map(|bits| bits.to_le_bytes()[..in_memory(scalar).bytes()].to_vec()).collect()
}

fn loaded(scalar: ScalarType, bytes: &[u8]) -> Vec<u64> {
    let words = bytes.chunks(in_memory(scalar).bytes());
    let bits = words.map(|word| word.iter().rev().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte)));
    bits.map(|bits| Constant::canonical(bits, in_memory(scalar))).collect()
}

fn no_fault() -> Arc<Explain> {
    Arc::new(|status| Error::Internal(format!("{status:?}")))
}

fn parameters(manifest: &Manifest, begin: usize, end: usize, extent: usize) -> Vec<u64> {
    let of = |role| match role {
        Role::Begin => begin as u64,
        Role::End => end as u64,
        Role::SpaceExtent(_) => extent as u64,
        _ => 0,
    };
    manifest.scalars.iter().map(|scalar| of(scalar.role)).collect()
}

fn whole(buffer: &GpuBuffer) -> GpuBinding {
    GpuBinding { buffer: buffer.clone(), offset: 0, bytes: buffer.bytes() }
}

fn upload(gpu: &Gpu, bytes: &[u8]) -> GpuBuffer {
    let buffer = gpu.create_buffer(bytes.len() as u64).unwrap();
    gpu.write(&buffer, 0, bytes).unwrap();
    buffer
}

fn download(gpu: &Gpu, buffer: &GpuBuffer) -> Vec<u8> {
    let mut bytes = vec![0; buffer.bytes() as usize];
    gpu.read(buffer, 0, &mut bytes).unwrap();
    bytes
}

/// Runs a kernel of [`elementwise`] on columns of equal length.
fn run(artefact: &Artefact, inputs: &[(ScalarType, &[u64])], output: ScalarType) -> Vec<u64> {
    let elements = inputs[0].1.len();
    let kernel = gpu().load(artefact).unwrap();
    let mut bindings: Vec<GpuBinding> =
        inputs.iter().map(|(scalar, column)| whole(&upload(gpu(), &stored(*scalar, column)))).collect();
    let out = gpu().create_buffer((elements * in_memory(output).bytes()) as u64).unwrap();
    bindings.push(whole(&out));
    let launch = GpuLaunch {
        bindings: &bindings,
        parameters: &parameters(&artefact.manifest, 0, elements, elements),
        groups: ((elements as u32).div_ceil(GROUP), 1),
        explain: no_fault(),
    };
    gpu().launch(&kernel, &launch).unwrap();
    loaded(output, &download(gpu(), &out))
}

#[test]
fn adds_in_every_type() {
    ScalarType::ALL.into_iter().filter(|&scalar| scalar != ScalarType::Bool).for_each(adds);
}

fn adds(scalar: ScalarType) {
    let module = elementwise(&[scalar; 2], scalar, |kernel, body, x| kernel.apply(body, Op::Add, x));
    let number = |value: i64| match scalar {
        ScalarType::F32 => Constant::f32(value as f32).bits,
        ScalarType::F64 => Constant::f64(value as f64).bits,
        _ => Constant::integer(scalar, value as i128).bits,
    };
    let a: Vec<u64> = (0..1000).map(|i| number(i * 3)).collect();
    let b: Vec<u64> = (0..1000).map(|i| number(i - 500)).collect();
    let found = run(&spirv(&module), &[(scalar, &a), (scalar, &b)], scalar);
    for i in 0..1000 {
        assert_eq!(found[i], apply(Op::Add, &[scalar; 2], &[a[i], b[i]], scalar).unwrap(), "{scalar} at {i}");
    }
}

#[test]
fn wgsl_and_spirv_agree() {
    let f = |kernel: &mut Function, body: &mut Region, x: &[Value]| {
        let product = kernel.apply(body, Op::Mul, x);
        let limit = kernel.constant(body, Constant::f32(f32::INFINITY));
        let small = kernel.apply(body, Op::Lt, &[product, limit]);
        kernel.apply(body, Op::Select, &[small, product, x[0]])
    };
    let module = elementwise(&[ScalarType::F32; 2], ScalarType::F32, f);
    let a: Vec<u64> = (0..777).map(|i| Constant::f32(1.5f32.powi(i % 200)).bits).collect();
    let columns = [(ScalarType::F32, a.as_slice()), (ScalarType::F32, a.as_slice())];
    let wgsl = compile_wgsl(&module, "kernel", &gpu().capabilities()).unwrap();
    assert_eq!(run(&wgsl, &columns, ScalarType::F32), run(&spirv(&module), &columns, ScalarType::F32));
}

/// Bits of values at which ops go wrong.
fn awkward(scalar: ScalarType) -> Vec<u64> {
    let floats = [
        0.0,
        1.0,
        1.5,
        0.5,
        2.5,
        0.49999997,
        126.9,
        127.5,
        128.0,
        255.5,
        256.0,
        32767.5,
        65535.9,
        1e7,
        2147483520.0,
        2147483647.5,
        2147483648.0,
        4294967040.0,
        4294967296.0,
        9.2e18,
        9223372036854775808.0,
        1.8e19,
        18446744073709551616.0,
        3e38,
        1e-40,
        1e-45,
        f64::INFINITY,
        f64::NAN,
    ];
    let both = floats.iter().flat_map(|&value| [value, -value]);
    match scalar {
        ScalarType::F32 => both.map(|value| u64::from((value as f32).to_bits())).collect(),
        ScalarType::F64 => both.chain([f64::MAX, 1e-40, 1e-450]).map(f64::to_bits).collect(),
        ScalarType::Bool => vec![0, 1],
        _ => {
            let most = 1i128 << (scalar.bits() - u32::from(scalar.is_signed()));
            let near = [0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 100];
            let all = near.iter().flat_map(|&value| [value, -value, most - 1 - value, most / 2 + value]);
            all.map(|value| Constant::integer(scalar, value).bits).collect()
        }
    }
}

/// The op on the device against the interpreter's, for all pairs of awkward values.
fn check(op: Op, types: &[ScalarType], result: ScalarType) {
    let second = types.get(1).map_or(vec![0], |&scalar| awkward(scalar));
    let rows: Vec<[u64; 3]> = awkward(types[0]).iter().flat_map(|&a| second.iter().map(move |&b| [a, b, b])).collect();
    // Only what the op's conditions allow.
    let rows: Vec<([u64; 3], u64)> =
        rows.into_iter().filter_map(|row| Some((row, apply(op, types, &row[..types.len()], result).ok()?))).collect();
    let module = elementwise(types, result, |kernel, body, x| {
        let expression = Expression::Apply { op, operands: x.to_vec(), flags: FloatFlags::STRICT };
        kernel.define(body, result, Span::NONE, expression)
    });
    let columns: Vec<Vec<u64>> = (0..types.len()).map(|k| rows.iter().map(|(row, _)| row[k]).collect()).collect();
    let inputs: Vec<(ScalarType, &[u64])> = types.iter().copied().zip(columns.iter().map(Vec::as_slice)).collect();
    let found = run(&spirv(&module), &inputs, result);
    let either_zero = matches!(op, Op::Minimum | Op::Maximum | Op::Fmin | Op::Fmax);
    for ((row, expected), found) in rows.iter().zip(found) {
        let zero_sign = match result {
            ScalarType::F32 if either_zero => 1 << 31,
            ScalarType::F64 if either_zero => 1 << 63,
            _ => 0,
        };
        let zeros = [found, *expected].map(|bits| bits & !zero_sign) == [0, 0];
        assert!(
            zeros || Constant::same(found, *expected, result),
            "{} of {types:?} {row:x?} to {result:?}: {found:x}, not {expected:x}",
            op.name()
        );
    }
}

#[test]
fn every_op_as_in_the_interpreter() {
    for info in OPS {
        if matches!(info.op, Op::Fma | Op::MulError) {
            continue;
        }
        for scalar in ScalarType::ALL {
            let types = match info.rule {
                TypeRule::Select => vec![ScalarType::Bool, scalar, scalar],
                _ => vec![scalar; info.arity],
            };
            if let Some(result) = info.op.result_type(&types, None) {
                check(info.op, &types, result);
            }
        }
    }
}

#[test]
fn every_conversion_as_in_the_interpreter() {
    for from in ScalarType::ALL {
        for to in ScalarType::ALL {
            check(Op::Convert, &[from], to);
            if Op::Bitcast.result_type(&[from], Some(to)).is_some() {
                check(Op::Bitcast, &[from], to);
            }
        }
    }
}

/// A small generator of pseudorandom bits (Marsaglia's xorshift).
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn float_arithmetic_has_the_bits_of_ieee_754() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for scalar in [ScalarType::F32, ScalarType::F64] {
        // All exponents, so many operands and results are subnormal; or some in the middle, where mul_error is exact.
        let mut column = |all: bool| -> Vec<u64> {
            (0..20_000)
                .map(|_| match scalar {
                    ScalarType::F32 if all => random(&mut state) >> 32 & 0xbfff_ffff,
                    ScalarType::F32 => random(&mut state) >> 32 & 0x807f_ffff | (96 + random(&mut state) % 62) << 23,
                    _ if all => random(&mut state) & !(1 << 62),
                    _ => random(&mut state) & !(0x7ff << 52) | (800 + random(&mut state) % 440) << 52,
                })
                .collect()
        };
        let (any, middle) = ([column(true), column(true)], [column(false), column(false)]);
        for op in [Op::Add, Op::Sub, Op::Mul, Op::MulError, Op::Div, Op::Sqrt] {
            let [a, b] = if op == Op::MulError { &middle } else { &any };
            let arity = op.info().arity;
            let module = elementwise(&[scalar; 2], scalar, |kernel, body, x| kernel.apply(body, op, &x[..arity]));
            let found = run(&spirv(&module), &[(scalar, a), (scalar, b)], scalar);
            for i in 0..a.len() {
                let expected = apply(op, &[scalar; 2][..arity], &[a[i], b[i]][..arity], scalar).unwrap();
                let (a, b, found) = (a[i], b[i], found[i]);
                assert!(
                    Constant::same(found, expected, scalar),
                    "{} {a:x} {b:x}: {found:x}, not {expected:x}",
                    op.name()
                );
            }
        }
        let [a, b] = middle;
        // A product and a sum stay two roundings.
        let module = elementwise(&[scalar; 2], scalar, |kernel, body, x| {
            let product = kernel.apply(body, Op::Mul, x);
            let negated = kernel.apply(body, Op::Neg, &[product]);
            let square = kernel.apply(body, Op::Mul, &[x[0], x[1]]);
            kernel.apply(body, Op::Add, &[square, negated])
        });
        let found = run(&spirv(&module), &[(scalar, &a), (scalar, &b)], scalar);
        assert!(found.iter().all(|&bits| bits == 0));
    }
}

#[test]
fn comparisons_know_nan() {
    // `not (a < b)` is true with NaN; a driver that makes `a >= b` of it says false.
    let module = elementwise(&[ScalarType::F32; 2], ScalarType::Bool, |kernel, body, x| {
        let less = kernel.apply(body, Op::Lt, x);
        kernel.apply(body, Op::Not, &[less])
    });
    let column = |values: [f32; 4]| values.map(|value| u64::from(value.to_bits()));
    let (a, b) = (column([f32::NAN, 1.0, 1.0, 2.0]), column([1.0, f32::NAN, 2.0, 1.0]));
    let found = run(&spirv(&module), &[(ScalarType::F32, &a), (ScalarType::F32, &b)], ScalarType::Bool);
    assert_eq!(found, [1, 1, 0, 1]);
}

#[test]
fn more_groups_than_one_axis_holds_and_many_launches_in_a_row() {
    let limit = gpu().limits().groups;
    let scalar = ScalarType::I32;
    let module = elementwise(&[scalar], scalar, |kernel, body, x| {
        let one = kernel.constant(body, Constant::integer(scalar, 1));
        kernel.apply(body, Op::Add, &[x[0], one])
    });
    let artefact = spirv(&module);
    let kernel = gpu().load(&artefact).unwrap();
    let elements = limit as usize * GROUP as usize + 12_345;
    let bytes = vec![0u8; elements * 4];
    let buffers = [upload(gpu(), &bytes), upload(gpu(), &bytes)];
    let launch = |from: usize, to: usize, begin: usize, end: usize, groups: (u32, u32)| {
        let launch = GpuLaunch {
            bindings: &[whole(&buffers[from]), whole(&buffers[to])],
            parameters: &parameters(&artefact.manifest, begin, end, elements),
            groups,
            explain: no_fault(),
        };
        gpu().launch(&kernel, &launch).unwrap();
    };
    launch(0, 1, 0, elements, (limit, 2));
    assert!(download(gpu(), &buffers[1]).chunks(4).all(|word| word == [1, 0, 0, 0]));
    // Forty launches on a part, each using what the last one left; then only that part has changed.
    for round in 0..40 {
        launch((round + 1) % 2, round % 2, 5000, 6000, (1000u32.div_ceil(GROUP), 1));
    }
    let words = loaded(scalar, &download(gpu(), &buffers[1]));
    for (i, &word) in words.iter().enumerate() {
        let expected = if (5000..6000).contains(&i) { 41 } else { 1 };
        assert_eq!(word, expected, "at {i}");
    }
    let result = gpu().launch(
        &kernel,
        &GpuLaunch {
            bindings: &[whole(&buffers[0]), whole(&buffers[1])],
            parameters: &parameters(&artefact.manifest, 0, 1, elements),
            groups: (limit + 1, 1),
            explain: no_fault(),
        },
    );
    assert!(matches!(result, Err(Error::Internal(_))));
}

#[test]
fn a_kernel_that_fails_is_an_error_of_what_it_writes() {
    for host_visible in [true, false] {
        a_failure_is_returned(&open_as(host_visible));
    }
}

fn a_failure_is_returned(gpu: &Gpu) {
    let scalar = ScalarType::I64;
    let module = elementwise(&[scalar], scalar, |kernel, body, x| {
        let site =
            Site { fault: Fault::Raised, message: "bad {}".into(), told: Vec::new(), span: Span::NONE, source: None };
        let _ = kernel.site(site.clone());
        let site = kernel.site(site);
        let zero = kernel.constant(body, Constant::zero(scalar));
        let condition = kernel.apply(body, Op::Lt, &[x[0], zero]);
        body.push(Statement::Trap { condition, site, payloads: vec![x[0]], position: None });
        kernel.apply(body, Op::Mul, &[x[0], x[0]])
    });
    let artefact = spirv(&module);
    assert!(artefact.manifest.has_status);
    let kernel = gpu.load(&artefact).unwrap();
    let launch = |values: &[u64]| -> Result<Vec<u64>> {
        let bytes = stored(scalar, values);
        let (input, out) = (gpu.create_buffer(bytes.len() as u64)?, gpu.create_buffer(bytes.len() as u64)?);
        gpu.write(&input, 0, &bytes)?;
        gpu.write(&out, 0, &vec![0; bytes.len()])?;
        gpu.launch(
            &kernel,
            &GpuLaunch {
                bindings: &[whole(&input), whole(&out)],
                parameters: &parameters(&artefact.manifest, 0, values.len(), values.len()),
                groups: ((values.len() as u32).div_ceil(GROUP), 1),
                explain: Arc::new(|status| {
                    Error::call(format!("{} {} {}", status.site, status.position, status.payload as i64))
                }),
            },
        )?;
        let mut bytes = vec![0; bytes.len()];
        gpu.read(&out, 0, &mut bytes)?;
        Ok(loaded(scalar, &bytes))
    };
    let mut values = vec![3; 200];
    assert!(launch(&values).unwrap().iter().all(|&value| value == 9));
    values[150] = -5_000_000_000i64 as u64;
    assert_eq!(launch(&values).unwrap_err().to_string(), "1 150 -5000000000");
    // The record is clean again, also after more launches than there are records.
    values[150] = 4;
    for _ in 0..600 {
        assert_eq!(launch(&values[140..160]).unwrap()[10], 16);
    }
    gpu.wait().unwrap();
}

#[test]
fn copies_stand_in_line_with_launches() {
    for host_visible in [true, false] {
        copies_between_launches(&open_as(host_visible));
    }
}

fn copies_between_launches(gpu: &Gpu) {
    const ELEMENTS: usize = 300_000;
    let scalar = ScalarType::I32;
    let artefact = spirv(&elementwise(&[scalar], scalar, |kernel, body, x| kernel.apply(body, Op::Add, &[x[0], x[0]])));
    let kernel = gpu.load(&artefact).unwrap();
    let input = gpu.create_buffer(4 * ELEMENTS as u64).unwrap();
    let outs = [(); 3].map(|()| gpu.create_buffer(4 * ELEMENTS as u64).unwrap());
    for (number, out) in outs.iter().enumerate() {
        gpu.write(&input, 0, &stored(scalar, &vec![number as u64 + 5; ELEMENTS])).unwrap();
        let launch = GpuLaunch {
            bindings: &[whole(&input), whole(out)],
            parameters: &parameters(&artefact.manifest, 0, ELEMENTS, ELEMENTS),
            groups: ((ELEMENTS as u32).div_ceil(GROUP), 1),
            explain: no_fault(),
        };
        gpu.launch(&kernel, &launch).unwrap();
    }
    for (number, out) in outs.iter().enumerate() {
        assert!(loaded(scalar, &download(gpu, out)).iter().all(|&double| double == 2 * (number as u64 + 5)));
    }
}

/// What wgpu complained of is returned once, and what was to be read can be read and used afterwards.
#[test]
fn a_complaint_leaves_no_memory_mapped() {
    for host_visible in [true, false] {
        let gpu = open_as(host_visible);
        let buffer = upload(&gpu, &[7; 64]);
        let (usage, size) = (wgpu::BufferUsages::COPY_DST, 3);
        let unaligned = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: true };
        drop(gpu.shared.device.create_buffer(&unaligned));
        assert!(gpu.read(&buffer, 0, &mut [0; 64]).is_err());
        gpu.write(&buffer, 0, &[8; 64]).unwrap();
        assert_eq!(download(&gpu, &buffer), [8; 64]);
    }
}

#[test]
fn buffers_of_any_size() {
    for host_visible in [true, false] {
        copies(&open_as(host_visible));
    }
}

/// Memory that the host works in, where it shares it with the GPU, and memory to which everything is copied.
fn open_as(host_visible: bool) -> Gpu {
    let adapter = &Adapter::enumerate()[0];
    assert!(adapter.shares_memory(), "{}", adapter.description());
    Gpu::open_as(adapter, host_visible).unwrap()
}

fn copies(gpu: &Gpu) {
    for size in [1usize, 3, 4, 255, 257, 70_001] {
        let bytes: Vec<u8> = (0..size).map(|i| (i * 7) as u8).collect();
        let buffer = upload(gpu, &bytes);
        assert_eq!(download(gpu, &buffer), bytes);
        if size > 8 {
            gpu.write(&buffer, 4, &[1, 2, 3, 4]).unwrap();
            let mut four = [0; 4];
            gpu.read(&buffer, 4, &mut four).unwrap();
            assert_eq!(four, [1, 2, 3, 4]);
            // A write that would tear a word, or go beyond the end.
            assert!(gpu.write(&buffer, 4, &[1]).is_err());
            assert!(gpu.write(&buffer, size as u64 / 4 * 4 + 4, &[1, 2, 3, 4]).is_err());
        }
    }
    let empty = upload(gpu, &[]);
    assert_eq!(download(gpu, &empty), []);
    let error = gpu.create_buffer(1 << 50).err().unwrap().to_string();
    assert!(error.contains("larger than the GPU's largest buffer"), "{error}");
    // More than one chunk of the copies.
    let large: Vec<u8> = (0..70 << 20).map(|i: u32| (i >> 8) as u8).collect();
    assert!(download(gpu, &upload(gpu, &large)) == large);
}

#[test]
fn what_does_not_fit_is_refused() {
    let module = elementwise(&[ScalarType::F32], ScalarType::F32, |_, _, x| x[0]);
    let artefact = spirv(&module);
    let kernel = gpu().load(&artefact).unwrap();
    let buffer = gpu().create_buffer(1024).unwrap();
    let other = Gpu::open(&Adapter::enumerate()[0]).unwrap().create_buffer(1024).unwrap();
    let launch = |bindings: &[GpuBinding]| {
        let parameters = parameters(&artefact.manifest, 0, 1, 1);
        gpu().launch(&kernel, &GpuLaunch { bindings, parameters: &parameters, groups: (1, 1), explain: no_fault() })
    };
    let out = gpu().create_buffer(1024).unwrap();
    launch(&[whole(&buffer), whole(&out)]).unwrap();
    let misplaced = GpuBinding { buffer: buffer.clone(), offset: 4, bytes: 4 };
    let too_long = GpuBinding { buffer: buffer.clone(), offset: 0, bytes: 1 << 20 };
    for (first, second) in [
        (whole(&buffer), whole(&buffer)),
        (misplaced, whole(&out)),
        (too_long, whole(&out)),
        (whole(&other), whole(&out)),
    ] {
        assert!(matches!(launch(&[first, second]), Err(Error::Internal(_))));
    }
    assert!(launch(&[whole(&out)]).is_err());
    let broken = Artefact { bytes: b"this is no WGSL".to_vec(), kind: numbra_codegen::ArtefactKind::Wgsl, ..artefact };
    assert!(matches!(gpu().load(&broken), Err(Error::Internal(_))));
    gpu().wait().unwrap();
}

#[test]
fn a_lost_gpu_is_an_error_of_everything() {
    let gpu = Gpu::open(&Adapter::enumerate()[0]).unwrap();
    let artefact = spirv(&elementwise(&[ScalarType::F32], ScalarType::F32, |_, _, x| x[0]));
    let kernel = gpu.load(&artefact).unwrap();
    let buffer = gpu.create_buffer(64).unwrap();
    let out = gpu.create_buffer(64).unwrap();
    gpu.shared.device.destroy();
    let launched = gpu.launch(
        &kernel,
        &GpuLaunch {
            bindings: &[whole(&buffer), whole(&out)],
            parameters: &parameters(&artefact.manifest, 0, 16, 16),
            groups: (1, 1),
            explain: no_fault(),
        },
    );
    let failures = [
        launched.err(),
        gpu.wait().err(),
        gpu.write(&buffer, 0, &[0; 64]).err(),
        gpu.read(&buffer, 0, &mut [0; 64]).err(),
        gpu.create_buffer(1 << 20).err(),
        gpu.load(&artefact).err(),
    ];
    for (number, error) in failures.into_iter().enumerate() {
        // The launch is only recorded; whatever waits says so.
        match error {
            Some(Error::Device { message, .. }) => assert!(message.contains("lost"), "{message}"),
            other => assert!(number == 0, "{number}: {other:?}"),
        }
    }
}

#[test]
#[ignore = "a measurement: cargo test -p numbra-runtime --lib wgpu -- --ignored --nocapture"]
fn launch_overhead() {
    let scalar = ScalarType::F32;
    let artefact = spirv(&elementwise(&[scalar; 2], scalar, |kernel, body, x| kernel.apply(body, Op::Add, x)));
    let kernel = gpu().load(&artefact).unwrap();
    let [a, b, c] = [(); 3].map(|()| upload(gpu(), &[0; 256]));
    let launch = || {
        let launch = GpuLaunch {
            bindings: &[whole(&a), whole(&b), whole(&c)],
            parameters: &parameters(&artefact.manifest, 0, 64, 64),
            groups: (1, 1),
            explain: no_fault(),
        };
        gpu().launch(&kernel, &launch).unwrap();
    };
    let time = |what: &str, times: u32, action: &dyn Fn()| {
        (0..times / 4).for_each(|_| action());
        gpu().wait().unwrap();
        let start = std::time::Instant::now();
        (0..times).for_each(|_| action());
        gpu().wait().unwrap();
        println!("{what}: {:?}", start.elapsed() / times);
    };
    time("launch", 4000, &launch);
    time("launch and wait", 1000, &|| {
        launch();
        gpu().wait().unwrap();
    });
    time("write", 1000, &|| gpu().write(&a, 0, &[1; 256]).unwrap());
    time("read", 1000, &|| {
        download(gpu(), &c);
    });
}
