//! Wrong input of every kind: one clear message, with the place where there is one, exit status 1, no panic.

use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    fn numbra(&self, arguments: &[&str]) -> Output {
        self.command(arguments).env_remove("NUMBRA_TARGET").output().unwrap()
    }

    /// The command, on a machine that has no CUDA driver, whatever this one has.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_numbra"));
        command.args(arguments).current_dir(&self.0).env("NUMBRA_CUDA_DRIVER", "/nonexistent/libcuda.so.1");
        command
    }

    /// Runs with wrong input; the message must have all `parts`.
    fn refuses(&self, arguments: &[&str], parts: &[&str]) {
        let output = self.numbra(arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains("error"), "{arguments:?}: {text}");
        assert!(!text.contains("panicked") && !text.contains("internal error"), "{arguments:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{arguments:?} should say '{part}':\n{text}");
        }
    }

    /// A kernel whose text is wrong at a place.
    fn refuses_kernel(&self, text: &str, settings: &[&str], place: &str, parts: &[&str]) {
        self.write("k.py", format!("from numba import vectorize, stencil\nimport numpy as np\nimport math\n{text}"));
        let mut arguments = vec!["run", "k.py:f", "--device", "interp"];
        for setting in settings {
            arguments.extend(["--set", setting]);
        }
        let place = format!("k.py:{place}");
        let all: Vec<&str> = parts.iter().copied().chain([place.as_str(), "^"]).collect();
        self.refuses(&arguments, &all);
    }
}

/// A version 1.0 .npy file with any header and any data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    let text = format!("{header}\n");
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.as_bytes());
    file.extend(data);
    file
}

fn float64_file(shape: &str, count: usize) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    npy(&header, &vec![0; count * 8])
}

#[test]
fn kernel_text() {
    let folder = Folder::new("kernel_text");
    let one = &["x=1"][..];
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return (x +\n", one, "", &[]);
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return x + y\n", one, "6:16", &["'y'"]);
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return [x, x]\n", one, "", &["returns a tuple"]);
    folder.refuses_kernel(
        "@vectorize\ndef f(x):\n    try:\n        return x\n    except ValueError:\n        return 0\n",
        one,
        "6:5",
        &["try"],
    );
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return 'a'\n", one, "6:12", &[]);
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return math.sine(x)\n", one, "6:12", &["sin"]);
    folder.refuses_kernel("@vectorize\ndef f(x):\n    return x & 1.5\n", one, "6:12", &["float64"]);
    folder.refuses_kernel("@vectorize(['float64(float65)'])\ndef f(x):\n    return x\n", one, "4:", &["float65"]);
    folder.refuses_kernel("@vectorize(['float64(float64, float64)'])\ndef f(x):\n    return x\n", one, "", &[]);
    folder.refuses_kernel("@vectorize(colour=3)\ndef f(x):\n    return x\n", one, "4:", &["colour"]);
    folder.refuses_kernel(
        "@vectorize(['int64(int64)'], target='abacus')\ndef f(x):\n    return x\n",
        one,
        "4:",
        &["abacus", "vulkan"],
    );
    folder.refuses_kernel("@stencil(mode='wrap')\ndef f(x):\n    return x[0]\n", one, "4:", &[]);
    // Without a decorator a function is called whole.
    folder.refuses_kernel("def f(x):\n    return x + y\n", one, "5:16", &["'y'"]);
    folder.refuses_kernel("def f(x):\n    return 1 // (x - x)\n", one, "5:12", &["division by zero"]);
}

#[test]
fn stencils() {
    let folder = Folder::new("stencils");
    folder.write("a.npy", float64_file("(4, 4)", 16));
    let a = &["a=a.npy"][..];
    folder.refuses_kernel("@stencil\ndef f(a):\n    return a[0]\n", a, "6:12", &["2"]);
    folder.refuses_kernel(
        "@stencil\ndef f(a):\n    return a[0, int(a[0, 0])]\n",
        a,
        "6:",
        &["'neighborhood' option required"],
    );
    folder.refuses_kernel("@stencil\ndef f(a):\n    return 1\n", a, "", &["no accesses to relatively indexed arrays"]);
    folder.refuses_kernel("@stencil\ndef f(a):\n    a[0, 0] = 1\n    return a[0, 0]\n", a, "6:5", &["not allowed"]);
    folder.refuses(&["run", "k.py:f", "--set", "a=3"], &["is a scalar"]);
}

#[test]
fn arguments() {
    let folder = Folder::new("arguments");
    folder.write(
        "k.py",
        "from numba import vectorize\n@vectorize(['float64(float64, float64)'])\ndef f(x, y):\n    return x + y\n",
    );
    let run = |settings: &[&'static str]| -> Vec<&str> {
        let mut arguments = vec!["run", "k.py:f"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        arguments
    };
    folder.refuses(&run(&["x=1"]), &["'y'", "--set y="]);
    folder.refuses(&run(&["x=1", "y=2", "z=3"]), &["'z'", "x, y"]);
    folder.refuses(&run(&["x=1", "y=2", "x=3"]), &["'x'"]);
    folder.refuses(&run(&["x=1", "y=two"]), &["two"]);
    folder.refuses(&run(&["x=1", "y=nowhere.npy"]), &["nowhere.npy"]);
    folder.write("a.npy", float64_file("(2, 3)", 6));
    folder.write("b.npy", float64_file("(4,)", 4));
    folder.refuses(&run(&["x=a.npy", "y=b.npy"]), &["broadcast", "(2,3)", "(4,)"]);
    folder.write("int.py", "from numba import vectorize\n@vectorize(['int64(int64)'])\ndef f(x):\n    return x\n");
    folder.refuses(&["run", "int.py:f", "--set", "x=a.npy"], &["float64", "'safe'"]);
    folder.refuses(&["run", "k.py:g"], &["'g'", "f"]);
    folder.refuses(&["run", "none.py:f"], &["none.py"]);
    folder.refuses(&["run", "k.py"], &["FILE.py:KERNEL"]);
    folder.refuses(&["fly"], &["fly"]);
    let nothing = folder.numbra(&[]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(String::from_utf8(nothing.stderr).unwrap().contains("Usage: numbra"));
    folder.refuses(&["run", "k.py:f", "--set", "x=1", "--set", "y=1", "--device", "abacus"], &["abacus", "vulkan"]);
    folder.refuses(&["run", "k.py:f", "--set", "x=1", "--set", "y=1", "--device", "cuda"], &["no CUDA driver", "cpu"]);
    folder.refuses(&["run", "k.py:f", "--set", "x=1", "--set", "y=1", "--device", "vulkan:99"], &["vulkan:99"]);
    folder.refuses(&["compile", "k.py:f", "--emit", "ptx", "--signature", "float64(float64"], &[]);
    folder.refuses(&["compile", "k.py:f", "--emit", "ptx", "--signature", "float64(float64)"], &["2 arguments"]);
    folder.refuses(&["compile", "k.py:f", "--emit", "ptx", "--arch", "sm_1"], &["sm_50"]);
    folder.refuses(&["compile", "k.py:f", "--emit", "jpeg"], &["ptx"]);
    folder.write("latin.py", b"# caf\xe9\n");
    folder.refuses(&["run", "latin.py:f"], &["latin.py:1:6", "UTF-8"]);
}

#[test]
fn array_files() {
    let folder = Folder::new("array_files");
    folder.write("k.py", "from numba import vectorize\n@vectorize\ndef f(x):\n    return x\n");
    let whole = float64_file("(4,)", 4);
    let header = |descr: &str, shape: &str| {
        npy(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"), &[0; 64])
    };
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("complex.npy", header("<c16", "(4,)"), "complex128"),
        ("object.npy", header("|O", "(8,)"), "object"),
        ("truncated.npy", whole[..whole.len() - 3].to_vec(), "truncated.npy"),
        ("junk.npy", b"hello, this is not an array at all".to_vec(), "junk.npy"),
        ("empty.npy", Vec::new(), "empty.npy"),
        ("promise.npy", header("<f8", "(1000000000000,)"), "promise.npy"),
        ("overflow.npy", header("<f8", "(4294967296, 4294967296, 4294967296)"), "overflow.npy"),
        ("negative.npy", header("<f8", "(-4,)"), "negative.npy"),
    ];
    for (name, bytes, part) in cases {
        folder.write(name, bytes);
        folder.refuses(&["run", "k.py:f", "--set", &format!("x={name}")], &[part]);
    }
}

#[test]
fn a_fault_names_its_place() {
    let folder = Folder::new("fault");
    folder.write("a.npy", float64_file("(4,)", 4));
    for device in ["interp", "cpu", "parallel", "vulkan"] {
        folder.write(
            "k.py",
            "from numba import stencil\n@stencil(standard_indexing=('b',))\ndef f(a, b):\n    return a[0] + b[9]\n",
        );
        folder.refuses(
            &["run", "k.py:f", "--set", "a=a.npy", "--set", "b=a.npy", "--device", device],
            &["k.py:4:", "out of bounds", "(0)"],
        );
    }
}

#[test]
fn the_environment_overrides_the_target_of_a_kernel() {
    let folder = Folder::new("environment");
    folder.write(
        "k.py",
        "from numba import vectorize\n@vectorize(['int64(int64)'], target='cuda')\ndef f(x):\n    return x + 1\n",
    );
    folder.refuses(&["run", "k.py:f", "--set", "x=1"], &["cuda", "NUMBRA_TARGET"]);
    // What the command line names is meant.
    for (device, target) in
        [(&[][..], "interp"), (&["--device", "interp"], "cuda"), (&["--device", "interp"], "abacus")]
    {
        let mut command = folder.command(&[&["run", "k.py:f", "--set", "x=41"], device].concat());
        let output = command.env("NUMBRA_TARGET", target).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "42\n", "{device:?} {target}");
        assert!(output.status.success());
    }
}

#[test]
fn output_that_cannot_be_written() {
    let folder = Folder::new("output");
    folder.write("k.py", "from numba import vectorize, stencil\n@vectorize(['int64(int64)'])\ndef f(x):\n    return x + 1\n@stencil\ndef s(a):\n    return a[0]\n");
    let run = ["run", "k.py:f", "--set", "x=1"];
    folder.refuses(&[&run[..], &["-o", "nowhere/o.npy"]].concat(), &["nowhere", "folder"]);
    folder.refuses(&[&run[..], &["--plot", "k.py/p.png"]].concat(), &["k.py", "folder"]);
    std::fs::create_dir(folder.0.join("o.npy")).unwrap();
    folder.refuses(&[&run[..], &["-o", "o.npy"]].concat(), &["o.npy", "folder"]);
    folder.refuses(&["run", "k.py:s", "--set", "a=1", "--steps", "-1"], &["--steps", "-1"]);
    // A full device is an error, a reader that has left is none; neither ends in a panic.
    for arguments in [&run[..], &["devices"], &["compile", "k.py:f", "--emit", "ir"]] {
        for (place, status) in [("/dev/full", 1), ("a pipe", 0)] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_numbra"));
            command.args(arguments).current_dir(&folder.0).env_remove("NUMBRA_TARGET");
            if place == "/dev/full" {
                command.stdout(std::fs::File::create("/dev/full").unwrap());
            } else {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                command.stdout(writer);
            }
            let output = command.output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(status), "{arguments:?} to {place}: {text}");
            assert!(!text.contains("panicked"), "{arguments:?} to {place}: {text}");
        }
    }
}

#[test]
fn python_integers_do_not_wrap() {
    let folder = Folder::new("bounds");
    folder.write("a.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", &[1, 2]));
    folder.write(
        "k.py",
        "from numba import vectorize\n@vectorize(['uint8(uint8, uint8)'])\ndef f(x, y):\n    return x + y\n",
    );
    folder.refuses(&["run", "k.py:f", "--set", "x=a.npy", "--set", "y=300"], &["300", "uint8"]);
}

#[test]
fn results_are_written_as_python_does() {
    let folder = Folder::new("results");
    folder.write("k.py", "from numba import vectorize\n@vectorize\ndef f(x, y):\n    return x * y\n@vectorize\ndef g(x, y):\n    return x < y\n");
    let large = (1i64 << 60) + 1;
    let integers: Vec<u8> = [large, large - 1, large + 1, large].iter().flat_map(|value| value.to_le_bytes()).collect();
    folder.write("a.npy", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }", &integers));
    let run = |kernel: &str, x: &str, y: &str| {
        let settings = (format!("x={x}"), format!("y={y}"));
        let output = folder.numbra(&["run", &format!("k.py:{kernel}"), "--set", &settings.0, "--set", &settings.1]);
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    };
    assert_eq!(run("g", "1", "2"), "True");
    assert_eq!(run("f", "0", "inf"), "nan");
    assert_eq!(run("f", "2", "-inf"), "-inf");
    assert_eq!(run("g", "1", "a.npy"), "bool (4,), from True to True");
    assert_eq!(run("f", "1", "a.npy"), format!("int64 (4,), from {} to {}", large - 1, large + 1));
}

#[test]
fn compile_says_what_a_signature_does_not_decide() {
    let folder = Folder::new("signatures");
    folder.write("k.py", "from numba import vectorize, stencil\n@stencil\ndef s(a):\n    return 0.5 * a[1]\n@vectorize(['int64(int64)', 'float64(float64)'])\ndef f(x):\n    return x\n");
    let notes = |arguments: &[&str]| {
        let output = folder.numbra(&[&["compile"], arguments, &["--emit", "ir"]].concat());
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(notes(&["k.py:s", "--signature", "float32(float32[:])"]).contains("'s' returns float64"));
    assert_eq!(notes(&["k.py:s", "--signature", "float64(float64[:])"]), "");
    assert_eq!(notes(&["k.py:s", "--signature", "(float64[:],)"]), "");
    assert!(notes(&["k.py:f"]).contains("int64(int64), float64(float64)"));
    assert_eq!(notes(&["k.py:f", "--signature", "int64(int64)"]), "");
}

#[test]
fn only_messages_of_numbra_are_printed() {
    let folder = Folder::new("quiet");
    folder.write("k.py", "from numba import vectorize\n@vectorize\ndef f(x):\n    return x + 1\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_numbra"));
    command.args(["run", "k.py:f", "--set", "x=41", "--device", "vulkan"]).current_dir(&folder.0);
    let output = command
        .env_remove("NUMBRA_TARGET")
        .env_remove("XDG_RUNTIME_DIR")
        .env_remove("NODEVICE_SELECT")
        .output()
        .unwrap();
    let texts = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(texts, ("42\n".to_string(), String::new()));
}

#[test]
fn devices_that_are_absent_say_why() {
    let folder = Folder::new("devices");
    let output = folder.numbra(&["devices"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let (_, cuda) = text.split_once("cuda:0: not here\n").unwrap_or_else(|| panic!("no cuda:0 in:\n{text}"));
    let reason: Vec<&str> = cuda.lines().take_while(|line| line.starts_with("  ")).collect();
    assert!(reason[0].contains("there is no CUDA driver here (/nonexistent/libcuda.so.1"), "{reason:?}");
    assert!(reason[1].contains("help: install NVIDIA's driver"), "{reason:?}");
    #[cfg(target_os = "linux")]
    for reason in [
        "metal:0: not here\n  metal:0: Metal is on Apple's systems only\n  help: ",
        "dx12:0: not here\n  dx12:0: Direct3D 12",
    ] {
        assert!(text.contains(reason), "{reason} in:\n{text}");
    }
    let auto = text.lines().last().unwrap();
    assert!(auto.starts_with("auto: ") && !auto.contains("cuda"), "{auto}");
}

#[test]
fn warnings_are_told_once() {
    let folder = Folder::new("warnings");
    let text = "from numba import vectorize, stencil\n@vectorize(['float32(float32)'])\ndef f(x):\n    return x * 2.5\n@stencil\ndef s(a):\n    return a[0] * 0.5\n";
    folder.write("k.py", text);
    folder.write("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", &[0; 8]));
    let runs: [(&[&str], &str); 4] = [
        (&["run", "k.py:f", "--set", "x=a.npy"], "k.py:4:16"),
        (&["run", "k.py:s", "--set", "a=a.npy", "--steps", "3"], "k.py:7:19"),
        (&["compile", "k.py:f", "--emit", "ir"], "k.py:4:16"),
        (&["compile", "k.py:s", "--emit", "wgsl", "--signature", "(float32[:],)"], "k.py:7:19"),
    ];
    for (arguments, place) in runs {
        let output = folder.numbra(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        assert_eq!(errors.matches("warning: a float64 literal widens").count(), 1, "{arguments:?}: {errors}");
        assert!(errors.contains(place) && errors.contains('^'), "{arguments:?}: {errors}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("warning"), "{arguments:?}");
    }
    // Nothing to say: nothing said.
    folder.write("a.npy", float64_file("(2,)", 2));
    let output = folder.numbra(&["run", "k.py:s", "--set", "a=a.npy"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
