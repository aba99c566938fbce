//! Tools of others that judge what the back ends emit.

use std::path::PathBuf;
use std::process::Command;

/// Assembles PTX with NVIDIA's `ptxas`.
///
/// # Panics
/// If there is no `ptxas`, or it refuses the text.
pub fn assemble(ptx: &str, arch: &str) {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ptxas-{}-{count}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for ptxas");
    let (source, result) = (folder.join("kernel.ptx"), folder.join("kernel.cubin"));
    std::fs::write(&source, ptx).expect("PTX for ptxas");
    let mut command = Command::new(ptxas());
    command.arg("--gpu-name").arg(arch).arg("--output-file").arg(&result).arg(&source);
    let output = command.output().expect("ptxas starts");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let assembled = output.status.success() && result.exists();
    let _ = std::fs::remove_dir_all(&folder);
    assert!(assembled, "ptxas for {arch} refuses:\n{message}\n{ptx}");
}

/// `NUMBRA_PTXAS`, else the one on PATH.
fn ptxas() -> PathBuf {
    let named = std::env::var_os("NUMBRA_PTXAS").map(PathBuf::from).filter(|path| path.is_file());
    let on_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).map(|folder| folder.join("ptxas")).find(|path| path.is_file())
    };
    named.or_else(on_path).expect("no ptxas: run tools/setup, or name one in NUMBRA_PTXAS")
}
