//! A CUDA driver without a GPU, for tests: they compile this file into a library and name it in NUMBRA_CUDA_DRIVER.
//!
//! It records every call, keeps "device memory" in the host's, and does what is asked of it as late as a real driver
//! may: copies and launches wait until somebody waits for them (also by asking and asking), and then take place in order. A launch does nothing but
//! call a function of the test. What a real driver would refuse (no context, memory that was never allocated) is an
//! error here too. Tests talk to it through the functions `fake_*`.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::fmt::Display;
use std::sync::{LazyLock, Mutex, MutexGuard};

const SUCCESS: u32 = 0;
const INVALID_VALUE: u32 = 1;
const OUT_OF_MEMORY: u32 = 2;
const NOT_INITIALIZED: u32 = 3;
const INVALID_DEVICE: u32 = 101;
const INVALID_CONTEXT: u32 = 201;
const INVALID_PTX: u32 = 218;
const INVALID_HANDLE: u32 = 400;
const NOT_FOUND: u32 = 500;
const NOT_READY: u32 = 600;

/// Called for a launch: module, groups along x and y, the bits of the arguments, their number.
type OnLaunch = extern "C" fn(usize, c_uint, c_uint, *const u64, usize);

struct State {
    settings: HashMap<String, i64>,
    log: Vec<String>,
    /// (function, calls to let pass, code)
    failures: Vec<(String, u32, u32)>,
    /// What the assembler says, and the code that it returns.
    assembler: Option<(u32, String)>,
    on_launch: Option<OnLaunch>,
    initialized: bool,
    memory: BTreeMap<u64, Allocation>,
    allocations: usize,
    used: i64,
    queue: VecDeque<Work>,
    /// The event that the last call asked about.
    asked: Option<usize>,
    /// Records of each event that are still in the queue.
    events: HashMap<usize, usize>,
    /// The kernels of each module: name and the types of its parameters.
    modules: Vec<Vec<(String, Vec<Kind>)>>,
    /// (module, kernel)
    functions: Vec<(usize, usize)>,
    streams: usize,
}

struct Allocation {
    /// `m3`: the third allocation, of device memory; `h4`: the fourth, of the host's.
    name: String,
    bytes: usize,
    layout: Layout,
}

enum Work {
    Copy { from: u64, to: u64, bytes: usize },
    Fill { to: u64, value: u8, bytes: usize },
    Launch { module: usize, groups: (c_uint, c_uint), arguments: Vec<u64> },
    Free(u64),
    Record(usize),
}

/// A parameter's type in PTX: `f` and 64.
type Kind = (char, u32);

static STATE: LazyLock<Mutex<State>> = LazyLock::new(|| {
    let settings = [
        ("devices", 1),
        ("version", 12040),
        ("major", 9),
        ("minor", 0),
        ("memory", 1 << 30),
        ("pools", 1),
        ("watchdog", 0),
        ("grid_x", i32::MAX as i64),
        ("grid_y", 65535),
        ("lost", 0),
        ("late", 0),
        ("slow", 0),
        ("compiling", 0),
    ];
    Mutex::new(State {
        settings: settings.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
        log: Vec::new(),
        failures: Vec::new(),
        assembler: None,
        on_launch: None,
        initialized: false,
        memory: BTreeMap::new(),
        allocations: 0,
        used: 0,
        queue: VecDeque::new(),
        asked: None,
        events: HashMap::new(),
        modules: Vec::new(),
        functions: Vec::new(),
        streams: 0,
    })
});

thread_local! {
    /// Contexts: the number of the device, and a thousand.
    static CONTEXTS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn current() -> usize {
    CONTEXTS.with_borrow(|contexts| contexts.last().copied().unwrap_or(0))
}

/// One call: recorded, failed if a test wants it so, else done.
fn call(function: &str, detail: impl Display, body: impl FnOnce(&mut State) -> u32) -> u32 {
    let mut state = state();
    let context = match current() {
        0 => "-".to_string(),
        context => (context - 1000).to_string(),
    };
    state.log.push(format!("{context} {function} {detail}").trim_end().to_string());
    if function != "cuEventQuery" {
        state.asked = None;
    }
    let lost = state.settings["lost"] as u32;
    if lost != 0 {
        return lost;
    }
    if let Some(place) = state.failures.iter().position(|(name, ..)| name == function) {
        if state.failures[place].1 == 0 {
            return state.failures.remove(place).2;
        }
        state.failures[place].1 -= 1;
    }
    if !state.initialized && function != "cuInit" && function != "cuDriverGetVersion" {
        return NOT_INITIALIZED;
    }
    body(&mut state)
}

/// One call that needs a context.
fn inside(function: &str, detail: impl Display, body: impl FnOnce(&mut State) -> u32) -> u32 {
    call(function, detail, |state| if current() == 0 { INVALID_CONTEXT } else { body(state) })
}

impl State {
    fn setting(&self, name: &str) -> i64 {
        self.settings.get(name).copied().unwrap_or(0)
    }

    /// An address as `m3+16`, or as it is.
    fn place(&self, address: u64) -> String {
        match self.memory.range(..=address).next_back() {
            Some((start, found)) if address - start < found.bytes as u64 => {
                format!("{}+{}", found.name, address - start)
            }
            _ => address.to_string(),
        }
    }

    fn holds(&self, address: u64, bytes: usize) -> bool {
        let found = self.memory.range(..=address).next_back();
        found.is_some_and(|(start, found)| address - start + bytes as u64 <= found.bytes as u64)
    }

    fn allocate(&mut self, kind: char, bytes: usize) -> Option<u64> {
        if kind == 'm' && self.used + bytes as i64 > self.setting("memory") {
            return None;
        }
        let layout = Layout::from_size_align(bytes, 512).ok().filter(|_| bytes > 0)?;
        // SAFETY: the size is not 0.
        let address = unsafe { alloc_zeroed(layout) } as u64;
        // Nobody may rely on zeros.
        if kind == 'm' {
            unsafe { std::ptr::write_bytes(address as *mut u8, 0xa5, bytes) };
            self.used += bytes as i64;
        }
        self.allocations += 1;
        let name = format!("{kind}{}", self.allocations);
        self.memory.insert(address, Allocation { name, bytes, layout });
        Some(address)
    }

    fn free(&mut self, address: u64) -> u32 {
        let Some(found) = self.memory.remove(&address) else { return INVALID_VALUE };
        if found.name.starts_with('m') {
            self.used -= found.bytes as i64;
        }
        // SAFETY: of `allocate`.
        unsafe { dealloc(address as *mut u8, found.layout) };
        SUCCESS
    }

    /// Does what was asked for, until `done`.
    fn work(&mut self, done: impl Fn(&State) -> bool) {
        while !done(self)
            && let Some(work) = self.queue.pop_front()
        {
            match work {
                // SAFETY: both were checked when the copy was asked for; a caller that has freed one since is caught by
                // what it reads.
                Work::Copy { from, to, bytes } => unsafe {
                    std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, bytes);
                },
                // SAFETY: likewise.
                Work::Fill { to, value, bytes } => unsafe { std::ptr::write_bytes(to as *mut u8, value, bytes) },
                Work::Launch { module, groups, arguments } => {
                    let time = self.setting("slow") as u64 * u64::from(groups.0) * u64::from(groups.1);
                    std::thread::sleep(std::time::Duration::from_micros(time));
                    if let Some(on_launch) = self.on_launch {
                        on_launch(module, groups.0, groups.1, arguments.as_ptr(), arguments.len());
                    }
                }
                Work::Free(address) => {
                    self.free(address);
                }
                Work::Record(event) => {
                    if let Some(pending) = self.events.get_mut(&event) {
                        *pending -= 1;
                    }
                }
            }
        }
    }
}

/// The kernels of a PTX module, with the types of their parameters.
fn entries(ptx: &str) -> Vec<(String, Vec<Kind>)> {
    let texts = ptx.split(".entry ").skip(1);
    texts
        .filter_map(|text| {
            let (name, rest) = text.split_once('(')?;
            let (parameters, _) = rest.split_once(')')?;
            let kinds = parameters.split(".param").skip(1).filter_map(|parameter| {
                let word = parameter.split_whitespace().next()?.strip_prefix('.')?;
                Some((word.chars().next()?, word[1..].parse().ok()?))
            });
            Some((name.trim().to_string(), kinds.collect()))
        })
        .collect()
}

// For tests.

#[unsafe(no_mangle)]
pub extern "C" fn fake_set(name: *const c_char, value: i64) {
    state().settings.insert(text(name), value);
}

#[unsafe(no_mangle)]
pub extern "C" fn fake_fail(function: *const c_char, skip: u32, code: u32) {
    state().failures.push((text(function), skip, code));
}

#[unsafe(no_mangle)]
pub extern "C" fn fake_assembler(code: u32, says: *const c_char) {
    state().assembler = Some((code, text(says)));
}

#[unsafe(no_mangle)]
pub extern "C" fn fake_on_launch(function: OnLaunch) {
    state().on_launch = Some(function);
}

/// The calls since the last time, one a line. The text is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn fake_log() -> *const c_char {
    let log = std::mem::take(&mut state().log).join("\n");
    CString::new(log).unwrap_or_default().into_raw()
}

fn text(pointer: *const c_char) -> String {
    // SAFETY: callers pass text that ends in 0.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

/// Writes what a call returns through a pointer.
fn give<T>(to: *mut T, value: T) -> u32 {
    // SAFETY: callers pass pointers to what they want written.
    unsafe { to.write(value) };
    SUCCESS
}

// The driver and its devices.

#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_: c_uint) -> u32 {
    call("cuInit", "", |state| {
        state.initialized = true;
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDriverGetVersion(version: *mut c_int) -> u32 {
    call("cuDriverGetVersion", "", |state| give(version, state.setting("version") as c_int))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorName(code: u32, name: *mut *const c_char) -> u32 {
    match code {
        OUT_OF_MEMORY => give(name, c"CUDA_ERROR_OUT_OF_MEMORY".as_ptr()),
        INVALID_PTX => give(name, c"CUDA_ERROR_INVALID_PTX".as_ptr()),
        719 => give(name, c"CUDA_ERROR_LAUNCH_FAILED".as_ptr()),
        _ => INVALID_VALUE,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuGetErrorString(code: u32, text: *mut *const c_char) -> u32 {
    match code {
        OUT_OF_MEMORY => give(text, c"out of memory".as_ptr()),
        INVALID_PTX => give(text, c"a PTX JIT compilation failed".as_ptr()),
        719 => give(text, c"unspecified launch failure".as_ptr()),
        _ => INVALID_VALUE,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetCount(count: *mut c_int) -> u32 {
    call("cuDeviceGetCount", "", |state| give(count, state.setting("devices") as c_int))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGet(device: *mut c_int, number: c_int) -> u32 {
    call("cuDeviceGet", number, |state| match i64::from(number) < state.setting("devices") {
        true => give(device, number),
        false => INVALID_DEVICE,
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetName(name: *mut c_char, room: c_int, device: c_int) -> u32 {
    call("cuDeviceGetName", device, |_| {
        let text = format!("Fake GPU {device}\0");
        // SAFETY: callers pass so much room.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr().cast(), name, text.len().min(room as usize)) };
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> u32 {
    call("cuDeviceTotalMem_v2", device, |state| give(bytes, state.setting("memory") as usize))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_int, device: c_int) -> u32 {
    call("cuDeviceGetAttribute", format!("{attribute} {device}"), |state| {
        let name = match attribute {
            5 => "grid_x",
            6 => "grid_y",
            16 => return give(value, 4),
            17 => "watchdog",
            75 => "major",
            76 => "minor",
            115 => "pools",
            _ => return INVALID_VALUE,
        };
        give(value, state.setting(name) as c_int)
    })
}

// Contexts.

#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRetain(context: *mut usize, device: c_int) -> u32 {
    call("cuDevicePrimaryCtxRetain", device, |_| give(context, 1000 + device as usize))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> u32 {
    call("cuDevicePrimaryCtxRelease_v2", device, |_| SUCCESS)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxGetCurrent(context: *mut usize) -> u32 {
    call("cuCtxGetCurrent", "", |_| give(context, current()))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSetCurrent(context: usize) -> u32 {
    call("cuCtxSetCurrent", context, |_| {
        CONTEXTS.with_borrow_mut(|contexts| {
            contexts.pop();
            if context != 0 {
                contexts.push(context);
            }
        });
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxPushCurrent_v2(context: usize) -> u32 {
    call("cuCtxPushCurrent_v2", context, |_| {
        CONTEXTS.with_borrow_mut(|contexts| contexts.push(context));
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxPopCurrent_v2(context: *mut usize) -> u32 {
    call("cuCtxPopCurrent_v2", "", |_| match CONTEXTS.with_borrow_mut(Vec::pop) {
        Some(popped) => give(context, popped),
        None => INVALID_CONTEXT,
    })
}

// Streams and events.

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamCreateWithPriority(stream: *mut usize, flags: c_uint, _: c_int) -> u32 {
    inside("cuStreamCreateWithPriority", flags, |state| {
        state.streams += 1;
        give(stream, state.streams)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamSynchronize(stream: usize) -> u32 {
    let result = inside("cuStreamSynchronize", stream, |state| {
        state.work(|_| false);
        SUCCESS
    });
    // A test may want whoever waits to be told late.
    let late = state().setting("late");
    std::thread::sleep(std::time::Duration::from_millis(late as u64));
    result
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventCreate(event: *mut usize, flags: c_uint) -> u32 {
    inside("cuEventCreate", flags, |state| {
        let number = state.events.len() + 1;
        state.events.insert(number, 0);
        give(event, number)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventRecord(event: usize, stream: usize) -> u32 {
    inside("cuEventRecord", format!("{event} stream {stream}"), |state| match state.events.get_mut(&event) {
        Some(pending) => {
            *pending += 1;
            state.queue.push_back(Work::Record(event));
            SUCCESS
        }
        None => INVALID_HANDLE,
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventQuery(event: usize) -> u32 {
    inside("cuEventQuery", event, |state| {
        // Whoever asks again at once is waiting.
        if state.asked.replace(event) == Some(event) {
            let left = state.queue.len().saturating_sub(1);
            state.work(|state| state.queue.len() <= left);
        }
        match state.events.get(&event) {
            Some(0) => SUCCESS,
            Some(_) => NOT_READY,
            None => INVALID_HANDLE,
        }
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventSynchronize(event: usize) -> u32 {
    inside("cuEventSynchronize", event, |state| {
        if !state.events.contains_key(&event) {
            return INVALID_HANDLE;
        }
        state.work(|state| state.events[&event] == 0);
        SUCCESS
    })
}

// Modules and kernels.

#[unsafe(no_mangle)]
pub extern "C" fn cuModuleLoadDataEx(
    module: *mut usize,
    image: *const c_char,
    count: c_uint,
    names: *const c_int,
    values: *const *mut c_void,
) -> u32 {
    // Others may call meanwhile.
    let compiling = state().settings.get("compiling").copied().unwrap_or(0);
    std::thread::sleep(std::time::Duration::from_millis(compiling as u64));
    inside("cuModuleLoadDataEx", "", |state| {
        // SAFETY: callers pass so many of both.
        let option = |wanted: c_int| unsafe {
            (0..count as usize).find(|&at| names.add(at).read() == wanted).map(|at| values.add(at).read())
        };
        if let Some((code, says)) = state.assembler.take() {
            // CU_JIT_ERROR_LOG_BUFFER and its size.
            if let (Some(buffer), Some(size)) = (option(5), option(6)) {
                let says = &says.as_bytes()[..says.len().min(size as usize - 1)];
                // SAFETY: callers pass a buffer of that size.
                unsafe { std::ptr::copy_nonoverlapping(says.as_ptr(), buffer.cast(), says.len()) };
            }
            return code;
        }
        let kernels = entries(&text(image));
        if kernels.is_empty() {
            return INVALID_PTX;
        }
        state.modules.push(kernels);
        give(module, state.modules.len())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuModuleUnload(module: usize) -> u32 {
    inside("cuModuleUnload", module, |state| {
        let pending = |work: &Work| matches!(work, Work::Launch { module: other, .. } if *other == module);
        if state.queue.iter().any(pending) { INVALID_HANDLE } else { SUCCESS }
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuModuleGetFunction(function: *mut usize, module: usize, name: *const c_char) -> u32 {
    let name = text(name);
    inside("cuModuleGetFunction", format!("{module} {name}"), |state| {
        let kernels = state.modules.get(module.wrapping_sub(1));
        let Some(kernel) = kernels.and_then(|kernels| kernels.iter().position(|(other, _)| *other == name)) else {
            return NOT_FOUND;
        };
        state.functions.push((module, kernel));
        give(function, state.functions.len())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuLaunchKernel(
    function: usize,
    grid_x: c_uint,
    grid_y: c_uint,
    grid_z: c_uint,
    block_x: c_uint,
    block_y: c_uint,
    block_z: c_uint,
    shared: c_uint,
    stream: usize,
    parameters: *const *const c_void,
    extra: *const *const c_void,
) -> u32 {
    let (detail, bits) = describe(function, parameters);
    let detail = format!(
        "{}({}) grid {grid_x} {grid_y} {grid_z} block {block_x} {block_y} {block_z} shared {shared} stream {stream}",
        detail.0, detail.1
    );
    inside("cuLaunchKernel", detail, |state| {
        let fits = i64::from(grid_x) <= state.setting("grid_x") && i64::from(grid_y) <= state.setting("grid_y");
        if !fits || grid_x == 0 || grid_y == 0 || !extra.is_null() {
            return INVALID_VALUE;
        }
        let Some(&(module, _)) = state.functions.get(function.wrapping_sub(1)) else { return INVALID_HANDLE };
        state.queue.push_back(Work::Launch { module, groups: (grid_x, grid_y), arguments: bits });
        SUCCESS
    })
}

/// The kernel's name and its arguments, as text and as bits: as many, and as wide, as its PTX says.
fn describe(function: usize, parameters: *const *const c_void) -> ((String, String), Vec<u64>) {
    let state = state();
    let Some(&(module, kernel)) = state.functions.get(function.wrapping_sub(1)) else {
        return (Default::default(), Vec::new());
    };
    let (name, kinds) = &state.modules[module - 1][kernel];
    let mut texts = Vec::new();
    let mut all = Vec::new();
    for (at, (letter, bits)) in kinds.iter().enumerate() {
        let mut value = [0; 8];
        // SAFETY: callers pass a pointer for each of the kernel's parameters, to a value of its type.
        unsafe {
            let from = parameters.add(at).read().cast::<u8>();
            std::ptr::copy_nonoverlapping(from, value.as_mut_ptr(), *bits as usize / 8);
        }
        let value = u64::from_le_bytes(value);
        texts.push(match (letter, bits) {
            ('f', 32) => format!("f32:{}", f32::from_bits(value as u32)),
            ('f', _) => format!("f64:{}", f64::from_bits(value)),
            (_, 64) => state.place(value),
            (_, bits) => format!("{bits}:{value}"),
        });
        all.push(value);
    }
    ((name.clone(), texts.join(" ")), all)
}

// Memory.

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAlloc_v2(address: *mut u64, bytes: usize) -> u32 {
    inside("cuMemAlloc_v2", bytes, |state| state.allocate('m', bytes).map_or(OUT_OF_MEMORY, |at| give(address, at)))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocAsync(address: *mut u64, bytes: usize, stream: usize) -> u32 {
    inside("cuMemAllocAsync", format!("{bytes} stream {stream}"), |state| {
        state.allocate('m', bytes).map_or(OUT_OF_MEMORY, |at| give(address, at))
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemFree_v2(address: u64) -> u32 {
    let place = state().place(address);
    inside("cuMemFree_v2", place, |state| {
        state.work(|_| false);
        state.free(address)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemFreeAsync(address: u64, stream: usize) -> u32 {
    let place = state().place(address);
    inside("cuMemFreeAsync", format!("{place} stream {stream}"), |state| {
        if !state.memory.contains_key(&address) {
            return INVALID_VALUE;
        }
        state.queue.push_back(Work::Free(address));
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemAllocHost_v2(pointer: *mut u64, bytes: usize) -> u32 {
    inside("cuMemAllocHost_v2", bytes, |state| state.allocate('h', bytes).map_or(OUT_OF_MEMORY, |at| give(pointer, at)))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemFreeHost(pointer: u64) -> u32 {
    inside("cuMemFreeHost", "", |state| state.free(pointer))
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD8Async(to: u64, value: u8, bytes: usize, stream: usize) -> u32 {
    let place = state().place(to);
    inside("cuMemsetD8Async", format!("{place} value {value} bytes {bytes} stream {stream}"), |state| {
        if !state.holds(to, bytes) {
            return INVALID_VALUE;
        }
        state.queue.push_back(Work::Fill { to, value, bytes });
        SUCCESS
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> u32 {
    inside("cuMemGetInfo_v2", "", |state| {
        let memory = state.setting("memory");
        give(free, (memory - state.used) as usize);
        give(total, memory as usize)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyHtoDAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) -> u32 {
    copy("cuMemcpyHtoDAsync_v2", to, from, bytes, stream)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoHAsync_v2(to: u64, from: u64, bytes: usize, stream: usize) -> u32 {
    copy("cuMemcpyDtoHAsync_v2", to, from, bytes, stream)
}

fn copy(function: &str, to: u64, from: u64, bytes: usize, stream: usize) -> u32 {
    let (target, source) = {
        let state = state();
        (state.place(to), state.place(from))
    };
    inside(function, format!("{target} from {source} bytes {bytes} stream {stream}"), |state| {
        // From and to other memory of the host the real driver would copy at once, and wait for it.
        if !state.holds(to, bytes) || !state.holds(from, bytes) {
            return INVALID_VALUE;
        }
        state.queue.push_back(Work::Copy { from, to, bytes });
        SUCCESS
    })
}
