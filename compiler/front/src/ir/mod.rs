//! The typed IR.
//!
//! A [`Module`] is a set of functions and constant tables. A [`Function`] is typed and structured: its body is a
//! [`Region`], a list of statements, some of which hold further regions. There is no control-flow graph.
//!
//! * **Values** are scalars, assigned once by the statement that defines them, and visible after it in the same
//!   region and in the regions inside. A value never leaves its region.
//! * **Variables** are typed, belong to the function, and are read and written whole ([`Expression::Get`],
//!   [`Statement::Set`]). They are zero when the function starts. Whatever is assigned in more than one place is a
//!   variable. They have no address. A variable that a `parallel` uses is used nowhere else: every point has its own,
//!   zero when the point starts.
//! * **Arrays** are values too: parameters, or defined once by a statement ([`Statement::Define`]) and visible where a
//!   value would be. An array is an immutable descriptor of memory that others may share. Until the pass `addresses`
//!   it has a rank, an extent and a stride on every axis, and an element offset into its buffer; afterwards every
//!   array of a kernel *is* a buffer: rank 1, indexed by element. Indices are of type `index`, never negative, and in
//!   range: what is not proved carries a [`Statement::Trap`].
//! * **Memory** that a function allocates lives as long as an array refers to it; the pass `ownership` says when it
//!   ends ([`Statement::Retain`], [`Statement::Release`]).
//! * **`parallel`** ([`Parallel`]) runs its body once for every point of a space, in any order. The pass `outline`
//!   turns each one into a kernel of its own and leaves a [`Statement::Launch`]; the pass `schedule` turns a kernel's
//!   `parallel` into loops over a range ([`Form::Range`], for CPUs) or into one thread's work ([`Form::Grid`]).
//!
//! The IR has no undefined behaviour; the meaning of every op stands in [`op::OPS`], that of every statement here.
//! The text form is described in [`text`].

pub mod build;
pub mod lexer;
pub mod op;
pub mod parse;
pub mod text;
pub mod told;
pub mod verify;
mod visit;

use crate::source::{Source, Span};
use crate::types::{Constant, ScalarType};
pub use op::Op;
use std::sync::Arc;
pub use told::{Object, Told};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

identifiers! {
    /// A value of a function: an index into [`Function::values`].
    Value,
    /// A variable of a function: an index into [`Function::variables`].
    VariableId,
    /// An array of a function, a parameter or a local one: an index into [`Function::arrays`].
    ArrayId,
    /// A trap site of a function: an index into [`Function::sites`].
    SiteId,
    /// A constant table: an index into [`Module::tables`].
    TableId,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Module {
    /// The first one is the one that was asked for; the others are those that it calls, and kernels after `outline`.
    pub functions: Vec<Function>,
    pub tables: Vec<Table>,
}

/// A constant table of scalars, read by [`Expression::TableEntry`].
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub name: String,
    pub scalar: ScalarType,
    /// Bits of the entries, as in [`Constant::bits`]. Never empty.
    pub entries: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Unique in the module. Prelude functions are called `numbra.exp.f64`; names that users see are kept.
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// What the results are, in order; empty for kernels and for functions that only store.
    pub results: Vec<Kind>,
    /// The array parameters, in their order, and then the local arrays.
    pub arrays: Vec<Array>,
    pub values: Vec<ValueInfo>,
    pub variables: Vec<Variable>,
    pub sites: Vec<Site>,
    pub form: Form,
    pub body: Region,
    /// The text that spans of this function refer to, if it came from text.
    pub source: Option<Arc<Source>>,
}

/// What kind of function this is, after `outline` and `schedule`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// An ordinary function; statements may include `parallel`, `call`, `launch`.
    Function,
    /// A function after `ownership`, to be made code for the host: it counts the references to the memory that it
    /// allocates. It has no `parallel`.
    Host,
    /// A kernel from `outline`: its body is one `parallel`, behind the extents of the space that are constants.
    Kernel,
    /// A scheduled kernel for CPUs: one call does the units `Begin..End` of the space (see [`Role`]), in order.
    /// A unit is an element of a one-dimensional space, and a row (all axes but the last) of any other.
    Range,
    /// A scheduled kernel for GPUs: one thread's work. Threads are grouped in `group` threads along x.
    /// The thread's position is `group_id.x * group + local_id.x` along x and `group_id.y` along y.
    ///
    /// `rows`: x is the last axis of the space, and `Begin..End` are rows (all axes but the last), one for each
    /// `group_id.y`. Otherwise `Begin..End` are linear positions, and y goes on where x ends.
    Grid { group: u32, rows: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    Scalar { name: String, value: Value, role: Role },
    Array(ArrayId),
}

/// Where a scalar parameter comes from. The runtime fills parameters by their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// An ordinary argument; in a kernel: the capture of that number, in order of [`Statement::Launch`]'s `captures`.
    Argument(u32),
    /// The extent of the space along an axis (type index), in kernels.
    SpaceExtent(u32),
    /// First unit (Range) or first linear position (Grid) of this launch (type index).
    Begin,
    /// One past the last unit or linear position of this launch (type index).
    End,
    /// Element offset of an array's first element (all indices zero) in its buffer (type index).
    Offset(ArrayId),
    /// Extent of an array along an axis (type index).
    Extent(ArrayId, u32),
    /// Stride of an array along an axis, in elements, may be negative or zero (type index).
    Stride(ArrayId, u32),
}

/// What a variable holds, or what a function gives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    Scalar(ScalarType),
    Array(ArrayType),
}

/// What is known of an array when compiling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArrayType {
    pub scalar: ScalarType,
    pub access: Access,
    /// One per axis.
    pub strides: Vec<Stride>,
}

/// An array parameter, or a local array.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub name: String,
    /// The type of the elements as they are in memory; a load gives, a store takes, a value of this type.
    pub scalar: ScalarType,
    pub rank: u32,
    pub access: Access,
    /// What is known of the stride along each axis (`rank` entries).
    pub strides: Vec<Stride>,
    /// Which elements a point of the space touches: how the runtime finds what a part of a launch needs.
    pub footprint: Footprint,
    /// After `addresses`: which binding this is. Kernels only.
    pub buffer: bool,
    /// No other array of this function overlaps it.
    pub distinct: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    Read,
    Write,
    ReadWrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stride {
    /// The stride is 0: the array is broadcast along this axis.
    Zero,
    /// The stride is 1.
    Unit,
    /// The stride is the product of the extents of the axes between this one and the one whose stride is 1, that one
    /// included: of the axes behind it in C order, of those before it in Fortran's.
    Packed,
    /// Known only when running.
    Any,
}

/// Which elements of an array the body of a `parallel` touches at a point `p` of its space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Footprint {
    /// Along axis k: from `p[k] + windows[k].0` to `p[k] + windows[k].1`. The array's axes are the space's; of axes
    /// behind those of the window any element.
    Window(Vec<(i64, i64)>),
    /// Any element.
    Whole,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ValueInfo {
    pub scalar: ScalarType,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The name in the user's text, or what the compiler uses it for; not unique.
    pub name: String,
    /// An array variable refers to no memory, with extents of zero, when the function starts.
    pub kind: Kind,
}

/// A place where a function can fail, or where it prints.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub fault: Fault,
    /// What to tell the user, with `{}` where a payload belongs; of what the function raises itself, the exception's name.
    pub message: String,
    /// What an exception is made with, or what is printed.
    pub told: Vec<Told>,
    pub span: Span,
    /// The text that `span` refers to.
    pub source: Option<Arc<Source>>,
}

impl Site {
    /// The message with the payloads in it, in order; for exceptions and prints as Python shows them.
    pub fn text(&self, payloads: impl IntoIterator<Item = Constant>) -> String {
        let mut payloads = payloads.into_iter();
        match self.fault {
            Fault::Raised => told::raised(&self.message, &self.objects(&mut payloads)),
            Fault::Printed => told::line(&self.objects(&mut payloads)),
            _ => {
                let mut parts = self.message.split("{}");
                let mut text = parts.next().unwrap_or_default().to_string();
                for part in parts {
                    text.push_str(&payloads.next().map_or("?".to_string(), |payload| payload.to_string()));
                    text.push_str(part);
                }
                text
            }
        }
    }

    /// The places in what it speaks of, in order.
    pub fn places(&self) -> Vec<told::Place> {
        self.told.iter().flat_map(Told::places).collect()
    }

    /// What it speaks of, with the payloads in their places.
    pub fn objects(&self, payloads: &mut dyn Iterator<Item = Constant>) -> Vec<Object> {
        let mut arrays = 0;
        self.told.iter().map(|told| told.object(payloads, &mut arrays)).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    IndexOutOfBounds,
    ZeroDivision,
    Raised,
    /// Loops turn more often than the driver lets them.
    LoopLimit,
    /// A name is read that was not assigned.
    Unbound,
    /// A shape, a slice or another value that an array cannot have.
    Value,
    /// There is not so much memory.
    OutOfMemory,
    /// Calls are nested too deeply.
    Recursion,
    /// None: something is printed.
    Printed,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Region {
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Defines `value`, whose type stands in [`Function::values`].
    Let {
        value: Value,
        expression: Expression,
    },
    Set {
        variable: VariableId,
        value: Argument,
    },
    /// Defines a local array, whose type stands in [`Function::arrays`]. In functions alone.
    Define {
        array: ArrayId,
        definition: Definition,
    },
    /// Stores `value` (of the array's type) at `indices` (one per axis).
    Store {
        array: ArrayId,
        indices: Vec<Value>,
        value: Value,
    },
    /// Calls a function of the module that stores or returns: defines `results`.
    Call {
        results: Vec<Argument>,
        function: String,
        arguments: Vec<Argument>,
    },
    /// `rare` (only without `otherwise`): the condition is almost never true; CPUs may run a block of the space
    /// without the branch and redo the block if the condition was true anywhere in it.
    If {
        condition: Value,
        then: Region,
        otherwise: Region,
        rare: bool,
    },
    /// Runs `body`, then `step`, again and again until a `break`. `continue` goes on with `step`, which has neither
    /// `break`, `continue` nor `return` of its own.
    Loop {
        body: Region,
        step: Region,
    },
    Break,
    Continue,
    /// Ends the function (in a Range kernel: this call; in a Grid kernel: this thread; never inside `parallel`).
    Return(Vec<Argument>),
    /// If `condition` is true: the kernel fails at `site`. The point of the space that fails is given up, its later
    /// stores are not made; other points may or may not run. Which failure is reported: see DESIGN's status binding.
    /// `position` is the linear position of the point, filled in by `schedule`.
    ///
    /// `payloads`: what the site's message tells; a kernel's trap has one.
    Trap {
        condition: Value,
        site: SiteId,
        payloads: Vec<Value>,
        position: Option<Value>,
    },
    /// Fails at `site`, always. In functions alone; the last statement of its region.
    Raise {
        site: SiteId,
        payloads: Vec<Value>,
    },
    /// Runs `body`. If something in it fails (a trap, a raise, an allocation, a call), runs `handler`. Interrupts are never
    /// handled. In functions alone, until the pass `handlers`.
    Try {
        /// Its number in the function, for `reraise`.
        number: u32,
        body: Region,
        handler: Region,
    },
    /// Fails as what the handler of that `try` is there for; the last statement of its region.
    Reraise {
        number: u32,
    },
    /// Does what `statement` says (a trap, an allocation, a call) and goes on if that fails: `failed` says whether it did. What
    /// it would have defined is zero then, and arrays have no memory. Host functions have it in place of `try`.
    Guarded {
        failed: Value,
        /// The `try` that keeps the failure for its `reraise`.
        keep: Option<u32>,
        statement: Box<Statement>,
    },
    /// Prints a line, which the site describes: its places for values and arrays are filled by `items`, in order. In
    /// functions alone.
    Print {
        site: SiteId,
        items: Vec<Argument>,
    },
    Parallel(Box<Parallel>),
    /// Runs a kernel (a function of the module, form `Kernel`) over a space.
    Launch {
        kernel: String,
        space: Vec<Value>,
        captures: Vec<Value>,
        arrays: Vec<ArrayId>,
    },
    /// One more reference to the memory of an array. Host functions only.
    Retain(ArrayId),
    /// One reference less; the last one gives the memory back. Host functions only.
    Release(Holder),
    /// Ends the function if the user wants that: the call fails as interrupted. Functions only.
    Poll,
}

/// What holds a reference to memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    Array(ArrayId),
    Variable(VariableId),
}

/// How a local array is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Definition {
    /// Memory of its own, packed in the order that the array's strides say, for these extents (type index, never
    /// negative). Its elements are zero, or unspecified. Fails at `site` if there is not so much memory.
    Allocate { extents: Vec<Value>, zeroed: bool, site: SiteId },
    /// Other elements in the memory of `base`: index `i` along axis k of the new array is index
    /// `starts[axis] + i * step` along `axis` of `base`. `starts` has one entry per axis of `base` (type index, in
    /// range unless the new array is empty).
    View { base: ArrayId, starts: Vec<Value>, axes: Vec<ViewAxis> },
    /// The elements of `base`, which is packed in C order, under other extents with the same product; packed in C
    /// order.
    Reshape { base: ArrayId, extents: Vec<Value> },
    /// What the variable holds now.
    Get(VariableId),
    /// The entries of a constant table, in C order, under these extents, whose product is their number. Read only; nobody counts
    /// references to it.
    Constant { table: TableId, extents: Vec<Value> },
}

/// An axis of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewAxis {
    /// Type index, never negative.
    pub extent: Value,
    pub source: AxisSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisSource {
    /// Every index along the axis is the same element: its stride is 0.
    Repeated,
    /// Along an axis of the base, with a step (type index, 1 if there is none).
    Along { axis: u32, step: Option<Value> },
}

/// Runs `body` for every point of the box `0..space[k]`, in any order and at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// Extents (type index), one per axis. An extent of 0 or less means no point.
    pub space: Vec<Value>,
    /// The point's coordinates inside `body` and `border` (type index), one per axis.
    pub point: Vec<Value>,
    pub body: Region,
    /// For stencils: points nearer to an edge than the margins run `border` instead of `body`.
    pub border: Option<Border>,
}

/// Along axis k the points `p < margins[k].0` and `p >= space[k] - margins[k].1` are the border.
#[derive(Debug, Clone, PartialEq)]
pub struct Border {
    /// Never negative.
    pub margins: Vec<(i64, i64)>,
    pub region: Region,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Argument {
    Value(Value),
    Array(ArrayId),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Constant(Constant),
    Get(VariableId),
    /// An op of the table on values; the result's type follows from the operands, or is the value's own type for
    /// `convert` and `bitcast`.
    Apply {
        op: Op,
        operands: Vec<Value>,
        flags: FloatFlags,
    },
    /// The element at `indices` (one per axis, type index, in range).
    Load {
        array: ArrayId,
        indices: Vec<Value>,
    },
    /// The extent of an array along an axis (type index).
    Extent {
        array: ArrayId,
        axis: u32,
    },
    /// The stride of an array along an axis, in elements (type index). Functions only.
    Stride {
        array: ArrayId,
        axis: u32,
    },
    /// Whether the memory between the first and the last element of two arrays has a byte in common. Functions only.
    Overlap {
        left: ArrayId,
        right: ArrayId,
    },
    /// An entry of a constant table; an index out of range is taken as the nearest one in range.
    TableEntry {
        table: TableId,
        index: Value,
    },
    /// A thread's place, in Grid kernels (type index).
    Builtin(Builtin),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Builtin {
    GroupIdX,
    GroupIdY,
    LocalIdX,
    /// Number of groups along x.
    GroupCountX,
}

/// What an op on floats may do beyond IEEE 754. All off: strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FloatFlags {
    /// a * b + c may become one operation.
    pub contract: bool,
    /// Sums and products may be regrouped.
    pub reassociate: bool,
    /// NaNs and infinities do not occur.
    pub finite: bool,
    /// The sign of a zero does not matter.
    pub no_signed_zeros: bool,
    /// a / b may become a * (1 / b).
    pub reciprocal: bool,
    /// Elementary functions may have 4 ULP.
    pub approximate: bool,
}

impl FloatFlags {
    pub const STRICT: FloatFlags = FloatFlags {
        contract: false,
        reassociate: false,
        finite: false,
        no_signed_zeros: false,
        reciprocal: false,
        approximate: false,
    };
    pub const FAST: FloatFlags = FloatFlags {
        contract: true,
        reassociate: true,
        finite: true,
        no_signed_zeros: true,
        reciprocal: true,
        approximate: true,
    };
}

impl Module {
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

impl Function {
    pub fn scalar(&self, value: Value) -> ScalarType {
        self.values[value.index()].scalar
    }

    /// The scalar parameters with their values and roles, in order.
    pub fn scalar_parameters(&self) -> impl Iterator<Item = (&str, Value, Role)> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Scalar { name, value, role } => Some((name.as_str(), *value, *role)),
            Parameter::Array(_) => None,
        })
    }

    /// The types of the results that are scalars: of all of them, but in host functions.
    pub fn scalar_results(&self) -> Vec<ScalarType> {
        self.results.iter().filter_map(Kind::scalar).collect()
    }

    /// How many of the arrays are parameters: the first ones.
    pub fn array_parameters(&self) -> usize {
        self.parameters.iter().filter(|parameter| matches!(parameter, Parameter::Array(_))).count()
    }

    /// Whether any statement of the body can fail.
    pub fn has_traps(&self) -> bool {
        let mut found = false;
        self.body.walk(&mut |statement| found |= matches!(statement, Statement::Trap { .. } | Statement::Raise { .. }));
        found
    }
}

impl From<Value> for Argument {
    fn from(value: Value) -> Argument {
        Argument::Value(value)
    }
}

impl Argument {
    pub fn value(self) -> Option<Value> {
        match self {
            Argument::Value(value) => Some(value),
            Argument::Array(_) => None,
        }
    }

    pub fn array(self) -> Option<ArrayId> {
        match self {
            Argument::Value(_) => None,
            Argument::Array(array) => Some(array),
        }
    }
}

impl Kind {
    pub fn scalar(&self) -> Option<ScalarType> {
        match self {
            Kind::Scalar(scalar) => Some(*scalar),
            Kind::Array(_) => None,
        }
    }

    pub fn array(&self) -> Option<&ArrayType> {
        match self {
            Kind::Scalar(_) => None,
            Kind::Array(array) => Some(array),
        }
    }
}

impl ArrayType {
    pub fn rank(&self) -> u32 {
        self.strides.len() as u32
    }

    /// The strides of an array packed in C order.
    pub fn c_order(rank: usize) -> Vec<Stride> {
        let last = rank.saturating_sub(1);
        (0..rank).map(|axis| if axis == last { Stride::Unit } else { Stride::Packed }).collect()
    }

    /// The strides of an array packed in Fortran's order.
    pub fn f_order(rank: usize) -> Vec<Stride> {
        (0..rank).map(|axis| if axis == 0 { Stride::Unit } else { Stride::Packed }).collect()
    }
}

impl Array {
    pub fn kind(&self) -> ArrayType {
        ArrayType { scalar: self.scalar, access: self.access, strides: self.strides.clone() }
    }
}
