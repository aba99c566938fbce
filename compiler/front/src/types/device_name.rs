//! Names of devices, as users write them: in `target=`, on the command line, in NUMBRA_TARGET, in programs.

use crate::error::{Error, ErrorClass};
use std::fmt;
use std::str::FromStr;

/// A device by its name: `cpu`, `vulkan:1`. Without a number a GPU is the first of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceName {
    /// One thread of the processor.
    Cpu,
    /// All its threads.
    Parallel,
    /// The interpreter, which checks every access.
    Interp,
    Cuda(usize),
    Vulkan(usize),
    Metal(usize),
    Dx12(usize),
    /// The best device that is here; never a software GPU.
    Auto,
}

impl DeviceName {
    /// All names, for messages; in brackets what may be left out.
    pub const KNOWN: &str = "cpu, parallel, cuda[:N], vulkan[:N], metal[:N], dx12[:N], interp and auto";
}

/// Errors: another name; a number of no digits, of more than four, or where there is but one such device.
impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceName, Error> {
        let (kind, number) = match text.split_once(':') {
            Some((kind, number)) => (kind, Some(number)),
            None => (text, None),
        };
        let digits = |number: &str| {
            let fits = (1..=4).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
            number.parse().ok().filter(|_| fits)
        };
        let name = match (kind, number.map_or(Some(0), digits)) {
            ("cuda", Some(number)) => Some(DeviceName::Cuda(number)),
            ("vulkan", Some(number)) => Some(DeviceName::Vulkan(number)),
            ("metal", Some(number)) => Some(DeviceName::Metal(number)),
            ("dx12", Some(number)) => Some(DeviceName::Dx12(number)),
            ("cpu", _) if number.is_none() => Some(DeviceName::Cpu),
            ("parallel", _) if number.is_none() => Some(DeviceName::Parallel),
            ("interp", _) if number.is_none() => Some(DeviceName::Interp),
            ("auto", _) if number.is_none() => Some(DeviceName::Auto),
            _ => None,
        };
        name.ok_or_else(|| {
            let help = format!("devices are {}", DeviceName::KNOWN);
            Error::request_with_help(ErrorClass::Value, format!("there is no device called '{text}'"), help)
        })
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Cpu => formatter.write_str("cpu"),
            DeviceName::Parallel => formatter.write_str("parallel"),
            DeviceName::Interp => formatter.write_str("interp"),
            DeviceName::Auto => formatter.write_str("auto"),
            DeviceName::Cuda(number) => write!(formatter, "cuda:{number}"),
            DeviceName::Vulkan(number) => write!(formatter, "vulkan:{number}"),
            DeviceName::Metal(number) => write!(formatter, "metal:{number}"),
            DeviceName::Dx12(number) => write!(formatter, "dx12:{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for (text, name) in [
            ("cpu", DeviceName::Cpu),
            ("parallel", DeviceName::Parallel),
            ("interp", DeviceName::Interp),
            ("auto", DeviceName::Auto),
            ("cuda", DeviceName::Cuda(0)),
            ("cuda:15", DeviceName::Cuda(15)),
            ("vulkan:01", DeviceName::Vulkan(1)),
            ("metal", DeviceName::Metal(0)),
            ("metal:2", DeviceName::Metal(2)),
            ("dx12:9999", DeviceName::Dx12(9999)),
        ] {
            assert_eq!(text.parse::<DeviceName>().unwrap(), name);
            assert_eq!(name.to_string().parse::<DeviceName>().unwrap(), name);
        }
        for text in
            ["", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:99999", "cpu:0", "auto:0", "cuda:1:2"]
        {
            let error = text.parse::<DeviceName>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("there is no device called '{text}'\n  help: devices are cpu, ")));
        }
    }
}
