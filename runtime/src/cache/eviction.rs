//! What goes when there is too much: what was not used for the longest time.

use super::entry::{ENDING, UNFINISHED};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a file takes on disk is a multiple of this.
const BLOCK: u64 = 4096;
/// When a file that is not whole was left behind by a process that is gone.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Removes entries until there is room again for a while: three quarters of `most` bytes are left. Other processes may do the
/// same at the same time.
pub fn run(folder: &Path, most: u64) {
    let Ok(files) = fs::read_dir(folder) else { return };
    let now = SystemTime::now();
    let mut entries: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    let mut bytes = 0;
    for file in files.flatten() {
        let Some((used, length)) = about(&file) else { continue };
        let (name, path) = (file.file_name(), file.path());
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED) {
            if now.duration_since(used).is_ok_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(path);
            }
        } else if name.ends_with(ENDING) {
            let length = length.next_multiple_of(BLOCK);
            bytes += length;
            entries.push((used, length, path));
        }
    }
    if bytes <= most {
        return;
    }
    entries.sort_unstable();
    for (_, length, path) in entries {
        if bytes <= most / 4 * 3 {
            return;
        }
        // Whoever was first has made room all the same.
        let _ = fs::remove_file(path);
        bytes -= length;
    }
}

/// When a file was last used, and how long it is.
fn about(file: &DirEntry) -> Option<(SystemTime, u64)> {
    let about = file.metadata().ok().filter(|about| about.is_file())?;
    Some((about.modified().ok()?, about.len()))
}
