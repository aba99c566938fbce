//! The LLVM back ends against the reference interpreter: native code, and CUDA's form both on the host and assembled.

#![cfg(feature = "llvm")]

mod build;
mod cost;
mod failures;
mod loading;
mod loops;
mod operations;
mod scheduled;
#[path = "../support/mod.rs"]
mod support;
