//! Whole functions from the shell: run on both hosts, compiled to text, refused.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

const TEXT: &str = "\
import numpy as np
from numba import njit

@njit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

@njit
def parts(n, step=2):
    return n // step, (n / step, n > step), None

@njit('float64(float64[:])')
def cumulated(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total

def ramp(n):
    out = np.zeros(n)
    for i in range(n):
        out[i] = 0.5 * i
    return out

@njit(error_model='numpy')
def quotient(a, b):
    return a / b
";

/// Where the file is. Written once: tests run at the same time, and read it.
fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("functions");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("f.py"), TEXT).unwrap();
        path
    });
    folder.clone()
}

/// What the command prints, or its message.
fn numbra(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_numbra"))
        .args(arguments)
        .current_dir(folder())
        .env_remove("NUMBRA_TARGET")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_string();
    match output.status.code() {
        Some(0) => Ok(text(output.stdout)),
        Some(1) => Err(text(output.stderr)),
        code => panic!("{arguments:?}: {code:?}"),
    }
}

#[test]
fn numbers_and_tuples_are_printed() {
    for device in ["cpu", "interp"] {
        let run = |name: &str, settings: &[&str]| {
            let place = format!("f.py:{name}");
            let mut arguments = vec!["run", &place, "--device", device];
            settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
            numbra(&arguments)
        };
        assert_eq!(run("fib", &["n=20"]).unwrap(), "6765");
        assert_eq!(run("parts", &["n=7"]).unwrap(), "(3, (3.5, True), None)");
        assert_eq!(run("parts", &["n=-7", "step=7"]).unwrap(), "(-1, (-1.0, False), None)");
        assert_eq!(run("quotient", &["a=1", "b=0"]).unwrap(), "inf");
        let message = run("parts", &["n=7", "step=0"]).unwrap_err();
        assert!(message.contains("division by zero") && message.contains("f.py:10:12"), "{message}");
        assert_eq!(run("ramp", &["n=5"]).unwrap(), "float64 (5,), from 0.0 to 2.0");
        assert!(run("fib", &[]).unwrap_err().contains("no value for 'n'"));
        assert!(run("fib", &["m=1"]).unwrap_err().contains("no parameter 'm'"));
        assert!(run("fib", &["n=1.5", "n=2"]).unwrap_err().contains("two values"));
        assert!(run("cumulated", &["x=3"]).unwrap_err().contains("No matching definition for argument type(s) int64"));
    }
}

#[test]
fn arrays_are_written_and_read() {
    for device in ["cpu", "interp"] {
        let file = format!("ramp-{device}.npy");
        numbra(&["run", "f.py:ramp", "--set", "n=6", "-o", &file, "--device", device]).unwrap();
        let setting = format!("x={file}");
        assert_eq!(numbra(&["run", "f.py:cumulated", "--set", &setting, "--device", device]).unwrap(), "7.5");
    }
    assert!(numbra(&["run", "f.py:fib", "--set", "n=3", "-o", "x.npy"]).unwrap_err().contains("returned no array"));
    assert!(numbra(&["run", "f.py:fib", "--set", "n=3", "--steps", "2"]).unwrap_err().contains("--steps"));
}

#[test]
fn code_is_kept_on_disk() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let run = |place: &PathBuf| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_numbra"));
        command.args(["run", "f.py:fib", "--set", "n=20", "--device", "cpu", "--cache"]).current_dir(self::folder());
        let output = command.env("NUMBRA_CACHE_DIR", place).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "6765\n");
        String::from_utf8(output.stderr).unwrap()
    };
    let entries = || -> Vec<PathBuf> {
        let inside =
            std::fs::read_dir(&folder).unwrap().flat_map(|user| std::fs::read_dir(user.unwrap().path()).unwrap());
        inside.map(|entry| entry.unwrap().path()).collect()
    };
    for _ in 0..2 {
        assert_eq!(run(&folder), "");
        assert_eq!(entries().len(), 1);
    }
    // Nothing can be kept in what is no folder.
    let told = run(&entries()[0]);
    assert!(told.contains("compiled code is not kept on disk") && told.contains("NUMBRA_CACHE_DIR"), "{told}");
}

#[test]
fn every_form_is_printed() {
    let compile = |name: &str, form: &str, signature: &str| {
        numbra(&["compile", &format!("f.py:{name}"), "--emit", form, "--signature", signature])
    };
    assert!(compile("fib", "tree", "int64(int64)").unwrap().contains("fib"));
    assert!(compile("fib", "ir", "int64(int64)").unwrap().contains("call @fib"));
    assert!(compile("fib", "llvm", "int64(int64)").unwrap().contains("define"));
    assert!(compile("fib", "asm", "int64(int64)").unwrap().contains("ret"));
    assert!(numbra(&["compile", "f.py:cumulated", "--emit", "ir"]).unwrap().contains("f64"));
    assert!(compile("fib", "wgsl", "int64(int64)").unwrap_err().contains("whole function"));
    assert!(compile("fib", "ir", "int64(int64, int64)").unwrap_err().contains("takes 1 arguments"));
    assert!(numbra(&["compile", "f.py:fib", "--emit", "ir"]).unwrap_err().contains("declares no signature"));
    let folder = "passes";
    numbra(&["compile", "f.py:cumulated", "--emit", "ir", "--dump-passes", folder]).unwrap();
    assert!(self::folder().join(folder).read_dir().unwrap().count() > 5);
}
