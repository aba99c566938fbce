//! The scalar parameters of a launch, filled by their roles.

use super::{Binding, Launch};
use crate::error::{Error, Result};
use numbra_codegen::artefact::ScalarParameter;
use numbra_front::ir::{ArrayId, Role};

/// The bits of every scalar parameter for the units or positions `begin..end`.
///
/// `offsets`: element offset of each array in what is bound of its buffer.
pub fn parameters(
    scalars: &[ScalarParameter],
    launch: &Launch,
    offsets: &[i64],
    begin: i64,
    end: i64,
) -> Result<Vec<u64>> {
    let array = |id: ArrayId| -> Result<&Binding> { launch.arrays.get(id.index()).ok_or_else(missing) };
    let of = |values: &[i64], axis: u32| values.get(axis as usize).copied().ok_or_else(missing);
    scalars
        .iter()
        .map(|scalar| {
            Ok(match scalar.role {
                Role::Argument(number) => *launch.captures.get(number as usize).ok_or_else(missing)?,
                Role::SpaceExtent(axis) => of(launch.space, axis)? as u64,
                Role::Begin => begin as u64,
                Role::End => end as u64,
                Role::Offset(id) => offsets.get(id.index()).copied().ok_or_else(missing)? as u64,
                Role::Extent(id, axis) => of(&array(id)?.shape, axis)? as u64,
                Role::Stride(id, axis) => of(&array(id)?.strides, axis)? as u64,
            })
        })
        .collect()
}

fn missing() -> Error {
    Error::Internal("a launch that does not fit its kernel's parameters".into())
}
