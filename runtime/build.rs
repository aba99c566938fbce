//! Sets `NUMBRA_BUILD`: a hash of the text of what makes machine code and of what calls it, so that another build of the same
//! version does not run code that this one kept on disk. Outside of numbra's own repository versions alone tell builds apart,
//! and there the text of a version does not change.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

const FOLDERS: [&str; 3] = ["src", "../compiler/front/src", "../compiler/codegen/src"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let mut texts = BTreeMap::new();
    for folder in FOLDERS.map(Path::new).into_iter().filter(|folder| folder.is_dir()) {
        println!("cargo:rerun-if-changed={}", folder.display());
        read(folder, &mut texts);
    }
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    println!("cargo:rustc-env=NUMBRA_BUILD={:016x}", hasher.finish());
}

/// What is in a folder and the folders in it, by name.
fn read(folder: &Path, texts: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => read(&path, texts),
            false => {
                texts.insert(path.display().to_string(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }
}
