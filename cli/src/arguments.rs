//! The command line.

use crate::literal;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use numbra_front::types::Constant;
use numbra_runtime::device::DeviceName;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Kernels in Python syntax, on every processor.
///
/// A kernel file is ordinary Python text with Numba's decorators (@vectorize, @stencil); no Python is needed to run it.
/// NUMBRA_TARGET in the environment takes the place of the target that a kernel names, and of the default; --device of both.
#[derive(Debug, Parser)]
#[command(name = "numbra", version, max_term_width = 110)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the devices that are here and what they can do, and why others are absent
    Devices,
    /// Run a kernel over arrays and numbers, or a whole function
    Run(Run),
    /// Compile a kernel and print what comes out
    Compile(Compile),
    /// Run the demo programs on every device here, compare and time them, and draw pictures
    Demo(Demo),
}

#[derive(Debug, Args)]
pub struct Run {
    /// A file of kernels and functions, and the name of the one to run
    #[arg(value_name = "FILE.py:KERNEL")]
    pub kernel: KernelPlace,

    /// The value of a parameter: a Python number (3, -0.5, 1e-3, inf, nan, True, 0xff) or a NumPy file
    #[arg(long = "set", value_name = "NAME=VALUE|NAME=FILE.npy", allow_hyphen_values = true)]
    pub settings: Vec<Setting>,

    /// Where to run: cpu, parallel, cuda[:N], vulkan[:N], metal[:N], dx12[:N], interp or auto [default: NUMBRA_TARGET, else the
    /// kernel's target, else cpu]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceName>,

    /// How often to apply a stencil, each time to the result before
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,

    /// Write the result as a NumPy file
    #[arg(short, long, value_name = "OUT.npy", value_parser = parse_npy_path)]
    pub output: Option<PathBuf>,

    /// Keep the code for the processor on disk, and take what an earlier run has kept there, as cache=True does
    #[arg(long)]
    pub cache: bool,

    /// Draw the result (one or two axes) as a PNG picture
    #[arg(long, value_name = "OUT.png", value_parser = parse_png_path)]
    pub plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Compile {
    /// A file of kernels and functions, and the name of the one to compile
    #[arg(value_name = "FILE.py:KERNEL")]
    pub kernel: KernelPlace,

    /// Types of result and arguments, such as 'float32(float32, float32)' [default: the kernel's own signature]
    #[arg(long, value_name = "SIGNATURE")]
    pub signature: Option<String>,

    /// What to print
    #[arg(long, value_name = "WHAT")]
    pub emit: Emit,

    /// The GPU architecture for ptx: sm_50 or newer [default: sm_75]
    #[arg(long, value_name = "ARCH", value_parser = parse_architecture)]
    pub arch: Option<String>,

    /// Write to a file instead of the terminal
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write the IR after every pass to numbered files in a folder
    #[arg(long, value_name = "DIR")]
    pub dump_passes: Option<PathBuf>,
}

impl Compile {
    /// PTX for the oldest architecture runs on all newer ones too.
    pub fn architecture(&self) -> &str {
        self.arch.as_deref().unwrap_or("sm_75")
    }
}

#[derive(Debug, Args)]
pub struct Demo {
    /// The folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,

    /// Small sizes: a check that all works, in seconds
    #[arg(long)]
    pub quick: bool,

    /// Only this device (may be given several times) [default: every device here]
    #[arg(long, value_name = "DEVICE")]
    pub device: Vec<DeviceName>,
}

/// The stages of compilation that can be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// The untyped syntax tree
    Tree,
    /// The typed IR after all passes
    Ir,
    /// LLVM IR for this machine's processor
    Llvm,
    /// Assembly for this machine's processor
    Asm,
    /// Assembly for NVIDIA's GPUs
    Ptx,
    /// WebGPU's shading language
    Wgsl,
    /// Vulkan's binary format
    Spirv,
}

/// `FILE.py:KERNEL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelPlace {
    pub file: PathBuf,
    pub name: String,
}

impl FromStr for KernelPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<KernelPlace, String> {
        let usage = "expected FILE.py:KERNEL, such as life.py:step";
        // The last colon: a path may have others.
        let (file, name) = text.rsplit_once(':').ok_or(usage)?;
        if file.is_empty() {
            return Err(usage.to_string());
        }
        if !is_identifier(name) {
            return Err(format!("'{name}' is not the name of a kernel; {usage}"));
        }
        Ok(KernelPlace { file: file.into(), name: name.to_string() })
    }
}

/// `NAME=VALUE`.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub name: String,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// int64, float64 or bool.
    Scalar(Constant),
    /// A NumPy file, not yet read.
    File(PathBuf),
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as x=0.5 or field=input.npy")?;
        if !is_identifier(name) {
            return Err(format!("'{name}' is not the name of a parameter"));
        }
        let value = match literal::parse(value).map_err(|reason| format!("'{value}' is no number: {reason}"))? {
            Some(constant) => Value::Scalar(constant),
            None if has_extension(Path::new(value), "npy") => Value::File(value.into()),
            None => {
                return Err(format!(
                    "'{value}' is neither a Python number (3, -0.5, 1e-3, inf, nan, True, 0xff) nor the path of a .npy file"
                ));
            }
        };
        Ok(Setting { name: name.to_string(), value })
    }
}

fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn parse_npy_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if has_extension(&path, "npy") { Ok(path) } else { Err("results are written as .npy; end the name so".to_string()) }
}

fn parse_png_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if has_extension(&path, "png") {
        Ok(path)
    } else {
        Err("pictures are written as .png; end the name so".to_string())
    }
}

/// `sm_` and a number, with `a` or `f` for the variants of one architecture or family.
fn parse_architecture(text: &str) -> Result<String, String> {
    let number = text.strip_prefix("sm_").map(|number| number.strip_suffix(['a', 'f']).unwrap_or(number));
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(50..=999) => Ok(text.to_string()),
        Some(_) => Err("numbra supports sm_50 (Maxwell) and newer".to_string()),
        None => Err("expected an architecture such as sm_75, sm_80, sm_90 or sm_100".to_string()),
    }
}

/// Reads the process's command line. A wrong one ends the process with a message and status 1, `--help` and
/// `--version` with status 0.
pub fn parse() -> Arguments {
    parse_from(std::env::args_os()).unwrap_or_else(|error| {
        // Nothing is left to do where the message cannot be written.
        let _ = error.print();
        std::process::exit(if error.use_stderr() { 1 } else { 0 })
    })
}

fn parse_from(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let arguments = Arguments::try_parse_from(words)?;
    let conflict = |message: String| Err(Arguments::command().error(ErrorKind::ArgumentConflict, message));
    match &arguments.command {
        Command::Run(run) => {
            for (place, setting) in run.settings.iter().enumerate() {
                if run.settings[..place].iter().any(|earlier| earlier.name == setting.name) {
                    return conflict(format!("--set gives '{}' two values", setting.name));
                }
            }
        }
        Command::Compile(compile) if compile.arch.is_some() && compile.emit != Emit::Ptx => {
            return conflict(
                "--arch belongs to --emit ptx; other outputs are for this machine or for any GPU".to_string(),
            );
        }
        _ => {}
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use numbra_front::types::ScalarType;

    fn read(line: &str) -> Result<Arguments, String> {
        let words = std::iter::once("numbra").chain(line.split(' ')).map(OsString::from);
        parse_from(words).map_err(|error| error.to_string())
    }

    fn message(line: &str) -> String {
        read(line).map(|_| ()).unwrap_err()
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_whole_run_line() {
        let line = "run dir/life.py:step --set x=-3 --set rate=1e-3 --set on=True --set field=a/b=c.npy --device vulkan:1 --steps 45 -o o.npy --plot p.PNG";
        let Command::Run(run) = read(line).unwrap().command else { panic!() };
        assert_eq!(run.kernel, KernelPlace { file: "dir/life.py".into(), name: "step".into() });
        let setting = |name: &str, value| Setting { name: name.into(), value };
        assert_eq!(
            run.settings,
            [
                setting("x", Value::Scalar(Constant::integer(ScalarType::I64, -3))),
                setting("rate", Value::Scalar(Constant::f64(1e-3))),
                setting("on", Value::Scalar(Constant::bool(true))),
                setting("field", Value::File("a/b=c.npy".into())),
            ]
        );
        assert_eq!(run.device, Some(DeviceName::Vulkan(1)));
        assert_eq!((run.steps, run.output, run.plot), (45, Some("o.npy".into()), Some("p.PNG".into())));

        let Command::Run(run) = read("run C:\\k.py:f").unwrap().command else { panic!() };
        assert_eq!((run.kernel.file, run.steps, run.device), ("C:\\k.py".into(), 1, None));
    }

    #[test]
    fn a_whole_compile_line() {
        let line = "compile k.py:f --signature float32(float32) --emit ptx --arch sm_90a -o f.ptx --dump-passes passes";
        let Command::Compile(compile) = read(line).unwrap().command else { panic!() };
        assert_eq!((compile.architecture(), compile.emit), ("sm_90a", Emit::Ptx));
        assert_eq!(compile.signature.as_deref(), Some("float32(float32)"));
        let Command::Compile(compile) = read("compile k.py:f --emit spirv").unwrap().command else { panic!() };
        assert_eq!((compile.architecture(), &compile.signature), ("sm_75", &None));
    }

    #[test]
    fn devices_and_demo() {
        assert!(matches!(read("devices").unwrap().command, Command::Devices));
        let Command::Demo(demo) = read("demo --quick --device cpu --device interp").unwrap().command else { panic!() };
        assert_eq!(
            (demo.quick, demo.device, demo.out),
            (true, vec![DeviceName::Cpu, DeviceName::Interp], "out".into())
        );
    }

    #[test]
    fn wrong_lines_say_what_is_expected() {
        for (line, reason) in [
            ("", "Usage"),
            ("fly", "unrecognized subcommand 'fly'"),
            ("run", "FILE.py:KERNEL"),
            ("run k.py", "expected FILE.py:KERNEL"),
            ("run :f", "expected FILE.py:KERNEL"),
            ("run k.py:", "not the name of a kernel"),
            ("run k.py:a-b", "not the name of a kernel"),
            ("run k.py:f --set x", "expected NAME=VALUE"),
            ("run k.py:f --set 1=2", "not the name of a parameter"),
            ("run k.py:f --set x=", "neither a Python number"),
            ("run k.py:f --set x=data.txt", "neither a Python number"),
            ("run k.py:f --set x=true", "True or False"),
            ("run k.py:f --set x=99999999999999999999", "int64"),
            ("run k.py:f --set x=1 --set x=2", "gives 'x' two values"),
            ("run k.py:f --device toaster", "toaster"),
            ("run k.py:f --steps 0", "--steps"),
            ("run k.py:f --steps -1", "invalid value '-1' for '--steps"),
            ("run k.py:f -o out.txt", ".npy"),
            ("run k.py:f --plot out.jpg", ".png"),
            ("compile k.py:f", "--emit"),
            ("compile k.py:f --emit elf", "possible values"),
            ("compile k.py:f --emit ptx --arch pascal", "sm_75"),
            ("compile k.py:f --emit ptx --arch sm_35", "sm_50"),
            ("compile k.py:f --emit wgsl --arch sm_90", "--emit ptx"),
        ] {
            let message = message(line);
            assert!(message.contains(reason), "{line}: {message}");
        }
    }
}
