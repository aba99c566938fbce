//! Kernel sources.
