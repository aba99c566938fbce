//! What can go wrong with arrays in the host's memory.

use numbra_front::types::ScalarType;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArrayError {
    /// NumPy's text.
    #[error("operands could not be broadcast together with shapes {}", shapes_text(.0))]
    Broadcast(Vec<Vec<usize>>),
    #[error("an array of shape {} with elements of {} bytes is too large for this machine's addresses", shape_text(.shape), scalar.bytes())]
    TooLarge { scalar: ScalarType, shape: Vec<usize> },
    #[error("out of memory: {bytes} bytes for an array could not be allocated")]
    OutOfMemory { bytes: usize },
    #[error("an array of {rank} axes has more than the {} that numbra supports", super::MAX_RANK)]
    Rank { rank: usize },
    /// Which only programs in Rust meet: types by Rust's names.
    #[error("the array's elements are {}, not {}", found.short_name(), expected.short_name())]
    ElementType { expected: ScalarType, found: ScalarType },
    /// Which only programs in Rust meet.
    #[error("{found} bytes do not make an array of shape {} of {}, which has {expected}", shape_text(.shape), scalar.short_name())]
    Length { scalar: ScalarType, shape: Vec<usize>, expected: usize, found: usize },
    #[error("the strides of a view of shape {} reach outside its memory", shape_text(.shape))]
    OutOfBounds { shape: Vec<usize> },
    #[error("the elements of an array of {scalar} do not lie at multiples of their size")]
    Unaligned { scalar: ScalarType },
}

/// A shape as Python writes it: `()`, `(4,)`, `(2,3)`.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [single] => format!("({single},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(",")),
    }
}

fn shapes_text(shapes: &[Vec<usize>]) -> String {
    shapes.iter().map(|shape| shape_text(shape)).collect::<Vec<_>>().join(" ")
}
