//! The conformance data (`tests/conformance/*.toml`): functions of the prelude at chosen arguments, with correctly
//! rounded results and the distance from them that is allowed.

use crate::compare::{bits, difference, distance, is_subnormal};
use numbra::array::HostArray;
use numbra::device::Device;
use numbra::front::types::ScalarType;
use numbra::{Input, KernelFile};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of the data.
#[derive(Debug, Deserialize)]
pub struct Table {
    function: String,
    dtype: String,
    /// What the kernel returns, if it is not a function of `math` of the file's name: an expression of `a` and `b`.
    expression: Option<String>,
    max_ulp: u64,
    a: Vec<String>,
    #[serde(default)]
    b: Vec<String>,
    expected: Vec<String>,
}

/// What of a device's arithmetic differs from IEEE 754's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Nothing: results have the interpreter's bits.
    Exact,
    /// Subnormals may be taken for zeros.
    Flushes,
}

impl Arithmetic {
    pub fn of(device: &dyn Device) -> Arithmetic {
        match device.name().split(':').next() {
            Some("interp" | "cpu" | "parallel" | "cuda") => Arithmetic::Exact,
            _ => Arithmetic::Flushes,
        }
    }
}

/// The files of the folder, by name.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let of_folder = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(of_folder)?;
    let mut files =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(of_folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    match files.len() {
        96.. => Ok(files),
        found => Err(format!(
            "{}: {found} tables, not one for every function of the prelude in both types",
            folder.display()
        )),
    }
}

impl Table {
    pub fn read(path: &Path) -> Result<Table, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The kernel that calls the function, with the table's type all through.
    fn text(&self) -> String {
        let parameters = if self.b.is_empty() { "a" } else { "a, b" };
        let expression = match &self.expression {
            Some(expression) => expression.clone(),
            None => format!("math.{}({parameters})", self.function),
        };
        let dtype = &self.dtype;
        let types = parameters.split(", ").map(|_| dtype.as_str()).collect::<Vec<_>>().join(", ");
        let decorator = format!("@vectorize(['{dtype}({types})'], typing='exact')");
        let imports = "import math\nimport numpy as np\nfrom numba import vectorize\n";
        format!("{imports}\n{decorator}\ndef f({parameters}):\n    return {expression}\n")
    }

    fn scalar(&self) -> Result<ScalarType, String> {
        ScalarType::from_name(&self.dtype).ok_or_else(|| format!("the data's dtype '{}' is unknown", self.dtype))
    }

    /// The function's results on a device.
    fn run(&self, device: &Arc<dyn Device>) -> Result<HostArray, String> {
        let scalar = self.scalar()?;
        let columns = [&self.a, &self.b].into_iter().filter(|column| !column.is_empty());
        let inputs = columns
            .map(|column| {
                let values = column.iter().map(|text| number(text, scalar)).collect::<Result<Vec<u64>, _>>()?;
                let bytes: Vec<u8> =
                    values.iter().flat_map(|bits| bits.to_le_bytes()[..scalar.bytes()].to_vec()).collect();
                Ok(HostArray::from_bytes(scalar, &[column.len()], &bytes).map_err(|error| error.to_string())?.into())
            })
            .collect::<Result<Vec<Input>, String>>()?;
        let kernel = KernelFile::parse(&self.function, &self.text()).and_then(|program| program.kernel("f"));
        match kernel.map_err(|error| error.to_string())? {
            numbra::Kernel::Vectorize(kernel) => kernel.call(device, &inputs).map_err(|error| error.to_string()),
            numbra::Kernel::Stencil(_) => Err("the kernel of the data is a stencil".into()),
        }
    }

    /// Checks a device against the correctly rounded results, and its bits against the interpreter's where they must
    /// be the same. Gives what is wrong, one line for each.
    pub fn check(&self, device: &Arc<dyn Device>) -> Result<Vec<String>, String> {
        let (scalar, arithmetic) = (self.scalar()?, Arithmetic::of(device.as_ref()));
        let tiny = |&bits: &u64| is_subnormal(bits, scalar);
        let result = self.run(device)?;
        let mut wrong = Vec::new();
        for (place, got) in bits(&result).into_iter().enumerate() {
            let column = |column: &Vec<String>| column.get(place).map(|text| number(text, scalar)).transpose();
            let arguments: Vec<u64> = [column(&self.a)?, column(&self.b)?].into_iter().flatten().collect();
            let expected = number(self.expected.get(place).ok_or("the data lacks a result")?, scalar)?;
            if arithmetic == Arithmetic::Flushes && (arguments.iter().any(tiny) || tiny(&expected)) {
                continue;
            }
            let off = distance(got, expected, scalar);
            // A zero's sign counts.
            let zero_sign = off == 0 && got != expected && expected != nan(scalar);
            if off > self.max_ulp || zero_sign {
                wrong.push(format!(
                    "{}_{} of {arguments:#x?}: {got:#x}, expected {expected:#x} ({off} apart)",
                    self.function, self.dtype
                ));
            }
        }
        if arithmetic == Arithmetic::Exact && device.name() != "interp" {
            let interp = numbra::device::open(numbra::device::DeviceName::Interp).map_err(|error| error.to_string())?;
            let other = difference(&result, &self.run(&interp)?, 0);
            wrong.extend(other.map(|difference| format!("not the interpreter's bits: {difference}")));
        }
        Ok(wrong)
    }
}

fn nan(scalar: ScalarType) -> u64 {
    if scalar == ScalarType::F32 { f32::NAN.to_bits() as u64 } else { f64::NAN.to_bits() }
}

/// A number of the data: its bits in hexadecimal.
fn number(text: &str, scalar: ScalarType) -> Result<u64, String> {
    match text {
        "nan" => Ok(nan(scalar)),
        text => u64::from_str_radix(text.trim_start_matches("0x"), 16)
            .map_err(|_| format!("the data's '{text}' is no number")),
    }
}
