//! Loading: many kernels of one name, on many threads, gone when dropped; and what is refused.

use super::build::*;
use numbra_codegen::llvm::*;
use numbra_codegen::{ArtefactKind, Error};
use numbra_front::ir::*;
use numbra_front::types::{Constant, ScalarType};

fn add(number: i64) -> Module {
    elementwise(Form::Range, &[ScalarType::I64], &[ScalarType::I64], |function, region, elements| {
        let number = function.constant(region, Constant::integer(ScalarType::I64, number as i128));
        vec![function.apply(region, Op::Add, &[elements[0], number])]
    })
}

fn call(kernel: &NativeKernel, value: i64) -> i64 {
    let (mut input, mut output) = ([value], [0i64]);
    let buffers = [input.as_mut_ptr().cast(), output.as_mut_ptr().cast()];
    unsafe { kernel.call(&buffers, &[0, 1], &mut Status::default()) };
    output[0]
}

#[test]
fn kernels_of_one_name_live_side_by_side() {
    let load = |number| {
        let artefact = compile_native(&add(number), &NativeOptions::default()).expect("compiles");
        NativeKernel::load(&artefact).expect("loads")
    };
    let (first, second) = (load(1), load(2));
    assert_eq!((call(&first, 10), call(&second, 10)), (11, 12));
    drop(first);
    let third = load(3);
    assert_eq!((call(&second, 10), call(&third, 10)), (12, 13));
}

#[test]
fn threads_compile_load_and_call() {
    let shared = compile_native(&add(1000), &NativeOptions::default()).expect("compiles");
    let shared = std::sync::Arc::new(NativeKernel::load(&shared).expect("loads"));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let shared = shared.clone();
            scope.spawn(move || {
                for round in 0..5 {
                    let number = thread * 100 + round;
                    let artefact = compile_native(&add(number), &NativeOptions::default()).expect("compiles");
                    let kernel = NativeKernel::load(&artefact).expect("loads");
                    assert_eq!((call(&kernel, 1), call(&shared, 1)), (number + 1, 1001));
                }
            });
        }
    });
}

#[test]
fn artefacts_are_self_contained_and_described() {
    let artefact = compile_native(&add(1), &NativeOptions::default()).expect("compiles");
    assert_eq!(artefact.kind, ArtefactKind::Object);
    assert_eq!(artefact.manifest.entry, "numbra_kernel");
    let names: Vec<_> =
        artefact.manifest.bindings.iter().map(|binding| (binding.name.as_str(), binding.access)).collect();
    assert_eq!(names, [("in0", Access::Read), ("out0", Access::Write)]);
    let roles: Vec<_> = artefact.manifest.scalars.iter().map(|scalar| scalar.role).collect();
    assert_eq!(roles, [Role::Begin, Role::End]);
    assert!(!artefact.manifest.has_status && artefact.manifest.group.is_none());
    assert_eq!(artefact, compile_native(&add(1), &NativeOptions::default()).expect("compiles"));
}

#[test]
fn damaged_objects_and_wrong_forms_are_errors() {
    let mut artefact = compile_native(&add(1), &NativeOptions::default()).expect("compiles");
    artefact.bytes.truncate(100);
    assert!(NativeKernel::load(&artefact).is_err());
    artefact.bytes.clear();
    assert!(NativeKernel::load(&artefact).is_err());
    let grid = elementwise(GRID, &[], &[], |_, _, _| Vec::new());
    assert!(compile_native(&grid, &NativeOptions::default()).is_err());
    let options = NvptxOptions { arch: "sm_90".parse().expect("known") };
    assert!(compile_nvptx(&add(1), &options).is_err());
    let mut unscheduled = add(1);
    unscheduled.functions[0].form = Form::Kernel;
    assert!(compile_native(&unscheduled, &NativeOptions::default()).is_err());
    assert!(compile_native(&Module::default(), &NativeOptions::default()).is_err());
}

#[test]
fn architectures() {
    assert!(matches!("sm_91".parse::<Arch>(), Err(Error::Unsupported { .. })));
    assert!("90".parse::<Arch>().is_err());
    let named = |major, minor| Arch::for_device(major, minor).map(|arch| arch.to_string());
    assert_eq!(named(9, 0).as_deref(), Some("sm_90"));
    assert_eq!(named(8, 8).as_deref(), Some("sm_87"));
    assert_eq!(named(13, 0).as_deref(), Some("sm_121"));
    assert_eq!(named(3, 5), None);
}

#[test]
fn texts() {
    let options = NativeOptions::default();
    let before = native_text(&add(1), &options, Emit::Lowered).expect("text");
    assert!(before.contains("alloca i64") && before.contains("noalias"), "{before}");
    let after = native_text(&add(1), &options, Emit::Optimized).expect("text");
    assert!(!after.contains("alloca"), "{after}");
    let assembly = native_text(&add(1), &options, Emit::Assembly).expect("text");
    assert!(assembly.contains("numbra_kernel:") && assembly.contains("ret"), "{assembly}");
}
