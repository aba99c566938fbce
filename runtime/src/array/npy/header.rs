//! The header of a `.npy` file: magic bytes, version, and a Python dictionary literal.

use super::NpyError;
use crate::array::{ArrayError, MAX_RANK};
use numbra_front::types::ScalarType;
use std::io::{self, Read};

const MAGIC: &[u8] = b"\x93NUMPY";
/// The elements start at a multiple of this.
const ALIGNMENT: usize = 64;

#[derive(Debug)]
pub(super) struct Header {
    pub scalar: ScalarType,
    pub big_endian: bool,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

impl Header {
    /// Reads the header of a file of `length` bytes; also returns the position of the first element.
    pub fn read(reader: &mut impl Read, length: u64) -> Result<(Header, u64), NpyError> {
        let mut magic = [0; MAGIC.len()];
        fill(reader, &mut magic, NpyError::NotNpy)?;
        if magic != MAGIC {
            return Err(NpyError::NotNpy);
        }
        let mut version = [0; 2];
        fill(reader, &mut version, NpyError::TruncatedHeader)?;
        let (text_length, start) = match version {
            [1, 0] => {
                let mut bytes = [0; 2];
                fill(reader, &mut bytes, NpyError::TruncatedHeader)?;
                (u64::from(u16::from_le_bytes(bytes)), 10)
            }
            [2 | 3, 0] => {
                let mut bytes = [0; 4];
                fill(reader, &mut bytes, NpyError::TruncatedHeader)?;
                (u64::from(u32::from_le_bytes(bytes)), 12)
            }
            [major, minor] => return Err(NpyError::Version { major, minor }),
        };
        let end = start + text_length;
        if end > length {
            return Err(NpyError::TruncatedHeader);
        }
        let mut text = vec![0; text_length as usize];
        fill(reader, &mut text, NpyError::TruncatedHeader)?;
        // Version 3 is UTF-8, the older ones Latin-1; they differ in names of fields alone, which numbra has no use for.
        Ok((parse(&String::from_utf8_lossy(&text))?, end))
    }
}

fn fill(reader: &mut impl Read, bytes: &mut [u8], at_end: NpyError) -> Result<(), NpyError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => at_end,
        _ => error.into(),
    })
}

fn malformed(message: impl Into<String>) -> NpyError {
    NpyError::Header(message.into())
}

/// Reads `{'descr': ..., 'fortran_order': ..., 'shape': ...}`.
///
/// Values are cut out first and looked at afterwards, without recursion: nesting of any depth costs no stack.
fn parse(text: &str) -> Result<Header, NpyError> {
    let (mut descriptor, mut fortran_order, mut shape) = (None, None, None);
    let mut rest = text.trim().strip_prefix('{').ok_or_else(|| malformed("it is not a dictionary"))?.trim_start();
    while !rest.starts_with('}') {
        let (key, after) = string(rest).ok_or_else(|| malformed("a key is not a string"))?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(|| malformed(format!("no ':' after '{key}'")))?;
        let end = value_end(after).ok_or_else(|| malformed(format!("the value of '{key}' does not end")))?;
        let value = after[..end].trim();
        match key {
            "descr" => descriptor = Some(value),
            "fortran_order" => fortran_order = Some(value),
            "shape" => shape = Some(value),
            _ => return Err(malformed(format!("unknown key '{}'", shorten(key)))),
        }
        rest = after[end..].strip_prefix(',').unwrap_or(&after[end..]).trim_start();
    }
    if !rest[1..].trim().is_empty() {
        return Err(malformed("something follows the dictionary"));
    }
    let missing = |key: &str| malformed(format!("no '{key}'"));

    // A type of theirs is the likelier reason for anything else that looks odd.
    let (scalar, big_endian) = element_type(descriptor.ok_or_else(|| missing("descr"))?)?;
    let fortran_order = match fortran_order.ok_or_else(|| missing("fortran_order"))? {
        "True" => true,
        "False" => false,
        other => {
            return Err(malformed(format!("'fortran_order' is {}, not True or False", shorten(other))));
        }
    };
    let shape = parse_shape(shape.ok_or_else(|| missing("shape"))?)?;
    Ok(Header { scalar, big_endian, fortran_order, shape })
}

/// A string literal at the start of `text`, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let end = text[1..].find(quote)? + 1;
    Some((&text[1..end], &text[end + 1..]))
}

/// The position of the `,` or `}` behind the value that `text` starts with.
fn value_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b',' | b'}') if depth == 0 => return Some(position),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

/// `()`, `(3,)`, `(2, 3)`, `(2L, 3L)`.
fn parse_shape(text: &str) -> Result<Vec<usize>, NpyError> {
    let wrong = || malformed(format!("'shape' is {}, not a tuple of sizes", shorten(text)));
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).ok_or_else(wrong)?.trim();
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    let sizes = match inner.strip_suffix(',') {
        Some(sizes) => sizes,
        None if inner.contains(',') => inner,
        None => return Err(wrong()),
    };
    let rank = sizes.split(',').count();
    if rank > MAX_RANK {
        return Err(ArrayError::Rank { rank }.into());
    }
    let size = |text: &str| {
        let text = text.trim();
        let digits = text.strip_suffix('L').unwrap_or(text);
        // `parse` alone would take a plus sign.
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten().ok_or_else(wrong)
    };
    sizes.split(',').map(size).collect()
}

/// The type that a value of 'descr' names, and whether it is big-endian.
fn element_type(text: &str) -> Result<(ScalarType, bool), NpyError> {
    let unsupported = |found: String, help: &str| {
        Err(NpyError::ElementType {
            found,
            help: format!("numbra has bool, int8-64, uint8-64, float32, float64: {help}"),
        })
    };
    if text.starts_with(['[', '(']) {
        return unsupported(format!("{} (structured)", shorten(text)), "save each field by itself, such as a['x']");
    }
    let descriptor = match string(text) {
        Some((descriptor, "")) => descriptor,
        _ => return Err(malformed(format!("'descr' is {}, not a string", shorten(text)))),
    };
    let (order, code) = match descriptor.as_bytes().first() {
        Some(order @ (b'<' | b'>' | b'|' | b'=')) => (*order, &descriptor[1..]),
        _ => (b'=', descriptor),
    };
    let big_endian = order == b'>' || (order == b'=' && cfg!(target_endian = "big"));
    if let Some(scalar) = ScalarType::ALL.into_iter().find(|scalar| &self::descriptor(*scalar)[1..] == code) {
        return Ok((scalar, big_endian));
    }
    let (name, help) = match (code.as_bytes().first(), code) {
        (_, "f2") => ("float16".to_string(), "a.astype(np.float32) converts"),
        (Some(b'f'), _) => (bit_name("float", &code[1..]), "a.astype(np.float64) converts"),
        (Some(b'c'), _) => (bit_name("complex", &code[1..]), "save a.real and a.imag, each by itself"),
        (Some(b'O'), _) => ("object".to_string(), "a.astype(np.float64) converts, if the objects are numbers"),
        (Some(b'U'), _) => ("str".to_string(), "a.astype(np.float64) converts, if the texts are numbers"),
        (Some(b'S' | b'a'), _) => ("bytes".to_string(), "a.astype(np.float64) converts, if the texts are numbers"),
        (Some(b'M'), _) => ("datetime64".to_string(), "a.astype(np.int64) converts"),
        (Some(b'm'), _) => ("timedelta64".to_string(), "a.astype(np.int64) converts"),
        (Some(b'V'), _) => ("void".to_string(), "save each field by itself, such as a['x']"),
        _ => {
            return unsupported(format!("'{}'", shorten(descriptor)), "np.save of an array of one of these writes it");
        }
    };
    unsupported(format!("{name} ('{}')", shorten(descriptor)), help)
}

/// `("complex", "16")` is complex128: NumPy's codes count bytes, its names bits.
fn bit_name(kind: &str, bytes: &str) -> String {
    bytes.parse::<u16>().map_or(kind.to_string(), |bytes| format!("{kind}{}", u32::from(bytes) * 8))
}

/// Enough of a text from a file for a message, without control characters.
fn shorten(text: &str) -> String {
    let limit = 60;
    let mut short: String = text.chars().take(limit).flat_map(char::escape_debug).collect();
    // Quotes are fine in a message.
    short = short.replace("\\'", "'");
    if text.chars().nth(limit).is_some() {
        short.push_str("...");
    }
    short
}

/// NumPy's code of a type in this machine's byte order: `<f8`, `|b1`.
pub(super) fn descriptor(scalar: ScalarType) -> String {
    let kind = match scalar {
        ScalarType::Bool => 'b',
        _ if scalar.is_float() => 'f',
        _ if scalar.is_unsigned() => 'u',
        _ => 'i',
    };
    let order = match scalar.bytes() {
        1 => '|',
        _ if cfg!(target_endian = "big") => '>',
        _ => '<',
    };
    format!("{order}{kind}{}", scalar.bytes())
}

/// The header that `numpy.save` writes for an array in C order, up to the first element.
pub(super) fn text(scalar: ScalarType, shape: &[usize]) -> Vec<u8> {
    let sizes = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({sizes}{comma}), }}", descriptor(scalar));
    if let Some(first) = shape.first() {
        // NumPy leaves room for the first size to grow to 21 digits in place.
        text.push_str(&" ".repeat(21 - first.to_string().len()));
    }
    let before = MAGIC.len() + 4;
    let total = (before + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.push_str(&" ".repeat(total - before - text.len() - 1));
    text.push('\n');
    // At most 32 sizes of 20 digits: version 1.0 has room for 65,535 characters.
    [MAGIC, &[1, 0], &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}
