//! With `static-llvm`: LLVM's own dependencies are linked in as well, where the system has them as archives, so that what
//! is built runs where they are not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

const LIBRARIES: [&str; 3] = ["z", "zstd", "ffi"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CC");
    if std::env::var_os("CARGO_FEATURE_STATIC_LLVM").is_none() {
        return;
    }
    let Some(out) = std::env::var_os("OUT_DIR").map(PathBuf::from) else { return };
    // llvm-sys asks for -lzstd and the like. A folder that has the archives alone, before the system's, decides which
    // of the two forms the linker finds.
    let found = LIBRARIES.iter().filter_map(|name| archive(name)).filter(|path| copy(path, &out)).count();
    if found > 0 {
        println!("cargo:rustc-link-search=native={}", out.display());
    }
}

/// The archive `libNAME.a`, if the C compiler knows where it is.
fn archive(name: &str) -> Option<PathBuf> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let output = Command::new(compiler).arg(format!("-print-file-name=lib{name}.a")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    (path.is_absolute() && path.is_file()).then_some(path)
}

fn copy(path: &Path, folder: &Path) -> bool {
    path.file_name().is_some_and(|name| std::fs::copy(path, folder.join(name)).is_ok())
}
