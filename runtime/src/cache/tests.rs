use super::*;
use crate::error::Error;
use std::cell::Cell;
use std::fs;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const PLENTY: u64 = 1 << 20;

/// A folder that goes with the test, and one in it for a cache.
fn place() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("deep").join("numbra");
    (place, folder)
}

fn key(name: &str) -> Key {
    Key::new(name, [name.as_bytes()])
}

/// What a process gets that asks for code.
fn got(cache: &Cache, key: &Key, code: &[u8]) -> (Vec<u8>, Found) {
    cache.get(key, Ok, || Ok(code.to_vec())).unwrap()
}

fn found(folder: &Path, key: &Key) -> Option<Vec<u8>> {
    let cache = Cache::new(Some(folder.to_path_buf()), PLENTY);
    let result = cache.get(key, Ok, || Err(Error::Interrupted));
    result.ok().map(|(code, found)| {
        assert_eq!(found, Found::Kept);
        code
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_is_kept_is_found() {
    let (_place, folder) = place();
    let cache = Cache::new(Some(folder.clone()), PLENTY);
    assert_eq!(found(&folder, &key("f")), None);
    assert_eq!(got(&cache, &key("f"), b"code of f"), (b"code of f".to_vec(), Found::Compiled));
    assert_eq!(got(&cache, &key("f"), b"not asked for"), (b"code of f".to_vec(), Found::Kept));
    assert_eq!(found(&folder, &key("f")).unwrap(), b"code of f");
    assert_eq!(found(&folder, &key("g")), None);
    got(&cache, &key("nothing"), b"");
    assert_eq!(found(&folder, &key("nothing")).unwrap(), b"");
    assert_eq!(cache.trouble(), None);
    // An error is nothing to keep.
    let error = cache.get(&key("wrong"), Ok, || Err(Error::Interrupted));
    assert!(matches!(error, Err(Error::Interrupted)));
    assert_eq!(entries(&folder).len(), 2);
}

#[test]
fn parts_of_a_key_do_not_run_into_each_other() {
    let of = |parts: &[&[u8]]| Key::new("f", parts.iter().copied());
    let keys = [of(&[b"ab", b"c"]), of(&[b"a", b"bc"]), of(&[b"abc"]), of(&[b"abc", b""]), of(&[])];
    for (number, one) in keys.iter().enumerate() {
        assert!(keys[..number].iter().all(|other| other != one), "{number}");
    }
    let name = Key::new("ä/../x".repeat(99).as_str(), []).file_name();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    assert!(name.strip_suffix(entry::ENDING).unwrap().chars().all(plain) && name.len() < 120, "{name}");
}

#[test]
fn broken_entries_are_replaced() {
    let (_place, folder) = place();
    let cache = Cache::new(Some(folder.clone()), PLENTY);
    let code: Vec<u8> = (0..200).collect();
    got(&cache, &key("f"), &code);
    let file = entries(&folder).remove(0);
    let whole = fs::read(&file).unwrap();
    let mut broken: Vec<Vec<u8>> = (0..whole.len()).step_by(7).map(|length| whole[..length].to_vec()).collect();
    broken.extend((0..whole.len()).map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x10;
        bytes
    }));
    broken.push([whole.as_slice(), b"more"].concat());
    for bytes in broken {
        fs::write(&file, &bytes).unwrap();
        assert_eq!(found(&folder, &key("f")), None);
        assert_eq!(got(&cache, &key("f"), &code), (code.clone(), Found::Compiled));
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
    // Another function's entry under this one's name.
    got(&cache, &key("g"), b"code of g");
    let other = entries(&folder).into_iter().find(|path| *path != file).unwrap();
    fs::copy(&other, &file).unwrap();
    assert_eq!(found(&folder, &key("f")), None);
    assert_eq!(cache.trouble(), None);
}

#[test]
fn code_that_cannot_be_loaded_is_compiled_anew() {
    let (_place, folder) = place();
    let cache = Cache::new(Some(folder), PLENTY);
    got(&cache, &key("f"), b"old");
    let load = |code: Vec<u8>| if code == b"old" { Err(Error::Internal("what is this".into())) } else { Ok(code) };
    let compiled = Cell::new(0);
    for expected in [Found::Compiled, Found::Kept] {
        let compile = || {
            compiled.set(compiled.get() + 1);
            Ok(b"new".to_vec())
        };
        assert_eq!(cache.get(&key("f"), load, compile).unwrap(), (b"new".to_vec(), expected));
    }
    assert_eq!(compiled.get(), 1);
}

#[test]
fn what_was_not_used_for_the_longest_time_goes() {
    let (_place, folder) = place();
    let most = 16 * 4096;
    let cache = Cache::new(Some(folder.clone()), most);
    let code = vec![7; 3000];
    let name = |number: usize| key(&format!("f{number}"));
    for number in 0..16 {
        got(&cache, &name(number), &code);
    }
    // Old, older, oldest; two of the oldest are used again.
    let now = SystemTime::now();
    for number in 0..16 {
        let file = fs::File::open(folder.join(name(number).file_name())).unwrap();
        file.set_modified(now - Duration::from_secs(10_000 - 100 * number as u64)).unwrap();
    }
    for number in [0, 3] {
        assert!(found(&folder, &name(number)).is_some());
    }
    let abandoned = folder.join(".new-abandoned");
    fs::write(&abandoned, b"half").unwrap();
    fs::File::open(&abandoned).unwrap().set_modified(now - Duration::from_secs(7200)).unwrap();
    let written = folder.join(".new-written");
    fs::write(&written, b"half").unwrap();
    fs::write(folder.join("README"), b"somebody's").unwrap();
    // The next process that writes looks through it.
    got(&Cache::new(Some(folder.clone()), most), &name(99), &code);
    let left: Vec<usize> = (0..100).filter(|&number| folder.join(name(number).file_name()).exists()).collect();
    assert_eq!(left, [0, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 99]);
    assert!(written.exists() && folder.join("README").exists() && !abandoned.exists());
}

#[test]
fn a_process_that_writes_much_keeps_to_the_bound() {
    let (_place, folder) = place();
    let most = 64 * 4096;
    let cache = Cache::new(Some(folder.clone()), most);
    for number in 0..500 {
        got(&cache, &key(&format!("f{number}")), &[1; 2000]);
    }
    assert!(entries(&folder).len() <= 66, "{}", entries(&folder).len());
}

#[test]
fn a_bound_of_nothing_turns_it_off() {
    let (_place, folder) = place();
    let cache = Cache::new(Some(folder.clone()), 0);
    for _ in 0..2 {
        assert_eq!(got(&cache, &key("f"), b"code"), (b"code".to_vec(), Found::Compiled));
    }
    assert!(!folder.exists());
    assert_eq!(cache.trouble(), None);
}

#[test]
fn without_a_folder_everything_is_compiled() {
    let (place, _) = place();
    let file = place.path().join("file");
    fs::write(&file, b"").unwrap();
    for (folder, why) in [(Some(file.join("numbra")), "file"), (Some(file.clone()), "is no folder"), (None, "no home")]
    {
        let cache = Cache::new(folder, PLENTY);
        for _ in 0..2 {
            assert_eq!(got(&cache, &key("f"), b"code"), (b"code".to_vec(), Found::Compiled));
        }
        let trouble = cache.untold_trouble().unwrap().to_string();
        assert!(trouble.starts_with("compiled code is not kept on disk: ") && trouble.contains(why), "{trouble}");
        assert_eq!((cache.untold_trouble(), cache.trouble()), (None, Some(trouble.as_str())));
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_write_what_is_run() {
    use std::os::unix::fs::PermissionsExt;
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (_place, folder) = place();
    let cache = Cache::new(Some(folder.clone()), PLENTY);
    got(&cache, &key("f"), b"code");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = entries(&folder).remove(0);
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    // An entry that others can write is none, and is replaced.
    allow(&file, 0o620);
    assert_eq!(found(&folder, &key("f")), None);
    assert_eq!(got(&cache, &key("f"), b"code").1, Found::Compiled);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(cache.trouble(), None);
    // A folder that others can write is not used at all.
    for open in [0o770, 0o702] {
        allow(&folder, open);
        let cache = Cache::new(Some(folder.clone()), PLENTY);
        assert_eq!(got(&cache, &key("f"), b"other"), (b"other".to_vec(), Found::Compiled));
        assert!(cache.trouble().unwrap().contains("others can write to it"), "{:?}", cache.trouble());
    }
    allow(&folder, 0o755);
    assert!(found(&folder, &key("f")).is_some());
}

#[test]
fn many_at_once() {
    let (_place, folder) = place();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = folder.clone();
            scope.spawn(move || {
                // As small as it can be, so that entries go while others read them.
                let cache = Cache::new(Some(folder), 4 * 4096);
                for turn in 0..200 {
                    let name = format!("f{}", (thread + turn) % 10);
                    let code = name.repeat(500).into_bytes();
                    assert_eq!(got(&cache, &key(&name), &code).0, code);
                }
                assert_eq!(cache.trouble(), None);
            });
        }
    });
    assert!(entries(&folder).iter().all(|path| path.to_string_lossy().ends_with(entry::ENDING)));
}

#[cfg(feature = "llvm")]
#[test]
fn keys_of_native_code() {
    use numbra_codegen::llvm::NativeOptions;
    use numbra_front::ir::parse::parse;
    let text = "
table @weights: f64 = [1.0, 2.0]
host @f(%x: i64) -> f64 {
  site #0 raised \"no\"
  %c: i64 = constant 1
  %i: index = convert %c
  %w: f64 = entry @weights[%i]
  return %w
}
";
    let options = NativeOptions::default();
    let of = |text: &str| Key::native(&parse(text).unwrap(), &options);
    assert_eq!(of(text), of(text));
    for (from, to) in
        [("2.0", "2.5"), ("constant 1", "constant 0"), ("x: i64", "x: i32"), ("@f", "@g"), ("\"no\"", "\"yes\"")]
    {
        assert_ne!(of(text), of(&text.replace(from, to)), "{from}");
    }
    let module = parse(text).unwrap();
    let mut other = options.clone();
    other.vector_width = Some(128);
    assert_ne!(Key::native(&module, &options), Key::native(&module, &other));
    let mut other = options.clone();
    other.cpu.features += ",-fma";
    assert_ne!(Key::native(&module, &options), Key::native(&module, &other));
    let mut other = options.clone();
    other.cpu.name = "another".into();
    assert_ne!(Key::native(&module, &options), Key::native(&module, &other));
}
