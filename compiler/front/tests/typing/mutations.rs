//! Kernels with random damage give IR that verifies, or a message: never a panic, never an internal error.

use super::*;
use ScalarType::*;

const KERNELS: &[&str] = &[
    "K = (1, 2, 3)\ndef g(x, n=2):\n    return x ** n\ndef f(a, b):\n    s = 0\n    for i in range(-1, 2):\n        for k in K:\n            s += a * i + g(b) % k\n    return s",
    "def f(a, b):\n    x, y, n = 0.0, 0.0, 0\n    while x * x + y * y <= 4.0 and n < 20:\n        x, y = x * x - y * y + a, 2 * x * y + b\n        n += 1\n        if n > b:\n            break\n    else:\n        n = -1\n    return n",
    "def f(a, b):\n    k = a\n    def g(x, y=k):\n        return x * k + y\n    match int(b):\n        case 0 | 1 as n if n > k: return g(n)\n        case n: k = n\n    m = 0\n    while (m := m * 2 + 1) < 9 and (k := k + 1) > 0:\n        pass\n    return g(m) if (h := lambda q: q + k)(a) else g(b, y=m)",
    "def f(a, b):\n    h = lambda q, c=b: q + c + k\n    k = b\n    def g(x):\n        def inner(y): return h(y) - k\n        return inner(x) if x > 1 or (z := x * 2) > 3 else h(x, z)\n    match a, b:\n        case True | 1, n: return g(n)\n        case n, 2: k = n\n        case _, (1 | 2.5): return 1\n    return g(a) + k",
    "def f(a, b):\n    t = (a, b, 1.5)\n    g = lambda x: x * t[0] + min(a, b, 3)\n    if a > b:\n        t = (b, a, 2)\n    elif not a:\n        return np.sqrt(b)\n    return g(t[2]) if a != 1 else math.exp(-a) // 2",
    "T = np.array([1, 2, 3], dtype=np.int8)\ndef f(a, b):\n    last = 0\n    for i in range(int(a), 10, 3):\n        if i > 2:\n            last = T[i] << 1\n            continue\n        last = ~last & i\n    assert b != 7, 'seven'\n    return last | np.uint8(b)",
    "def f(a, b):\n    s = a[0, 0]\n    for i in range(-1, 2):\n        for j in range(-1, 2):\n            s = s + a[i, j] * (0.25 if i == j else b)\n    return s / a.shape[0] + len(a)",
    "def f(a, b):\n    y: np.float32 = a[0, 1]\n    z = round(y, 2) + abs(a[1, 0]) - a[-1, -2] ** 2\n    return np.where(z > b, np.clip(z, 0, 1), divmod(z, 3)[1])",
];

/// A small generator of random numbers (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for character in text.chars() {
        let part = character.is_alphanumeric() || character == '_';
        match tokens.last_mut() {
            Some(last) if part && word => last.push(character),
            _ => tokens.push(character.to_string()),
        }
        word = part;
    }
    tokens
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut tokens = tokens(text);
    let pool = [
        "a",
        "b",
        "s",
        "0",
        "1",
        "2.5",
        "-1",
        "x",
        "i",
        "t",
        "K",
        "T",
        "(",
        ")",
        "[",
        "]",
        "+",
        "*",
        "**",
        "//",
        "%",
        "<<",
        "and",
        "or",
        "not",
        "if",
        "else",
        "return",
        "break",
        "continue",
        "math.sin",
        "np.int8",
        "1 << 62",
        "True",
        "for",
        "while",
        "range",
        ",",
        ":",
        "=",
        "+=",
        "None",
        "'x'",
        "lambda x: x",
        ":=",
        "def",
        "match",
        "case",
        "|",
        "_",
        "as",
        "9223372036854775807",
        "g",
        "f",
    ];
    for _ in 0..1 + random.below(3) {
        let at = random.below(tokens.len());
        match random.below(4) {
            0 => {
                tokens.remove(at);
            }
            1 => tokens.insert(at, pool[random.below(pool.len())].to_string()),
            2 => tokens[at] = pool[random.below(pool.len())].to_string(),
            _ => {
                let other = random.below(tokens.len());
                tokens.swap(at, other);
            }
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens.concat()
}

#[test]
fn damaged_kernels_give_messages() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let kinds = [I64, F64, F32, U8, Bool, U64];
    let mut good = 0;
    for round in 0..8000 {
        let kernel = KERNELS[round % KERNELS.len()];
        let text = mutate(kernel, &mut random);
        let scalar = |random: &mut Random| ArgumentType::Scalar(kinds[random.below(kinds.len())]);
        let first = if kernel.contains("a[") {
            ArgumentType::Relative { scalar: kinds[random.below(kinds.len())], rank: 2 }
        } else {
            scalar(&mut random)
        };
        let arguments = [first, scalar(&mut random)];
        let rules = if random.below(4) == 0 { Rules::Exact } else { Rules::Numba };
        let relative = Relative { neighborhood: (random.below(4) == 0).then(|| vec![(-1, 1), (-1, 1)]) };
        match typed(&text, &arguments, rules, &relative) {
            Ok(_) => good += 1,
            Err(error) => {
                let message = error.to_string();
                assert!(!message.contains("internal error"), "{message}\n{text}");
            }
        }
    }
    // The damage is not so great that nothing is left to check.
    assert!(good > 300, "{good}");
}
