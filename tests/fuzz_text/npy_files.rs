//! `.npy` files, mutated: read, and what is read is a kernel's argument.

use numbra::array::{HostArray, npy};
use numbra::{Input, Kernel, KernelFile};
use numbra_tests::panics::caught;
use numbra_tests::random::Random;
use std::sync::{Arc, OnceLock};

/// Headers that are right, and the bytes of their elements.
const HEADERS: &[(&str, usize)] = &[
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }", 96),
    ("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 2), }", 48),
    ("{'descr': '|b1', 'fortran_order': False, 'shape': (12,), }", 12),
    ("{'descr': '>u2', 'fortran_order': False, 'shape': (), }", 2),
    ("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 5), }", 0),
    ("{'descr': '>f4', 'fortran_order': True, 'shape': (1, 6), }", 24),
];

const PIECES: &[&str] = &[
    "'<f8'",
    "'>i8'",
    "'|b1'",
    "'<f2'",
    "'<c16'",
    "'|i1'",
    "'<u4'",
    "'|O'",
    "True",
    "False",
    "None",
    "(",
    ")",
    "[",
    "{",
    "}",
    ",",
    ":",
    "'",
    "\\",
    "-1",
    "0",
    "1",
    "2",
    "3",
    "7",
    "12",
    "65536",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "0, 9223372036854775807",
    "9223372036854775807, 0",
    "1, 1, 1, 1, 1, 1, 1",
    "4294967296, 4294967296, 0",
    "'shape'",
    "'descr'",
    " ",
    "\n",
    "\u{e9}",
];

const KERNELS: &str = "
import numpy as np
from numba import vectorize, stencil

@vectorize
def twice(x):
    return x + x

@vectorize(['float64(float64, float64)', 'int64(int64, int64)'])
def product(x, y):
    return x * y

@vectorize
def constant(x, y):
    return 7

@stencil
def line(a):
    return a[-1] + a[1]

@stencil(cval=1)
def square(a):
    return a[-1, 0] + a[0, 2]

@stencil(neighborhood=((-1, 1), (0, 0), (0, 1)), standard_indexing=('w',))
def cube(a, w):
    return a[1, 0, 0] + w[0]
";

/// A file whose header or bytes are somewhat wrong, or right after all.
pub fn mutated(random: &mut Random) -> Vec<u8> {
    let &(header, bytes) = random.pick(HEADERS);
    let mut header = header.to_string();
    for _ in 0..random.below(3) {
        let piece = random.pick(PIECES);
        let tokens: Vec<&str> = header.split_inclusive([' ', ',', '(', ':']).collect();
        let place = random.below(tokens.len());
        let end = (place + random.below(3)).min(tokens.len());
        header = [&tokens[..place], &[piece], &tokens[end..]].concat().concat();
    }
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let version = if random.once_in(8) { random.below(4) as u8 } else { 1 };
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    file.extend(&(header.len() as u32).to_le_bytes()[..if version == 1 { 2 } else { 4 }]);
    file.extend(header.as_bytes());
    let bytes = if random.once_in(3) { *random.pick(&[0, 1, 2, 12, 24, 48, 96]) } else { bytes };
    file.extend((0..bytes).map(|_| random.bits() as u8));
    if random.once_in(4) {
        let place = random.below(file.len());
        match random.below(3) {
            0 => file.truncate(place),
            1 => file[place] ^= 1 << random.below(8),
            _ => file.insert(place, random.bits() as u8),
        }
    }
    file
}

/// Reads the file and calls kernels with what it holds; gives whether it held an array.
pub fn call(file: &[u8], seed: u64) -> Result<bool, String> {
    caught(|| {
        let array = match npy::read(file, file.len() as u64) {
            Ok(array) => Arc::new(array),
            Err(error) => return if error.to_string().is_empty() { Err("no message".into()) } else { Ok(false) },
        };
        let mut random = Random::new(seed);
        let interp = numbra_tests::open("interp");
        let other = if random.once_in(2) {
            array.clone()
        } else {
            Arc::new(HostArray::from_slice(&[4], &[1.5f32; 4]).unwrap())
        };
        for (name, kernel) in kernels() {
            let (result, parameters) = match kernel {
                Kernel::Vectorize(kernel) => {
                    (arguments(&array, &other, kernel.parameters().len()), kernel.parameters())
                }
                Kernel::Stencil(kernel) => (arguments(&array, &other, kernel.parameters().len()), kernel.parameters()),
            };
            let result = match kernel {
                Kernel::Vectorize(kernel) => kernel.call(&interp, &result),
                Kernel::Stencil(kernel) => kernel.call(&interp, &result),
            };
            if let Err(error) = result {
                let text = error.to_string();
                if text.is_empty() || text.contains("internal error") {
                    return Err(format!("{name}({}): {text}", parameters.join(", ")));
                }
            }
        }
        Ok(true)
    })?
}

fn arguments(first: &Arc<HostArray>, second: &Arc<HostArray>, count: usize) -> Vec<Input> {
    [first, second].into_iter().take(count).cloned().map(Input::Host).collect()
}

fn kernels() -> &'static [(String, Kernel)] {
    static KERNELS_PARSED: OnceLock<Vec<(String, Kernel)>> = OnceLock::new();
    KERNELS_PARSED.get_or_init(|| {
        let program = KernelFile::parse("kernels.py", KERNELS).unwrap();
        program.kernels().into_iter().map(|name| (name.clone(), program.kernel(&name).unwrap())).collect()
    })
}
