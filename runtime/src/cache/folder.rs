//! Where the cache is, and whether it can be trusted: what is found there is run.
//!
//! The folder is the user's alone. One that belongs to somebody else, or that others can write to, is not used, and no entry
//! of it that is not the user's own.

use crate::error::{Error, Result};
use etcetera::BaseStrategy;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The environment variables that name a folder for caches, the first one first.
pub const PLACES: [&str; 2] = ["NUMBRA_CACHE_DIR", "NUMBA_CACHE_DIR"];
/// The environment variable that says how many megabytes (of 1,048,576 bytes) the cache may hold; 0: it is not used.
pub const SIZE: &str = "NUMBRA_CACHE_MEGABYTES";
/// How many it may hold where that says nothing.
pub const MEGABYTES: u64 = 256;

/// In the folder that the environment names, else among the user's caches.
pub fn standard() -> Option<PathBuf> {
    let named = PLACES.iter().filter_map(std::env::var_os).find(|place| !place.is_empty());
    match named {
        Some(place) => Some(within(Path::new(&place))),
        None => Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("numbra")),
    }
}

/// In a folder that several users may have named.
pub fn within(place: &Path) -> PathBuf {
    // What is relative would be somewhere else after a change of the folder.
    let place = std::path::absolute(place).unwrap_or_else(|_| place.to_path_buf());
    place.join(own_name())
}

/// How many bytes the cache may hold.
pub fn most_bytes() -> Result<u64> {
    let Some(text) = std::env::var_os(SIZE).filter(|text| !text.is_empty()) else { return Ok(MEGABYTES << 20) };
    let text = text.to_string_lossy();
    text.trim().parse::<u64>().ok().and_then(|megabytes| megabytes.checked_mul(1 << 20)).ok_or_else(|| {
        let message = format!("the environment variable {SIZE} is '{text}', which is no size");
        Error::call_with_help(message, format!("write a number of megabytes, for example {SIZE}={MEGABYTES}"))
    })
}

/// Whether there is a folder that can be trusted; why it cannot.
pub fn check(folder: &Path) -> Result<bool, String> {
    match fs::metadata(folder) {
        Ok(about) if !about.is_dir() => Err(format!("{} is no folder", folder.display())),
        Ok(about) if !is_mine(&about) => {
            Err(format!("{} belongs to somebody else, or others can write to it", folder.display()))
        }
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("{} cannot be read: {error}", folder.display())),
    }
}

/// Makes the folder, if it is not there, for the user alone.
pub fn make(folder: &Path) -> Result<(), String> {
    if check(folder)? {
        return Ok(());
    }
    let made = match folder.parent() {
        Some(parent) => fs::create_dir_all(parent).and_then(|()| make_private(folder)),
        None => make_private(folder),
    };
    match made {
        // Another process was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(format!("{} cannot be made: {error}", folder.display())),
        Ok(()) => {}
    }
    match check(folder)? {
        true => Ok(()),
        false => Err(format!("{} is not there", folder.display())),
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder)
}

/// Whether a file or a folder is the user's, and nobody else can write to it.
#[cfg(unix)]
pub fn is_mine(about: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    about.uid() == user() && about.mode() & 0o022 == 0
}

/// Elsewhere the user's folders are nobody else's.
#[cfg(not(unix))]
pub fn is_mine(_: &Metadata) -> bool {
    true
}

#[cfg(unix)]
fn own_name() -> String {
    format!("numbra-{}", user())
}

#[cfg(not(unix))]
fn own_name() -> String {
    "numbra".to_string()
}

#[cfg(unix)]
fn user() -> u32 {
    // SAFETY: asks for a number, and cannot fail.
    unsafe { libc::geteuid() }
}
