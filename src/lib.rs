//! numbra.
