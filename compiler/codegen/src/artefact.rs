//! What a back end hands to the runtime: bytes, and a manifest that says how to call them.

use numbra_front::ir::{Access, Form, Function, Region, Role, Statement};
use numbra_front::types::ScalarType;

/// A compiled kernel. It refers to nothing outside itself, so it can be kept in a file and loaded by another process.
#[derive(Debug, Clone, PartialEq)]
pub struct Artefact {
    pub kind: ArtefactKind,
    /// Text (PTX, WGSL) as UTF-8, SPIR-V as words in little-endian order, or an object file.
    pub bytes: Vec<u8>,
    pub manifest: Manifest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArtefactKind {
    Ptx,
    Spirv,
    Wgsl,
    /// Machine code of the host, in its object file format.
    Object,
}

/// How a compiled kernel is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The symbol or entry point.
    pub entry: String,
    /// The buffers, in the order of the kernel's arrays.
    pub bindings: Vec<Binding>,
    /// The scalar parameters, in the kernel's order.
    pub scalars: Vec<ScalarParameter>,
    /// Threads per group along x; `None` for kernels of form Range.
    pub group: Option<u32>,
    /// Whether the kernel takes a status record, because it can fail.
    pub has_status: bool,
    /// The words of its constant tables, to be bound as one read-only buffer; none if it takes no such buffer. PTX and
    /// objects hold their tables themselves.
    pub tables: Vec<u32>,
    /// Whether a loop stands in a loop: then a point may take any time.
    pub nested_loops: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub name: String,
    /// Type of the elements in memory.
    pub scalar: ScalarType,
    pub access: Access,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScalarParameter {
    pub name: String,
    pub scalar: ScalarType,
    pub role: Role,
}

impl Manifest {
    /// The manifest of a scheduled kernel whose compiled form is called `entry`.
    pub fn of(kernel: &Function, entry: impl Into<String>) -> Manifest {
        Manifest {
            entry: entry.into(),
            bindings: kernel
                .arrays
                .iter()
                .map(|array| Binding { name: array.name.clone(), scalar: array.scalar, access: array.access })
                .collect(),
            scalars: kernel
                .scalar_parameters()
                .map(|(name, value, role)| ScalarParameter {
                    name: name.to_owned(),
                    scalar: kernel.scalar(value),
                    role,
                })
                .collect(),
            group: match kernel.form {
                Form::Grid { group, .. } => Some(group),
                _ => None,
            },
            has_status: kernel.has_traps(),
            tables: Vec::new(),
            nested_loops: has_loops(&kernel.body, 2),
        }
    }
}

impl Manifest {
    /// The manifest of a whole function whose entry is called `entry`.
    pub fn of_function(function: &Function, entry: impl Into<String>) -> Manifest {
        let mut manifest = Manifest::of(function, entry);
        manifest.bindings.truncate(function.array_parameters());
        Manifest { has_status: false, ..manifest }
    }

    /// Storage buffers that a launch binds on a GPU of WebGPU's kind: arrays, status record and tables.
    pub fn storage_buffers(&self) -> u32 {
        (self.bindings.len() + usize::from(self.has_status) + usize::from(!self.tables.is_empty())) as u32
    }
}

/// Whether loops are nested so deep.
fn has_loops(region: &Region, depth: u32) -> bool {
    region.statements.iter().any(|statement| {
        let left = depth - matches!(statement, Statement::Loop { .. }) as u32;
        left == 0 || statement.regions().into_iter().any(|inner| has_loops(inner, left))
    })
}

impl Artefact {
    /// The bytes of a textual artefact (PTX, WGSL).
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            ArtefactKind::Ptx | ArtefactKind::Wgsl => std::str::from_utf8(&self.bytes).ok(),
            ArtefactKind::Spirv | ArtefactKind::Object => None,
        }
    }
}
