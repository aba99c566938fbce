//! The command `numbra`: kernels in Python syntax, read without Python, run and compiled for every device.

mod arguments;
mod literal;
mod picture;

fn main() {
    let _arguments = arguments::parse();
}
