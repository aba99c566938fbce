//! The crate `numbra` as a program uses it: on the interpreter, on Vulkan, and, with the feature `llvm`, on the processor.

mod arguments;
mod errors;
mod examples;
mod functions;
mod kernels;
mod stencils;

/// The program in the README.
mod readme {
    include!("readme.rs");

    #[test]
    fn it_runs_and_stands_there() {
        main().unwrap();
        let program = format!("```rust\n{}```", include_str!("readme.rs"));
        assert!(
            include_str!("../../README.md").contains(&program),
            "README.md shows another program than tests/library/readme.rs"
        );
    }
}

use numbra::{Device, On, Stencil, Vectorize};

/// The devices that must be here.
fn devices() -> Vec<Device> {
    let names: &[&str] =
        if cfg!(feature = "llvm") { &["interp", "cpu", "parallel", "vulkan"] } else { &["interp", "vulkan"] };
    names.iter().map(|name| Device::open(name).unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
}

/// `def f(...)` on a device.
fn vectorized(device: &Device, text: &str) -> On<Vectorize> {
    numbra::source(text).unwrap().vectorize("f").unwrap().on(device)
}

fn stencil(device: &Device, text: &str) -> On<Stencil> {
    numbra::source(text).unwrap().stencil("f").unwrap().on(device)
}
