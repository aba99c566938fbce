//! NumPy's `.npy` files, as numpy.lib.format describes them: versions 1.0, 2.0 and 3.0.
//!
//! A header that promises more than the file has is refused before anything is allocated for it, so that memory in
//! use stays within a small multiple of the file's size, whatever the file says.

mod header;

use super::host::byte_length;
use super::{ArrayError, HostArray, HostView};
use header::Header;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Why a file could not be read or written as `.npy`.
#[derive(Debug, thiserror::Error)]
pub enum NpyError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("not a .npy file: it does not start with the bytes of NumPy's format")]
    NotNpy,
    #[error("version {major}.{minor} of the .npy format is unknown; 1.0, 2.0 and 3.0 are known")]
    Version { major: u8, minor: u8 },
    #[error("the .npy header is malformed: {0}")]
    Header(String),
    /// The file's type is not one of numbra's; `help` says what to convert to.
    #[error("elements of type {found} are not supported\n  help: {help}")]
    ElementType { found: String, help: String },
    #[error("truncated: the header says {promised} bytes of elements, the file has {present}")]
    Truncated { promised: usize, present: u64 },
    #[error("the file ends inside the .npy header")]
    TruncatedHeader,
    #[error("{extra} bytes follow the last element; the file holds more than one array, or its header is wrong")]
    TrailingBytes { extra: u64 },
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// An [`NpyError`] and the file that it is about.
#[derive(Debug, thiserror::Error)]
#[error("'{}': {error}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    #[source]
    pub error: NpyError,
}

/// Reads a file. Elements arrive in C order and the machine's byte order.
pub fn read_file(path: &Path) -> Result<HostArray, FileError> {
    let read_open = || {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_file() {
            return read(BufReader::new(file), about.len());
        }
        // A pipe does not know its length; a folder fails here.
        let mut bytes = Vec::new();
        BufReader::new(file).read_to_end(&mut bytes)?;
        read(bytes.as_slice(), bytes.len() as u64)
    };
    read_open().map_err(|error| FileError { path: path.to_path_buf(), error })
}

/// Reads `length` bytes of a `.npy` file: all of it.
pub fn read(mut reader: impl Read, length: u64) -> Result<HostArray, NpyError> {
    let (header, start) = Header::read(&mut reader, length)?;
    let Header { scalar, big_endian, fortran_order, shape } = header;
    let too_large = || ArrayError::TooLarge { scalar, shape: shape.clone() };
    let promised = byte_length(scalar, &shape).ok_or_else(too_large)?;
    let present = length.saturating_sub(start);
    if promised as u64 > present {
        return Err(NpyError::Truncated { promised, present });
    }
    if present > promised as u64 {
        return Err(NpyError::TrailingBytes { extra: present - promised as u64 });
    }

    let fortran_order = fortran_order && shape.iter().filter(|extent| **extent != 1).count() > 1;
    let read_shape = if fortran_order { shape.iter().rev().copied().collect() } else { shape };
    let mut array = HostArray::zeros(scalar, &read_shape)?;
    reader.read_exact(array.bytes_mut()).map_err(|error| match error.kind() {
        // The file shrank while it was read.
        io::ErrorKind::UnexpectedEof => NpyError::Truncated { promised, present: 0 },
        _ => error.into(),
    })?;
    if big_endian != cfg!(target_endian = "big") && scalar.bytes() > 1 {
        array.bytes_mut().chunks_exact_mut(scalar.bytes()).for_each(<[u8]>::reverse);
    }
    if scalar == numbra_front::types::ScalarType::Bool {
        // NumPy counts every byte but 0 as true, and so do other readers of such a file.
        array.bytes_mut().iter_mut().for_each(|byte| *byte = (*byte != 0) as u8);
    }
    Ok(if fortran_order { array.view().transposed().to_array()? } else { array })
}

/// Writes a file in C order, version 1.0, byte for byte as `numpy.save` does. An existing file is replaced.
pub fn write_file(path: &Path, array: &HostView) -> Result<(), FileError> {
    let write_open = || {
        let mut writer = BufWriter::new(File::create(path)?);
        write(&mut writer, array)?;
        writer.flush().map_err(NpyError::from)
    };
    write_open().map_err(|error| FileError { path: path.to_path_buf(), error })
}

/// Writes as [`write_file`] does.
pub fn write(mut writer: impl Write, array: &HostView) -> Result<(), NpyError> {
    writer.write_all(&header::text(array.scalar(), array.shape()))?;
    match array.contiguous_bytes() {
        Some(bytes) => writer.write_all(bytes)?,
        None => writer.write_all(array.to_array()?.bytes())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use numbra_front::types::ScalarType;

    /// A file with this header text and these elements.
    fn file(version: u8, header: &str, elements: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        match version {
            1 => bytes.extend((header.len() as u16).to_le_bytes()),
            _ => bytes.extend((header.len() as u32).to_le_bytes()),
        }
        bytes.extend(header.as_bytes());
        bytes.extend(elements);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<HostArray, NpyError> {
        read(bytes, bytes.len() as u64)
    }

    fn error(header: &str, elements: &[u8]) -> String {
        parse(&file(1, header, elements)).unwrap_err().to_string()
    }

    #[test]
    fn every_type_survives_in_every_byte_order() {
        for scalar in ScalarType::ALL {
            let size = scalar.bytes();
            let little: Vec<u8> =
                (0..6 * size as u8).map(|byte| if scalar == ScalarType::Bool { byte % 2 } else { byte }).collect();
            let array = HostArray::from_bytes(scalar, &[2, 3], &little).unwrap();
            let mut written = Vec::new();
            write(&mut written, &array.view()).unwrap();
            assert_eq!(written.len() % 64, (6 * size) % 64);
            assert_eq!(parse(&written).unwrap(), array);

            let code = header::descriptor(scalar).split_at(1).1.to_string();
            let big: Vec<u8> = little.chunks(size).flat_map(|element| element.iter().rev().copied()).collect();
            for version in [1, 2, 3] {
                let text = format!("{{'descr': '>{code}', 'fortran_order': False, 'shape': (2, 3), }}\n");
                assert_eq!(parse(&file(version, &text, &big)).unwrap(), array, "{scalar}, version {version}");
            }
        }
    }

    #[test]
    fn written_files_are_numpys_own() {
        let array = HostArray::from_slice(&[3], &[1.0_f32, -2.0, 0.5]).unwrap();
        let mut written = Vec::new();
        write(&mut written, &array.view()).unwrap();
        // What numpy.save(..., np.array([1, -2, .5], 'f4')) writes.
        let mut expected = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }".to_vec();
        expected.resize(127, b' ');
        expected.extend(b"\n\0\0\x80?\0\0\0\xc0\0\0\0?");
        assert_eq!(written, expected);
    }

    #[test]
    fn fortran_order_is_turned() {
        let elements: Vec<u8> = [0, 10, 1, 11, 2, 12].to_vec();
        let text = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}";
        let array = parse(&file(1, text, &elements)).unwrap();
        assert_eq!(array.as_slice::<u8>().unwrap(), [0, 1, 2, 10, 11, 12]);
    }

    #[test]
    fn ranks_from_none_to_the_most() {
        let scalar = parse(&file(1, "{'descr':'<i8','fortran_order':False,'shape':()}", &7_u64.to_le_bytes())).unwrap();
        assert_eq!((scalar.shape(), scalar.as_slice::<i64>().unwrap()), (&[][..], &[7][..]));
        let deep = |rank: usize| {
            let text = format!("{{'shape': ({}), 'fortran_order': True, 'descr': '|b1'}}", "1, ".repeat(rank));
            parse(&file(1, &text, &[9]))
        };
        assert_eq!(deep(32).unwrap().as_slice::<bool>().unwrap(), [true]);
        assert!(matches!(deep(33), Err(NpyError::Array(ArrayError::Rank { rank: 33 }))));
        let empty = parse(&file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 3)}", &[])).unwrap();
        assert_eq!(empty.shape(), [0, 3]);
        // Python 2 wrote long integers so.
        assert_eq!(
            parse(&file(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2L,), }", &[1, 2])).unwrap().len(),
            2
        );
    }

    #[test]
    fn strided_views_are_written_in_c_order() {
        let array = HostArray::from_slice(&[2, 3], &[1_i16, 2, 3, 4, 5, 6]).unwrap();
        let mut written = Vec::new();
        write(&mut written, &array.view().transposed()).unwrap();
        assert_eq!(parse(&written).unwrap().as_slice::<i16>().unwrap(), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn foreign_types_are_named_with_a_way_out() {
        for (descriptor, found, help) in [
            ("'<c16'", "complex128", "a.real"),
            ("'>c8'", "complex64", "a.real"),
            ("'<f2'", "float16", "a.astype(np.float32)"),
            ("'<f16'", "float128", "a.astype(np.float64)"),
            ("'<U5'", "str", "a.astype(np.float64)"),
            ("'|S3'", "bytes", "a.astype(np.float64)"),
            ("'|O'", "object", "a.astype(np.float64)"),
            ("'<M8[ns]'", "datetime64", "a.astype(np.int64)"),
            ("'<m8[s]'", "timedelta64", "a.astype(np.int64)"),
            ("'|V4'", "void", "a['x']"),
            ("[('x', '<f8'), ('y', [('z', '<i4', (2,))])]", "structured", "a['x']"),
            ("'nonsense'", "'nonsense'", "np.save"),
        ] {
            let text = error(&format!("{{'descr': {descriptor}, 'fortran_order': False, 'shape': (1,), }}"), &[0; 16]);
            assert!(text.contains(found) && text.contains(help), "{text}");
        }
    }

    #[test]
    fn sizes_must_agree() {
        let header = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        assert_eq!(
            error(&header("(3,)"), &[0; 16]),
            "truncated: the header says 24 bytes of elements, the file has 16"
        );
        assert!(error(&header("(1,)"), &[0; 16]).starts_with("8 bytes follow"));
        assert!(error(&header("(1000000000000,)"), &[0; 16]).starts_with("truncated"));
        assert!(error(&header("(4294967296, 4294967296)"), &[]).contains("too large"));
        assert!(error(&header("(0, 9223372036854775807, 9)"), &[]).contains("too large"));
        assert!(error(&header("(99999999999999999999999,)"), &[]).contains("malformed"));
    }

    #[test]
    fn malformed_headers_are_refused() {
        for text in [
            "",
            "{",
            "{}",
            "()",
            "{'descr': '<f8'}",
            "{'descr': '<f8', 'fortran_order': False}",
            "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': 3}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (,)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,,2)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': [1]}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)",
            "{'descr: <f8}",
            "{descr: '<f8'}",
            "{'descr': <f8, 'fortran_order': False, 'shape': ()}",
            "{'descr': ((((((((((",
            "{'descr': '<f8' 'fortran_order': False, 'shape': ()}",
        ] {
            let message = error(text, &[0; 8]);
            assert!(message.contains("malformed"), "{text}: {message}");
        }
        assert!(matches!(parse(b""), Err(NpyError::NotNpy)));
        assert!(matches!(parse(b"hello, world, this is text"), Err(NpyError::NotNpy)));
        assert!(matches!(parse(b"\x93NUMPY"), Err(NpyError::TruncatedHeader)));
        assert!(matches!(parse(b"\x93NUMPY\x04\x00aaaaaa"), Err(NpyError::Version { major: 4, minor: 0 })));
        assert!(matches!(parse(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{}"), Err(NpyError::TruncatedHeader)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_file(Path::new("no/such/file.npy")).unwrap_err();
        assert!(error.to_string().starts_with("'no/such/file.npy': "), "{error}");
    }
}
