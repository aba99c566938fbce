//! Kernels as users write them: the interpreter after every stage and for every target, every device, and every judge
//! of what the back ends emit, on the same data.

use numbra::Kernel;
use numbra::front::interp::Limits;
use numbra::front::types::ScalarType;
use numbra_tests::call::{Agreement, Call, CallArgument, Outcome};
use numbra_tests::kernels::{Case, GROUPS};
use numbra_tests::{devices, for_every_group_of_kernels, lowerings, stages};

/// Runs a case everywhere.
fn everywhere(case: &Case) {
    let kernel = case.kernel().unwrap_or_else(|error| panic!("{error}"));
    let name = kernel.name();
    let expected = case.expected(&kernel).unwrap_or_else(|error| panic!("{error}"));
    let types: Vec<ScalarType> = case.inputs.iter().map(|input| input.scalar()).collect();
    let module = match &kernel {
        Kernel::Vectorize(kernel) => kernel.module_for(&types, None),
        Kernel::Stencil(kernel) => kernel.module_for(&kernel.argument_types(&case.arguments())),
    };
    let module = module.unwrap_or_else(|error| panic!("{error}"));
    let arguments = case.inputs.iter().cloned().map(CallArgument::whole).collect();
    let plain = Call { arguments, scalar: expected.scalar(), shape: expected.shape().to_vec() };
    let outcome = Outcome::Done(expected.clone());
    stages::compare(&module, &plain, &Limits::NONE, &outcome).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cuda = lowerings::run_cuda_form(&module, &plain).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(cuda.difference(&outcome, Agreement::Full), None, "{name}: cuda on the host");
    lowerings::judge(name, &module);
    for device in devices() {
        let got = case.call(&kernel, &device).unwrap_or_else(|error| panic!("{}: {error}", device.name()));
        assert_eq!(case.difference(&device, &got, &expected), None, "{name} on {}", device.name());
    }
}

macro_rules! tests {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let (_, cases) = GROUPS.iter().find(|(name, _)| *name == stringify!($name)).expect("a group of that name");
            cases().iter().for_each(everywhere);
        }
    )*};
}

for_every_group_of_kernels!(tests);
