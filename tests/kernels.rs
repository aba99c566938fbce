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
    let cuda = lowerings::run_cuda_forms(&module, &plain, &mut |form, got| {
        got.difference(&outcome, Agreement::Full).map_or(Ok(()), |difference| Err(format!("{form}: {difference}")))
    });
    cuda.unwrap_or_else(|error| panic!("{name}, on the host: {error}"));
    lowerings::judge(name, &module, &lowerings::ARCHITECTURES);
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

/// Mesa's software driver ends loops after 65,535 turns without a word.
#[test]
fn loops_that_a_driver_would_end_are_right_or_an_error() {
    let text = "
def count(n):
    turns = 0
    for i in range(n):
        turns += 1
    return turns

def nested(n):
    turns = 0
    for i in range(100):
        for j in range(n):
            turns += 1
    return turns


def add(x, y):
    return x + y

def minus(x, y):
    return x - y

def slow(x, y):
    for i in range(y + 1):
        x -= 1
    return x
";
    let source = numbra::source(text).unwrap();
    for name in ["cpu", "vulkan"] {
        let device = numbra::Device::open(name).unwrap();
        let on = |kernel: &str| source.vectorize(kernel).unwrap().on(&device);
        let check = |result: numbra::Result<numbra::Output>, expected: &[i64], what: &str| match result {
            Ok(output) => assert_eq!(Vec::<i64>::try_from(output).unwrap(), expected, "{what} on {name}"),
            Err(error) => {
                assert!(
                    name == "vulkan" && error.to_string().contains("ends loops early"),
                    "{what} on {name}: {error}"
                );
                assert!(expected.iter().any(|&turns| turns > 4000), "{what} on {name}: {error}");
            }
        };
        for turns in [0, 3, 60_000, 65_534, 65_535, 65_536, 200_000] {
            check(on("count").call((&[turns, 5][..],)), &[turns, 5], "count");
        }
        for turns in [0, 3, 30, 600, 700, 1000] {
            check(on("nested").call((&[turns, 2][..],)), &[100 * turns, 200], "nested");
        }
        // What the driver does not end runs.
        assert_eq!(Vec::<i64>::try_from(on("count").call((&[60_000i64][..],)).unwrap()).unwrap(), [60_000]);
        assert_eq!(Vec::<i64>::try_from(on("nested").call((&[30i64][..],)).unwrap()).unwrap(), [3000]);
        // Folds go in pieces.
        let ones = vec![1i64; 100_000];
        assert_eq!(Vec::<i64>::try_from(on("add").reduce(&ones[..], [0]).unwrap()).unwrap(), [100_000], "{name}");
        assert_eq!(Vec::<i64>::try_from(on("minus").reduce(&ones[..], [0]).unwrap()).unwrap(), [-99_998], "{name}");
        assert_eq!(Vec::<i64>::try_from(on("slow").reduce(&ones[..2000], [0]).unwrap()).unwrap(), [-3997], "{name}");
        let sums = Vec::<i64>::try_from(on("add").accumulate(&ones[..], 0).unwrap()).unwrap();
        assert_eq!(sums, (1..=100_000).collect::<Vec<i64>>(), "{name}");
    }
}
