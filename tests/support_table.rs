//! docs/support.md says what runs on which device and what is refused, and with which words. Its tables are made here, by doing
//! it.
//!
//! `NUMBRA_UPDATE_SUPPORT=1 cargo test -p numbra-tests --test support_table` writes them anew.

use numbra::front::capabilities::Capabilities;
use numbra::front::ir::Form;
use numbra::front::pipeline::{self, Schedule, Target};
use numbra::{Argument, Device, Error, HostArray, Result, ScalarType, Source, Value};
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;

const IMPORTS: &str = "from numba import *\nimport numba\nimport numpy as np\nimport math\nfrom math import *\n";

/// What a row does with its kernel `f`.
#[derive(Clone, Copy)]
enum Use {
    Call,
    Into,
    Reduce,
    Accumulate,
    Chain,
    Stencil,
    StencilInto,
    Iterate,
}

struct Row {
    what: String,
    text: String,
    scalar: ScalarType,
    apply: Use,
}

fn row(what: &str, text: &str, apply: Use) -> Row {
    Row { what: what.into(), text: format!("{IMPORTS}{text}"), scalar: ScalarType::F32, apply }
}

fn elements() -> Vec<Row> {
    let text = "@vectorize(typing='exact')\ndef f(x, y):\n    return x if x < y else y\n";
    let scalars = ScalarType::ALL.into_iter();
    scalars.map(|scalar| Row { scalar, ..row(&format!("`{scalar}`"), text, Use::Call) }).collect()
}

fn features() -> Vec<Row> {
    let exact = "@vectorize(typing='exact')\n";
    let stencil = "@stencil(typing='exact')\n";
    let vectorized = |what: &str, body: &str, apply: Use| row(what, &format!("{exact}{body}"), apply);
    vec![
        vectorized("`vectorize`: broadcasting, any strides", "def f(x, y):\n    return x * y\n", Use::Call),
        vectorized("results in a given array (`out=`, `call_into`)", "def f(x, y):\n    return x * y\n", Use::Into),
        vectorized("`reduce`", "def f(x, y):\n    return x + y\n", Use::Reduce),
        vectorized("`accumulate`", "def f(x, y):\n    return x + y\n", Use::Accumulate),
        vectorized("arrays that stay on the device (Rust)", "def f(x, y):\n    return x + y\n", Use::Chain),
        row(
            "`stencil`, several arrays",
            &format!("{stencil}def f(a, b):\n    return a[-1, 0] + b[0, 1]\n"),
            Use::Stencil,
        ),
        row(
            "`stencil` into a given array",
            &format!("{stencil}def f(a):\n    return a[-1, 0] + a[0, 1]\n"),
            Use::StencilInto,
        ),
        row(
            "stencil applied many times (`iterate`)",
            &format!("{stencil}def f(a):\n    return a[-1, 0] + a[0, 1]\n"),
            Use::Iterate,
        ),
        row(
            "`cval`, `neighborhood` with loops",
            "@stencil(cval=7, neighborhood=((-1, 1), (0, 0)), typing='exact')\ndef f(a):\n    total = np.float32(0)\n    for i in range(-1, 2):\n        total += a[i, 0]\n    return total\n",
            Use::Stencil,
        ),
        row(
            "`standard_indexing`, bounds checked",
            "@stencil(standard_indexing=('w',), typing='exact')\ndef f(a, w):\n    return a[0, 1] * w[0, 0]\n",
            Use::Stencil,
        ),
        vectorized(
            "`if`, `while`, `for` over ranges, `break`, `continue`",
            "def f(x, y):\n    n = np.int32(0)\n    while x < 100 and n < 50:\n        x = x * 2\n        n += 1\n        if x == y:\n            break\n    for i in range(3):\n        if x > np.float32(i):\n            continue\n        x += 1\n    return x\n",
            Use::Call,
        ),
        row(
            "helper functions, constants, tables",
            "K = 3\nT = np.array([1, 2, 4], dtype=np.float32)\n@njit\ndef g(x):\n    return K * x\n@vectorize(typing='exact')\ndef f(x):\n    return g(x) * T[np.int32(x) & 1]\n",
            Use::Call,
        ),
        vectorized(
            "elementary functions of `math` and `numpy`",
            "def f(x):\n    return exp(x) + sin(x) + cos(x) + tan(x) + log(x) + sqrt(x) + tanh(x) + erf(x) + atan2(x, x) + hypot(x, x) + x ** x + np.floor(x)\n",
            Use::Call,
        ),
        vectorized(
            "`raise`, with the position of the element",
            "def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x\n",
            Use::Call,
        ),
        row("`fastmath`", "@vectorize(fastmath=True, typing='exact')\ndef f(x, y):\n    return x * y + x\n", Use::Call),
    ]
}

/// What is refused everywhere.
const REFUSED: [(&str, &str); 14] = [
    ("`guvectorize`", "@guvectorize(['(float64[:], float64[:])'], '(n)->(n)')\ndef f(x, y):\n    y[0] = x[0]\n"),
    ("`cuda.jit` kernels", "@numba.cuda.jit\ndef f(x):\n    x[0] = 1\n"),
    ("`cfunc`", "@cfunc('float64(float64)')\ndef f(x):\n    return x\n"),
    ("complex numbers", "@vectorize\ndef f(x):\n    return x * 1j\n"),
    ("`complex128` in signatures", "@vectorize(['complex128(complex128)'])\ndef f(x):\n    return x\n"),
    ("`float16`", "@vectorize(['float16(float16)'])\ndef f(x):\n    return x\n"),
    ("several results", "@vectorize\ndef f(x):\n    return x, x\n"),
    ("new arrays in kernels", "@vectorize\ndef f(x):\n    return np.zeros(3)[0] + x\n"),
    ("strings", "@vectorize\ndef f(x):\n    return 'a'\n"),
    ("recursion", "@vectorize\ndef f(x):\n    return f(x)\n"),
    ("`try`", "@vectorize\ndef f(x):\n    try:\n        return x\n    except ValueError:\n        return 0\n"),
    ("`with`", "@vectorize\ndef f(x):\n    with x:\n        return 0\n"),
    ("borders other than constant", "@stencil('wrap')\ndef f(a):\n    return a[0]\n"),
    ("writing in stencils", "@stencil\ndef f(a):\n    a[0] = 1\n    return a[0]\n"),
];

/// 6 x 6 elements; 1, 0, 1, ... in every row.
fn array(scalar: ScalarType) -> HostArray {
    let numbers: Vec<i64> = (0..36).map(|place| (place + 1) % 2).collect();
    let numbers = HostArray::from_slice(&[6, 6], &numbers).unwrap();
    numbers.view().cast(scalar).unwrap()
}

fn apply(row: &Row, device: &Device) -> Result<()> {
    let (source, array) = (numbra::source(&row.text)?, array(row.scalar));
    let arguments = |names: Vec<&str>| names.iter().map(|_| Argument::new(&array)).collect::<Result<Vec<Argument>>>();
    let mut out = [0f64; 36];
    let out = numbra::Destination::from_slice(&mut out, &[6, 6]);
    match row.apply {
        Use::Stencil | Use::StencilInto | Use::Iterate => {
            let f = source.stencil("f")?.on(device);
            let arguments = arguments(f.kernel().parameters())?;
            match row.apply {
                Use::StencilInto => f.call_into(arguments, out?),
                Use::Iterate => f.iterate(arguments, 5).map(|_| ()),
                _ => f.call(arguments).map(|_| ()),
            }
        }
        _ => {
            let f = source.vectorize("f")?.on(device);
            let arguments = arguments(f.kernel().parameters())?;
            match row.apply {
                Use::Into => f.call_into(arguments, out?),
                Use::Reduce => f.reduce(&array, [0]).map(|_| ()),
                Use::Accumulate => f.accumulate(&array, 1).map(|_| ()),
                Use::Chain => {
                    let x = device.upload(&array)?;
                    f.call_device((f.call_device((&x, &x))?, &x))?.download().map(|_| ())
                }
                _ => f.call(arguments).map(|_| ()),
            }
        }
    }
}

fn signature(row: &Row, source: &Source) -> Result<String> {
    let (count, kind) = match row.apply {
        Use::Stencil | Use::StencilInto | Use::Iterate => {
            (source.stencil("f")?.parameters().len(), format!("{}[:, :]", row.scalar))
        }
        _ => (source.vectorize("f")?.parameters().len(), row.scalar.to_string()),
    };
    Ok(format!("({},)", vec![kind; count].join(", ")))
}

/// Compiles for NVIDIA's GPUs, of which none is here.
fn compile_cuda(row: &Row) -> Result<()> {
    let source = numbra::source(&row.text)?;
    let signature = signature(row, &source)?;
    let text = match row.apply {
        Use::Stencil | Use::StencilInto | Use::Iterate => source.stencil("f")?.ptx(&signature, "sm_75"),
        _ => source.vectorize("f")?.ptx(&signature, "sm_75"),
    };
    text.map(|_| ())
}

/// Lowers for a GPU that has nothing but what WebGPU promises.
fn lower_narrow(row: &Row) -> Result<()> {
    let signature = numbra::front::declaration::signature::parse(&signature(row, &numbra::source(&row.text)?)?)?;
    let module = numbra::KernelFile::parse("f.py", &row.text)?.kernel("f")?.module_for(&signature)?;
    let module = pipeline::lower_functions(module, &mut |_, _| Ok(()))?;
    let target =
        Target { schedule: Schedule::Grid { group: 256, rows: false }, capabilities: Capabilities::naga("vulkan") };
    for kernel in module.functions.iter().filter(|function| function.form == Form::Kernel) {
        pipeline::lower_kernel(&module, &kernel.name, &target, &mut |_, _| Ok(()))?;
    }
    Ok(())
}

/// A cell: `done`, what it did; or why not. The reasons are collected below the table.
fn cell(done: &str, result: Result<()>, reasons: &mut Vec<String>) -> String {
    let Err(error) = result else { return done.into() };
    let reason = said(&error);
    let known = reasons.iter().position(|known| *known == reason);
    let number = known.unwrap_or_else(|| {
        reasons.push(reason);
        reasons.len() - 1
    });
    format!("no ({})", number + 1)
}

/// The message of an error without its place.
fn said(error: &Error) -> String {
    match error.mistake() {
        Some(mistake) => {
            let help = mistake.help.as_ref().map_or(String::new(), |help| format!(" Help: {help}."));
            format!("{}.{help}", mistake.message)
        }
        None => error.to_string().replace("\n  help: ", ". Help: ") + ".",
    }
}

fn table(first: &str, rows: &[Row]) -> String {
    let open = |name: &str| Device::open(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wide = |device: &Device| device.supports(ScalarType::F64) && device.supports(ScalarType::I64);
    let mut gpus =
        Device::list().into_iter().filter(|(name, _)| name.starts_with("vulkan")).filter_map(|(_, device)| device.ok());
    let gpu = gpus.find(wide).expect("a Vulkan device with 64-bit numbers; Mesa's in software is one");
    let devices = [open("interp"), open("cpu"), open("parallel"), gpu];
    let mut text = format!(
        "| {first} | interp | cpu | parallel | vulkan | vulkan without 64-bit numbers | cuda |\n|---|---|---|---|---|---|---|\n"
    );
    let mut reasons = Vec::new();
    for row in rows {
        let mut cells: Vec<String> =
            devices.iter().map(|device| cell("yes", apply(row, device), &mut reasons)).collect();
        cells.push(cell("compiles", lower_narrow(row), &mut reasons));
        cells.push(cell("compiles", compile_cuda(row), &mut reasons));
        writeln!(text, "| {} | {} |", row.what, cells.join(" | ")).unwrap();
    }
    for (number, reason) in reasons.iter().enumerate() {
        write!(text, "\n{}. {reason}", number + 1).unwrap();
    }
    text.trim_end().to_string() + "\n"
}

fn refused() -> String {
    let mut text = "| what | what numbra says |\n|---|---|\n".to_string();
    for (what, kernel) in REFUSED {
        let error = numbra::source(format!("{IMPORTS}{kernel}")).and_then(|source| {
            let array = array(ScalarType::F64).reshaped(&[36])?;
            match kernel.starts_with("@stencil") {
                true => source.stencil("f")?.outcome(&array).map(|_| ()),
                false => source.vectorize("f")?.outcome(&array).map(|_| ()),
            }
        });
        let error = error.expect_err(what);
        assert!(error.mistake().is_some_and(|mistake| mistake.help.is_some()), "{what}: no help in: {error}");
        writeln!(text, "| {what} | {} |", said(&error).replace('|', "\\|")).unwrap();
    }
    text
}

/// What whole functions have, and what they have not yet: `support_functions.toml`, which says what the programs are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Functions {
    works: Vec<Program>,
    missing: Vec<Program>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    of: String,
    what: String,
    program: String,
    gives: Option<Vec<f64>>,
    /// How the message begins.
    raises: Option<String>,
}

const HOSTS: [&str; 2] = ["cpu", "interp"];

fn call(program: &Program, host: &str) -> Result<Value> {
    let source = numbra::source(format!("{IMPORTS}{}", program.program))?;
    let mut x = [1f64, 2.0, 4.0];
    source.function("f")?.on(&Device::open(host)?)?.call((3i64, &mut x))
}

/// The numbers of a value, in a row.
fn numbers(value: Value, row: &mut Vec<f64>) {
    match value {
        Value::Scalar(constant) => row.push(constant.as_f64()),
        Value::Complex(real, imaginary) => row.extend([real, imaginary]),
        Value::Array(array) => row.extend(array.into_vec::<f64>().expect("an array of float64")),
        Value::Tuple(entries) => entries.into_iter().for_each(|entry| numbers(entry, row)),
        Value::None => {}
        other => panic!("no numbers: {other:?}"),
    }
}

/// Does what the row says: `yes`, or the test fails.
fn works(program: &Program, host: &str) -> &'static str {
    let what = &program.what;
    match (call(program, host), &program.gives, &program.raises) {
        (Ok(value), Some(gives), None) => {
            let mut row = Vec::new();
            numbers(value, &mut row);
            assert_eq!(&row, gives, "{what} on {host}");
        }
        (Err(error), None, Some(raises)) => {
            assert!(matches!(error, Error::Fault(_)), "{what} on {host}: {error}");
            assert!(said(&error).starts_with(raises), "{what} on {host}: {error}");
        }
        (result, ..) => panic!("{what} on {host}: {result:?}"),
    }
    "yes"
}

fn functions(programs: &[Program]) -> String {
    let mut text = format!("| of | feature | {} |\n|---|---|---|---|\n", HOSTS.join(" | "));
    for program in programs {
        let cells = HOSTS.map(|host| works(program, host));
        writeln!(text, "| {} | {} | {} |", program.of, program.what, cells.join(" | ")).unwrap();
    }
    text
}

fn missing(programs: &[Program]) -> String {
    let mut text = "| of | what | what numbra says |\n|---|---|---|\n".to_string();
    for program in programs {
        let what = &program.what;
        let [cpu, interp] = HOSTS.map(|host| call(program, host).expect_err(what));
        assert!(cpu.mistake().is_some() && !matches!(cpu, Error::Fault(_)), "{what} is compiled: {cpu}");
        assert_eq!(said(&cpu), said(&interp), "{what}");
        writeln!(text, "| {} | {what} | {} |", program.of, said(&cpu).replace('|', "\\|")).unwrap();
    }
    text
}

#[test]
fn docs_support_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/support.md");
    let old = std::fs::read_to_string(&path).unwrap();
    let whole: Functions = toml::from_str(include_str!("support_functions.toml")).unwrap();
    let parts = [
        ("elements", table("elements", &elements())),
        ("features", table("feature", &features())),
        ("refused", refused()),
        ("functions", functions(&whole.works)),
        ("missing", missing(&whole.missing)),
    ];
    let mut new = old.clone();
    for (name, part) in parts {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
        let start = new.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
        let stop = new.find(&end).unwrap_or_else(|| panic!("no {end}"));
        new.replace_range(start..stop, &part);
    }
    if std::env::var_os("NUMBRA_UPDATE_SUPPORT").is_some() {
        std::fs::write(&path, new).unwrap();
    } else {
        let differs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(old == new, "docs/support.md is out of date (NUMBRA_UPDATE_SUPPORT=1 writes it): {differs:?}");
    }
}
