//! How the extension module is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        // numbra-cuda-driver defines functions with the driver's names; they must stay ours where something else, such as
        // PyTorch, has loaded the driver for everyone.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-Bsymbolic");
        // Nothing is visible but PyInit__core: another LLVM, llvmlite's, may live in the same process.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    }
}
