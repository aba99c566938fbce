//! The IR by itself: its text, its verifier, its op table in the reference, and the interpreter.

mod document;
mod running;
mod scalars;
mod text;
mod verifier;
