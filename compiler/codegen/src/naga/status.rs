//! The status record through which a kernel tells that it failed: six 32-bit words, zero before the launch.
//!
//! The thread that first sets the flag writes the rest. A plain exchange decides who that is: every failing thread
//! makes one attempt, and WGSL's compare-exchange may fail for no reason.

/// Words of the record: flag, site, position (low, high), payload (low, high).
pub const WORDS: usize = 6;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Index of the trap site in the kernel.
    pub site: u32,
    /// The linear position of the point that failed.
    pub position: i64,
    /// Bits of the payload as in `Constant::bits`: integers extended by their sign, floats as they are.
    pub payload: u64,
}

/// Reads the record; `None` if the kernel did not fail.
pub fn read(words: [u32; WORDS]) -> Option<Status> {
    let [flag, site, position_low, position_high, payload_low, payload_high] = words;
    let wide = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
    (flag != 0).then(|| Status {
        site,
        position: wide(position_low, position_high) as i64,
        payload: wide(payload_low, payload_high),
    })
}
