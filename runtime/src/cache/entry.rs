//! An entry: a file with code.
//!
//! It begins with what it is, then come the hash of its key, a checksum, and the code. A file is written under another name
//! and renamed when it is whole, so that whoever reads finds a whole one or none, however many processes write. Files that are
//! not what they should be are as good as none, and are replaced.

use super::folder;
use super::key::Key;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::SystemTime;

/// How names of entries end.
pub const ENDING: &str = ".numbra";
/// How names of files begin that are not whole yet.
pub const UNFINISHED: &str = ".new-";

/// Another form of entries has another number.
const MAGIC: [u8; 8] = *b"numbra 1";
const HEADER: usize = MAGIC.len() + 32 + 32;

/// The code of that key, if it is there.
pub fn read(folder: &Path, key: &Key) -> Option<Vec<u8>> {
    let mut file = File::open(folder.join(key.file_name())).ok()?;
    let about = file.metadata().ok()?;
    if !about.is_file() || !folder::is_mine(&about) {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).ok()? + 1);
    file.read_to_end(&mut bytes).ok()?;
    let code = bytes.get(HEADER..)?;
    if bytes[..HEADER] != header(key, code) {
        return None;
    }
    // What was used last stays longest. On a disk that cannot be written it has nobody to tell.
    let _ = file.set_modified(SystemTime::now());
    bytes.drain(..HEADER);
    Some(bytes)
}

/// Keeps the code; gives how many bytes the file has.
pub fn write(folder: &Path, key: &Key, code: &[u8]) -> io::Result<u64> {
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    file.write_all(&header(key, code))?;
    file.write_all(code)?;
    file.persist(folder.join(key.file_name())).map_err(|error| error.error)?;
    Ok((HEADER + code.len()) as u64)
}

fn header(key: &Key, code: &[u8]) -> [u8; HEADER] {
    let checksum = Sha256::new_with_prefix(key.hash()).chain_update(code).finalize();
    let mut header = [0; HEADER];
    let (magic, rest) = header.split_at_mut(MAGIC.len());
    let (hash, check) = rest.split_at_mut(32);
    magic.copy_from_slice(&MAGIC);
    hash.copy_from_slice(key.hash());
    check.copy_from_slice(&checksum);
    header
}
