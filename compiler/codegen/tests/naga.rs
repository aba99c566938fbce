//! Every op on every type goes through WGSL, read back and validated by naga, and through SPIR-V, judged by spirv-val.

#![cfg(feature = "naga")]

use numbra_codegen::naga::wgsl::tables_note;
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use numbra_codegen::{Artefact, Error};
use numbra_front::capabilities::{Capabilities, Lack};
use numbra_front::ir::op::TypeRule;
use numbra_front::ir::*;
use numbra_front::passes::legalize;
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};
use std::io::Write;
use std::process::{Command, Stdio};

const DEVICE: Capabilities = Capabilities::naga("vulkan").with_64_bits(true, true);

/// A kernel under construction, with the position of its thread.
struct Kernel {
    function: Function,
    body: Region,
    position: Value,
}

impl Kernel {
    fn new() -> Kernel {
        let mut function = Function::new("f.kernel0");
        function.form = Form::Grid { group: 64, rows: false };
        let begin = function.scalar_parameter("begin", ScalarType::Index, Role::Begin);
        let mut body = Region::default();
        let mut builtin = |function: &mut Function, builtin| {
            function.define(&mut body, ScalarType::Index, Span::NONE, Expression::Builtin(builtin))
        };
        let group_y = builtin(&mut function, Builtin::GroupIdY);
        let count = builtin(&mut function, Builtin::GroupCountX);
        let group_x = builtin(&mut function, Builtin::GroupIdX);
        let local = builtin(&mut function, Builtin::LocalIdX);
        let mut position = function.apply(&mut body, Op::Mul, &[group_y, count]);
        position = function.apply(&mut body, Op::Add, &[position, group_x]);
        position = function.apply(&mut body, Op::Add, &[position, local]);
        position = function.apply(&mut body, Op::Add, &[position, begin]);
        Kernel { function, body, position }
    }

    fn array(&mut self, name: &str, scalar: ScalarType, access: Access) -> ArrayId {
        self.function.array_parameter(Array {
            name: name.into(),
            scalar,
            rank: 1,
            access,
            strides: vec![Stride::Unit],
            footprint: Footprint::Whole,
            buffer: true,
            distinct: true,
        })
    }

    /// An element of a new array; an index, which no array holds, by conversion.
    fn input(&mut self, scalar: ScalarType) -> Value {
        let stored = if scalar == ScalarType::Index { ScalarType::I32 } else { scalar };
        let array = self.array("x", stored, Access::Read);
        let load = Expression::Load { array, indices: vec![self.position] };
        let value = self.function.define(&mut self.body, stored, Span::NONE, load);
        self.function.convert(&mut self.body, value, scalar)
    }

    fn output(&mut self, value: Value) {
        let mut value = value;
        if self.function.scalar(value) == ScalarType::Index {
            value = self.function.convert(&mut self.body, value, ScalarType::I64);
        }
        let array = self.array("out", self.function.scalar(value), Access::Write);
        self.body.push(Statement::Store { array, indices: vec![self.position], value });
    }

    fn finish(mut self) -> Module {
        self.function.body = self.body;
        Module { functions: vec![self.function], tables: Vec::new() }
    }
}

/// Legalizes, compiles both ways and has spirv-val judge.
fn check(name: &str, mut module: Module) -> (Artefact, Artefact) {
    legalize::run(&mut module, &DEVICE).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wgsl = compile_wgsl(&module, "f.kernel0", &DEVICE).unwrap_or_else(|error| panic!("{name}: {error}"));
    let spirv = compile_spirv(&module, "f.kernel0", &DEVICE).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut validator = Command::new("spirv-val")
        .args(["--target-env", "vulkan1.1", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("spirv-val is needed (Debian: spirv-tools)");
    validator.stdin.take().unwrap().write_all(&spirv.bytes).unwrap();
    let verdict = validator.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&verdict.stdout).into_owned() + &String::from_utf8_lossy(&verdict.stderr);
    assert!(verdict.status.success(), "{name}: spirv-val: {complaint}\n{}", wgsl.text().unwrap());
    (wgsl, spirv)
}

fn scalars() -> impl Iterator<Item = ScalarType> {
    ScalarType::ALL.into_iter().chain([ScalarType::Index])
}

#[test]
fn every_op_on_every_type() {
    for info in op::OPS {
        if info.op == Op::Fma || matches!(info.rule, TypeRule::Convert | TypeRule::Bitcast) {
            continue;
        }
        let mut kernel = Kernel::new();
        let mut used = 0;
        for scalar in scalars() {
            let mut types = vec![scalar; info.arity];
            if info.rule == TypeRule::Select {
                types[0] = ScalarType::Bool;
            }
            if info.op.result_type(&types, None).is_none() {
                continue;
            }
            let operands: Vec<Value> = types.iter().map(|&scalar| kernel.input(scalar)).collect();
            let result = kernel.function.apply(&mut kernel.body, info.op, &operands);
            kernel.output(result);
            used += 1;
        }
        assert!(used >= 2, "{} was applied to {used} types", info.name);
        let (wgsl, _) = check(info.name, kernel.finish());
        assert_eq!(wgsl.manifest.group, Some(64));
    }
}

/// Nothing is legalized here: the back end takes what the capabilities say that it has, and refuses the rest.
#[test]
fn the_back_end_has_what_the_capabilities_say() {
    let kept = || scalars().filter(|&scalar| DEVICE.lacks_type(scalar).is_none());
    let (mut had, mut lacked) = (0, 0);
    for (info, of) in op::OPS.iter().flat_map(|info| kept().map(move |of| (info, of))) {
        let mut types = vec![of; info.arity];
        if info.rule == TypeRule::Select {
            types[0] = ScalarType::Bool;
        }
        let open = matches!(info.rule, TypeRule::Convert | TypeRule::Bitcast);
        let asked: Vec<ScalarType> = if open { kept().collect() } else { vec![of] };
        for result in asked.into_iter().filter_map(|asked| info.op.result_type(&types, Some(asked))) {
            // Bools are not in memory, nor indices.
            let mut kernel = Kernel::new();
            let operands: Vec<Value> = types
                .iter()
                .map(|&scalar| {
                    let word = kernel.input(if scalar == ScalarType::Bool { ScalarType::U32 } else { scalar });
                    kernel.function.convert(&mut kernel.body, word, scalar)
                })
                .collect();
            let apply = Expression::Apply { op: info.op, operands, flags: FloatFlags::STRICT };
            let mut value = kernel.function.define(&mut kernel.body, result, Span::NONE, apply);
            if result == ScalarType::Bool {
                value = kernel.function.convert(&mut kernel.body, value, ScalarType::U32);
            }
            kernel.output(value);
            let compiled = compile_spirv(&kernel.finish(), "f.kernel0", &DEVICE);
            let what = format!("{} {types:?} to {result:?}", info.name);
            match DEVICE.lacks(info.op, &types, result) {
                None => assert!(compiled.is_ok(), "{what}: {}", compiled.unwrap_err()),
                // The conversion is there, for floats in range.
                Some(Lack::SaturatingConversion) => {}
                Some(Lack::FloatTests) if info.op == Op::Convert => {}
                Some(lack) => assert!(compiled.is_err(), "{what}, although the device lacks {lack:?}"),
            }
            *(if compiled.is_ok() { &mut had } else { &mut lacked }) += 1;
        }
    }
    assert!(had > 150 && lacked > 40, "{had} and {lacked}");
}

#[test]
fn every_conversion() {
    for from in scalars() {
        let mut kernel = Kernel::new();
        let x = kernel.input(from);
        for to in scalars() {
            let converted = kernel.function.convert(&mut kernel.body, x, to);
            kernel.output(converted);
            if Op::Bitcast.result_type(&[from], Some(to)).is_some() {
                let cast = kernel.function.bitcast(&mut kernel.body, x, to);
                kernel.output(cast);
            }
        }
        check(from.name(), kernel.finish());
    }
}

#[test]
fn ops_on_constants_are_not_computed_by_wgsl() {
    // Each of these is an error where WGSL computes it at compile time.
    let mut kernel = Kernel::new();
    let constant = |kernel: &mut Kernel, scalar, value| {
        kernel.function.constant(&mut kernel.body, Constant::integer(scalar, value))
    };
    for scalar in [ScalarType::I32, ScalarType::I64, ScalarType::I8] {
        let smallest = constant(&mut kernel, scalar, -1i128 << (scalar.bits() - 1));
        let minus_one = constant(&mut kernel, scalar, -1);
        let zero = constant(&mut kernel, scalar, 0);
        let many = constant(&mut kernel, scalar, 100);
        for (op, operands) in [
            (Op::Mul, [smallest, minus_one]),
            (Op::Sub, [smallest, many]),
            (Op::FloorDiv, [smallest, minus_one]),
            (Op::Mod, [smallest, zero]),
            (Op::Shl, [smallest, many]),
            (Op::Shr, [smallest, many]),
            (Op::ShlInRange, [smallest, many]),
            (Op::Quotient, [many, zero]),
        ] {
            let result = kernel.function.apply(&mut kernel.body, op, &operands);
            kernel.output(result);
        }
        let negated = kernel.function.apply(&mut kernel.body, Op::Neg, &[smallest]);
        kernel.output(negated);
    }
    let x = kernel.input(ScalarType::I32);
    let zero = constant(&mut kernel, ScalarType::I32, 0);
    let quotient = kernel.function.apply(&mut kernel.body, Op::Quotient, &[x, zero]);
    kernel.output(quotient);
    let huge = kernel.function.constant(&mut kernel.body, Constant::f64(1e300));
    for (op, scalar) in [(Op::Mul, ScalarType::F64), (Op::Convert, ScalarType::F32)] {
        let result = match op {
            Op::Convert => kernel.function.convert(&mut kernel.body, huge, scalar),
            _ => kernel.function.apply(&mut kernel.body, op, &[huge, huge]),
        };
        kernel.output(result);
    }
    check("constants", kernel.finish());
}

#[test]
fn unusual_floats_as_constants() {
    let mut kernel = Kernel::new();
    for value in [0.0, -0.0, 1e-45, -1e-40, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY, f32::NAN] {
        let value = kernel.function.constant(&mut kernel.body, Constant::f32(value));
        kernel.output(value);
    }
    for value in [-0.0, 5e-324, f64::MAX, f64::NEG_INFINITY, f64::NAN] {
        let value = kernel.function.constant(&mut kernel.body, Constant::f64(value));
        kernel.output(value);
    }
    check("floats", kernel.finish());
}

#[test]
fn parameters_variables_tables_and_control_flow() {
    let mut kernel = Kernel::new();
    let mut module_tables = Vec::new();
    for (number, scalar) in ScalarType::ALL.into_iter().enumerate() {
        let parameter = kernel.function.scalar_parameter(format!("p{number}"), scalar, Role::Argument(number as u32));
        kernel.output(parameter);
        let nan = [f64::NAN.to_bits(), 1];
        let entries = if scalar == ScalarType::F64 { nan.to_vec() } else { vec![1, 0, 1] };
        module_tables.push(Table { name: format!("TABLE{number}"), scalar, entries });
        let index = kernel.input(ScalarType::I64);
        let entry = Expression::TableEntry { table: TableId(number as u32), index };
        let entry = kernel.function.define(&mut kernel.body, scalar, Span::NONE, entry);
        kernel.output(entry);
        let variable = kernel.function.variable("x", scalar);
        kernel.body.push(Statement::Set { variable, value: entry.into() });
        let got = kernel.function.get(&mut kernel.body, variable);
        kernel.output(got);
    }
    // A loop with all ways out, and a trap of every payload in it.
    let (mut turn, mut step) = (Region::default(), Region::default());
    let counter = kernel.function.variable("i", ScalarType::I32);
    let count = kernel.function.get(&mut turn, counter);
    let limit = kernel.function.constant(&mut turn, Constant::integer(ScalarType::I32, 10));
    let done = kernel.function.apply(&mut turn, Op::Ge, &[count, limit]);
    let leave = |statements: Vec<Statement>| Region { statements };
    let branch = |condition, then, otherwise| Statement::If { condition, then, otherwise, rare: false };
    turn.push(branch(done, leave(vec![Statement::Break]), Region::default()));
    for scalar in ScalarType::ALL {
        let payload = kernel.input(scalar);
        let payload_in_loop = kernel.function.define(
            &mut turn,
            scalar,
            Span::NONE,
            Expression::Apply { op: Op::Select, operands: vec![done, payload, payload], flags: FloatFlags::STRICT },
        );
        let site =
            Site { fault: Fault::Raised, message: "{}".into(), told: Vec::new(), span: Span::NONE, source: None };
        let site = kernel.function.site(site);
        let position = Some(kernel.position);
        turn.push(Statement::Trap { condition: done, site, payloads: vec![payload_in_loop], position });
    }
    turn.push(branch(
        done,
        leave(vec![Statement::Continue]),
        leave(vec![Statement::Return(vec![]), Statement::Continue, Statement::Break]),
    ));
    let now = kernel.function.get(&mut step, counter);
    let one = kernel.function.constant(&mut step, Constant::integer(ScalarType::I32, 1));
    let next = kernel.function.apply(&mut step, Op::Add, &[now, one]);
    step.push(Statement::Set { variable: counter, value: next.into() });
    kernel.body.push(Statement::Loop { body: turn, step });
    let mut module = kernel.finish();
    module.tables = module_tables;
    let (wgsl, spirv) = check("control flow", module);
    assert!(wgsl.manifest.has_status && spirv.manifest.scalars.len() == 12);
    // Three entries of a word in eight tables, of two words in two; float64 has two entries.
    let words = &wgsl.manifest.tables;
    assert_eq!((words, words.len()), (&spirv.manifest.tables, 8 * 3 + 2 * 3 * 2 + 2 * 2));
    assert_eq!(words[words.len() - 4..], [0, 0x7ff8_0000, 1, 0]);
    // Behind the arrays, the parameters and the status record.
    let binding = wgsl.manifest.bindings.len() + 2;
    let note = tables_note(&wgsl.manifest);
    assert!(
        note.starts_with(&format!("// @binding({binding}) tables: a read-only buffer of these 40 words")),
        "{note}"
    );
    assert_eq!(note.lines().count(), 1 + 5);
    let text = wgsl.text().unwrap();
    assert!(text.contains(&format!("@group(0) @binding({binding}) \nvar<storage> tables: array<u32>;")), "{text}");
    assert!(wgsl.text().unwrap().contains("atomicExchange"), "{}", wgsl.text().unwrap());
}

#[test]
fn float_arithmetic_is_never_contracted() {
    let mut kernel = Kernel::new();
    let [a, b, c] = [(); 3].map(|()| kernel.input(ScalarType::F64));
    let product = kernel.function.apply(&mut kernel.body, Op::Mul, &[a, b]);
    let sum = kernel.function.apply(&mut kernel.body, Op::Add, &[product, c]);
    kernel.output(sum);
    let (_, spirv) = check("sum", kernel.finish());
    let words: Vec<u32> = spirv.bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    let module = rspirv::dr::load_words(&words).unwrap();
    let decorated = |op: rspirv::spirv::Op| {
        let instruction = module.all_inst_iter().find(|instruction| instruction.class.opcode == op).unwrap();
        let id = rspirv::dr::Operand::IdRef(instruction.result_id.unwrap());
        let no_contraction = rspirv::dr::Operand::Decoration(rspirv::spirv::Decoration::NoContraction);
        module.annotations.iter().any(|decoration| decoration.operands == [id.clone(), no_contraction.clone()])
    };
    assert!(decorated(rspirv::spirv::Op::FMul) && decorated(rspirv::spirv::Op::FAdd));
}

#[test]
fn what_a_device_lacks_is_refused() {
    let refused = |capabilities: Capabilities, scalar, op| {
        let mut kernel = Kernel::new();
        let [a, b, c] = [(); 3].map(|()| kernel.input(scalar));
        let operands = if op == Op::Fma { vec![a, b, c] } else { vec![a, b] };
        let result = kernel.function.apply(&mut kernel.body, op, &operands);
        kernel.output(result);
        legalize::run(&mut kernel.finish(), &capabilities).unwrap_err().to_string()
    };
    let small = Capabilities::naga("webgpu");
    let text = refused(small, ScalarType::F64, Op::Add);
    assert!(
        text.contains("type 'float64', which the device 'webgpu' does not have") && text.contains("help: "),
        "{text}"
    );
    assert!(refused(small, ScalarType::I64, Op::Add).contains("int64"));
    assert!(refused(small, ScalarType::F32, Op::Fma).contains("fused multiply-add"));
    // The validator knows it too: nothing gets through that was not legalized.
    let mut kernel = Kernel::new();
    let x = kernel.input(ScalarType::F64);
    kernel.output(x);
    let error = compile_spirv(&kernel.finish(), "f.kernel0", &small).unwrap_err();
    assert!(matches!(error, Error::Internal { .. }), "{error}");
}
