//! Mutations of kernel text: bytes, tokens, lines, and pieces of other texts.

use crate::corpus;
use numbra_tests::random::Random;

/// What means something to one of the stages, and what sits at the ends of its ranges.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "'",
    "\"",
    "\"\"\"",
    "\\",
    "\n",
    "\t",
    "    ",
    ":",
    ",",
    "=",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "@",
    "&",
    "|",
    "^",
    "~",
    "<<",
    ">>",
    "and",
    "or",
    "not",
    "if",
    "else",
    "elif",
    "while",
    "for",
    "in",
    "range",
    "range(-1, 2)",
    "return",
    "break",
    "continue",
    "pass",
    "lambda x: x",
    "assert ",
    "raise ValueError('{}')",
    "x",
    "a",
    "i",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "63",
    "64",
    "127",
    "128",
    "255",
    "256",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1099511627776",
    "0.0",
    "-0.0",
    "0.5",
    "1e308",
    "1e999",
    "1e-320",
    "1j",
    "True",
    "False",
    "None",
    "...",
    "np.nan",
    "np.inf",
    "math.pi",
    "np.int8",
    "np.uint64",
    "np.float32",
    "float",
    "int",
    "bool",
    "abs",
    "min",
    "max",
    "round",
    "divmod",
    "sum",
    "len",
    "pow",
    "math.sqrt",
    "math.floor",
    "np.where",
    "np.sign",
    "np.clip",
    "np.cos",
    "a[0]",
    "a[-1]",
    "a[0, 1]",
    "a.shape",
    "a[1:2]",
    "x, y = y, x",
    "(1, 2, 3)",
    "enumerate((1, 2))",
    "zip((1, 2), (3, 4))",
    "numba.prange(3)",
    "@vectorize",
    "@stencil",
    "@numba.njit",
    "(typing='exact')",
    "(fastmath=True)",
    "(neighborhood=((-1, 1),))",
    "(cval=np.nan)",
    "(standard_indexing=('b',))",
    "(['float32(float32)', 'int64(int64)'])",
    "rare(x > 1)",
    "select(x > 0, x, x)",
    "bitcast(int64, x)",
    "mul_exact(x, x)",
    "é",
    "\u{2028}",
    "\0",
    "\r\n",
    "# ",
    "def g(x):\n    return x\n",
    "f(x)",
    "g(x)",
];

const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "<", "<=", "==", "!=", ">", ">=", " and ", " or ",
    ",",
];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "31",
    "32",
    "63",
    "64",
    "127",
    "255",
    "256",
    "65536",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1099511627776",
    "0.0",
    "0.5",
    "1e308",
    "1e999",
    "5e-324",
    "1e-40",
    "True",
    "math.pi",
    "np.nan",
    "np.inf",
];

const FUNCTIONS: &[&str] = &[
    "abs",
    "bool",
    "divmod",
    "float",
    "int",
    "len",
    "max",
    "min",
    "pow",
    "range",
    "round",
    "sum",
    "math.sqrt",
    "math.floor",
    "math.cos",
    "math.log",
    "math.pow",
    "math.fmod",
    "np.where",
    "np.sign",
    "np.clip",
    "np.exp",
    "np.hypot",
    "np.isnan",
    "np.signbit",
    "np.maximum",
    "np.fmin",
    "np.int8",
    "np.uint16",
    "np.uint64",
    "np.float32",
    "np.float64",
    "np.bool_",
    "np.round",
    "np.logical_xor",
    "np.reciprocal",
    "np.divmod",
    "np.left_shift",
    "np.power",
    "np.invert",
    "math.radians",
];

/// A text with one to four mutations, most of which keep it a program.
pub fn mutated(text: &str, random: &mut Random) -> String {
    let mut text = text.to_string();
    for _ in 0..1 + random.below(4) {
        text = match random.below(16) {
            0 => bytes(text, random),
            1 | 2 => tokens(&text, random),
            3 | 4 => lines(&text, random),
            5 => splice(&text, random),
            _ => alike(&text, random),
        };
    }
    text
}

/// A token replaced by one that may stand in its place.
fn alike(text: &str, random: &mut Random) -> String {
    const KEYWORDS: &[&str] = &[
        "def", "return", "if", "elif", "else", "for", "in", "while", "break", "continue", "pass", "import", "from",
        "as", "and", "or", "not", "is", "lambda", "assert", "raise",
    ];
    let mut tokens = tokenized(text);
    let is_name = |token: &str| token.starts_with(|start: char| start.is_alphabetic()) && !KEYWORDS.contains(&token);
    // What is replaced is a name, a number or an operator: the first one after some place.
    let start = random.below(tokens.len());
    let fits = |token: &str| {
        is_name(token) || token.starts_with(|start: char| start.is_ascii_digit() || "+-*/%<>&|^".contains(start))
    };
    let Some(place) = (start..tokens.len()).find(|&place| fits(tokens[place])) else { return text.to_string() };
    let replacement = if tokens[place].starts_with(|start: char| start.is_ascii_digit()) {
        random.pick(NUMBERS)
    } else if !is_name(tokens[place]) {
        random.pick(OPERATORS)
    } else if tokens.get(place + 1) == Some(&"(") && random.below(3) > 0 {
        random.pick(FUNCTIONS)
    } else if random.once_in(4) {
        random.pick(NUMBERS)
    } else {
        let names: Vec<&str> = tokens.iter().copied().filter(|token| is_name(token)).collect();
        *random.pick(&names)
    };
    tokens[place] = replacement;
    tokens.concat()
}

/// A byte changed, inserted or left out; what is no text then is mended.
fn bytes(text: String, random: &mut Random) -> String {
    let mut bytes = text.into_bytes();
    let place = random.below(bytes.len() + 1);
    match random.below(3) {
        0 if place < bytes.len() => drop(bytes.remove(place)),
        1 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
        _ => bytes.insert(place, random.below(128) as u8),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names, numbers, runs of blanks, and single characters.
fn tokenized(text: &str) -> Vec<&str> {
    let kind = |character: char| match character {
        _ if character.is_alphanumeric() || character == '_' || character == '.' => 0,
        ' ' => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut previous = 2;
    for (place, character) in text.char_indices() {
        if place > start && (kind(character) == 2 || kind(character) != previous) {
            tokens.push(&text[start..place]);
            start = place;
        }
        previous = kind(character);
    }
    tokens.push(&text[start..]);
    tokens
}

fn tokens(text: &str, random: &mut Random) -> String {
    let mut tokens = tokenized(text);
    let place = random.below(tokens.len());
    let other = tokens[random.below(tokens.len())];
    let piece = random.pick(PIECES);
    match random.below(7) {
        0 => drop(tokens.remove(place)),
        1 => tokens[place] = piece,
        2 => tokens[place] = other,
        3 => tokens.insert(place, piece),
        4 => tokens.insert(place, other),
        5 => {
            let end = (place + 1 + random.below(6)).min(tokens.len());
            let run: Vec<&str> = tokens[place..end].to_vec();
            let to = random.below(tokens.len());
            tokens.splice(to..to, run);
        }
        _ => {
            let end = (place + 1 + random.below(6)).min(tokens.len());
            tokens.splice(place..end, [*piece]);
        }
    }
    tokens.concat()
}

fn lines(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    if lines.is_empty() {
        return text.to_string();
    }
    let (place, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(6) {
        0 => drop(lines.remove(place)),
        1 => lines.swap(place, other),
        2 => lines.insert(place, lines[other].clone()),
        3 => lines[place].insert_str(0, "    "),
        4 => lines[place] = lines[place].strip_prefix("    ").unwrap_or("pass\n").to_string(),
        _ => {
            // A whole line in the place of an expression: deep and odd nesting.
            let piece = lines[other].trim().to_string();
            let line = lines[place].clone();
            let tokens = tokenized(&line);
            let at = random.below(tokens.len());
            let parts = [&tokens[..at], &[piece.as_str()], &tokens[at..]].concat();
            lines[place] = parts.concat();
        }
    }
    lines.concat()
}

/// Lines of another text of the corpus, put somewhere.
fn splice(text: &str, random: &mut Random) -> String {
    let others = corpus::kernels();
    let other: Vec<&str> = random.pick(others).split_inclusive('\n').collect();
    let start = random.below(other.len());
    let end = (start + 1 + random.below(12)).min(other.len());
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let place = random.below(lines.len() + 1);
    let piece = other.get(start..end).unwrap_or_default();
    lines.splice(place..place, piece.iter().copied());
    lines.concat()
}
