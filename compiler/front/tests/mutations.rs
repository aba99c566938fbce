//! Mutated kernel files: whatever the text, the front end answers with a tree or with a message, and never panics.

use numbra_front::Error;
use numbra_front::declaration;
use numbra_front::declaration::signature;
use numbra_front::source::Source;
use numbra_front::syntax::python;

const KERNELS: &[&str] = &[
    "import numpy as np\nimport numba as nb\nfrom numba import vectorize, float64, stencil\n\n\
     SIGNATURES = ['float64(float64, float64)', float64(float64, np.float32)]\nCVAL = 7\n\n\
     @vectorize(SIGNATURES, target='cuda', identity=0)\ndef f(x, y):\n    \"\"\"Doc.\"\"\"\n    \
     return np.cos(x**2 + y**2) / (1 + x**2 + y**2)\n\n\
     @nb.stencil(cval=CVAL, neighborhood=((-1, 1), (-2, 0)), standard_indexing=('b',))\ndef s(a, b):\n    \
     total = 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])\n    return total if total > 1e-3 else b[0]\n\n\
     g = vectorize(['f8(f8)'])(lambda x: x + 1)\n",
    "from math import *\nimport numba\n\n@numba.njit(fastmath=True)\ndef life(a: 'u1[:, ::1]') -> int:\n    n = 0\n    \
     for i in range(-1, 2):\n        for j in range(-1, 2):\n            if i != 0 or j != 0:\n                \
     n += a[i, j]\n            elif not a[0, 0]:\n                continue\n            else:\n                pass\n    \
     while n >= 3 and n < 0x10:\n        n -= 1\n    else:\n        n = ~n << 2 ^ 5\n    assert n, f'{n:>{n}} {n!r}'\n    \
     return 1 if n == 3 else 0\n",
    "try:\n\tfrom numbra import vectorize\nexcept ImportError:\n\tdef vectorize(f):\n\t\treturn f\n\
     @vectorize(\"void(int32[::1], double)\",\r\n           nopython=True)\r\ndef h(x, y=1, *rest, z, **more):\r\n\
     \twith open('x') as file, (yield):\r\n\t\tx, *y = [i for i in {1: 2}]\r\n\tmatch x:\r\n\t\tcase [1, *_] | None:\r\n\
     \t\t\treturn -x if (y := x) else lambda a, b=1: a\r\n\tdel x; global q\r\n\traise ValueError(b'\\x00', r\"\\\\\" '''é→∑''')\r\n",
    "%matplotlib inline\nX: int = 1_000; Y = Z = .5e-3j\nA, B = 1, (2,\n  3)  # comment\\\nif __name__ == '__main__':\n    \
     print(X @ Y // Z % 2 != 3)\nclass C(object): x = 'abc\\\n def'\nasync def f(): await g(*a, **k)\n",
    "float64(float64[:, ::1], int32, Array(f8, 2, 'C'), types.u1[::1, :])",
];

/// What mutations insert: what means something to the parser or the scan before it.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "'''",
    "\"\"\"",
    "f'",
    "{{",
    "\\",
    "\n",
    "\r",
    "\t",
    "    ",
    ":",
    ",",
    ";",
    "=",
    "==",
    "@",
    "*",
    "**",
    "lambda ",
    "if ",
    "else ",
    "not ",
    "def f(x):\n",
    "for ",
    "in ",
    "return ",
    "import ",
    "\u{feff}",
    "\0",
    "é",
    "\u{2028}",
    "1e999",
    "0x",
    "9999999999999999999999999999999999999999",
    "None",
    "...",
    "->",
    ":=",
    "!",
    "?",
    "$",
    "%",
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}

fn mutate(text: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(text.len() + 1);
    let end = (at + 1 + random.below(12)).min(text.len());
    match random.below(6) {
        0 => drop(text.drain(at..end)),
        1 => {
            let piece = text[at..end].to_vec();
            text.splice(at..at, piece);
        }
        2 if !text.is_empty() => {
            let (first, second) = (random.below(text.len()), random.below(text.len()));
            text.swap(first, second);
        }
        3 => {
            let piece = PIECES[random.below(PIECES.len())].repeat(1 + random.below(3));
            text.splice(at..at, piece.into_bytes());
        }
        4 => text.insert(at, random.below(256) as u8),
        _ => {
            // Lines, moved.
            let piece = text[at..(at + random.below(200)).min(text.len())].to_vec();
            let place = random.below(text.len() + 1);
            text.splice(place..place, piece);
        }
    }
}

/// Runs what reads text; gives whether it was taken.
fn read(bytes: &[u8]) -> bool {
    let answer = |error: Error| match error {
        Error::Internal(text) => panic!("internal error: {text}"),
        other => assert!(!other.to_string().is_empty()),
    };
    let source = match Source::from_bytes("kernel.py", bytes) {
        Ok(source) => source,
        Err(error) => {
            answer(error);
            Source::new("kernel.py", String::from_utf8_lossy(bytes))
        }
    };
    if let Err(error) = signature::parse(&source.text) {
        answer(error);
    }
    match python::parse(&source) {
        Ok(module) => {
            for function in &module.functions {
                declaration::read(&module, function).map_or_else(answer, drop);
                for parameter in &function.parameters {
                    if let Some(annotation) = &parameter.annotation {
                        signature::type_from_expression(&module, annotation).map_or_else(answer, drop);
                    }
                }
            }
            true
        }
        Err(error) => {
            answer(error);
            false
        }
    }
}

#[test]
fn the_kernels_are_valid_before() {
    for text in KERNELS {
        if let Err(error) = python::parse(&Source::new("kernel.py", *text)) {
            panic!("{error}");
        }
    }
}

#[test]
fn mutated_kernels_never_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut taken = 0;
    const CASES: usize = 20_000;
    for case in 0..CASES {
        let mut text = KERNELS[case % KERNELS.len()].as_bytes().to_vec();
        for _ in 0..1 + random.below(4) {
            mutate(&mut text, &mut random);
        }
        let copy = text.clone();
        match std::panic::catch_unwind(move || read(&copy)) {
            Ok(was_taken) => taken += was_taken as usize,
            Err(_) => panic!("case {case}: {:?}", String::from_utf8_lossy(&text)),
        }
    }
    // Both ways are tried.
    assert!(taken > CASES / 20 && taken < CASES * 19 / 20, "{taken} of {CASES}");
}
