//! The untyped tree: what every front end produces, with a span on every node.

use crate::source::{Source, Span};
use crate::types::ScalarType;
use crate::types::declaration::Declaration;
use std::sync::Arc;

/// A file of kernels.
#[derive(Debug, Clone)]
pub struct Module {
    pub source: Arc<Source>,
    /// What names mean by import: `np` -> `numpy`, `cos` -> `math.cos`, `f8` -> `numba.float64`.
    pub imports: Vec<Import>,
    /// `NAME = expression` and `NAME: type = expression` at module level, in order.
    pub constants: Vec<ConstantDefinition>,
    /// Arrays of a running program: whole functions have them as arrays. (Small ones are constants too, as tuples of tuples, for
    /// kernels.)
    pub arrays: Vec<FrozenArray>,
    /// Functions of other modules that this one calls.
    pub linked: Vec<Link>,
    /// Every `def` at module level, and `f = vectorize(...)(lambda ...)`-like definitions, in order.
    pub functions: Vec<FunctionDefinition>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The name in this file.
    pub name: String,
    /// The dotted name that it stands for, e.g. `numpy` or `math.cos`. `from x import *` has the name `*`.
    pub path: String,
    pub span: Span,
}

/// More entries than this in one constant of a kernel are refused: such data belongs into an array.
pub const MOST_ENTRIES: usize = 1 << 16;

/// An array as it was when it was frozen, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct FrozenArray {
    pub name: String,
    pub scalar: ScalarType,
    pub shape: Vec<usize>,
    /// Bits of the elements, as in [`crate::types::Constant::bits`].
    pub elements: Arc<[u64]>,
}

/// A function of another module.
#[derive(Debug, Clone)]
pub struct Link {
    /// The name that it has here.
    pub name: String,
    pub module: Arc<Module>,
    /// The name that it has there.
    pub function: String,
}

#[derive(Debug, Clone)]
pub struct ConstantDefinition {
    pub name: String,
    pub name_span: Span,
    pub annotation: Option<Expression>,
    pub value: Expression,
}

#[derive(Debug, Clone)]
pub struct FunctionDefinition {
    pub name: String,
    pub name_span: Span,
    pub span: Span,
    pub decorators: Vec<Expression>,
    /// What the decorators say, where that is known from elsewhere: of a function of a running program, whose decorators
    /// stand in no text that can be read.
    pub declaration: Option<Arc<Declaration>>,
    pub parameters: Vec<Parameter>,
    /// A parameter form that kernels cannot have (`*args`, `**kwargs`, keyword-only), with what to write instead.
    pub unsupported_parameters: Option<(Span, &'static str)>,
    /// `*rest`, which whole functions can have: it takes the other arguments as a tuple.
    pub rest: Option<Parameter>,
    pub returns: Option<Expression>,
    pub documentation: Option<String>,
    pub body: Vec<Statement>,
}

#[derive(Debug, Clone)]
pub struct Parameter {
    pub name: String,
    pub span: Span,
    pub annotation: Option<Expression>,
    pub default: Option<Expression>,
}

#[derive(Debug, Clone)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum StatementKind {
    /// `a = b = value`: several targets take the same value, left to right.
    Assign {
        targets: Vec<Expression>,
        value: Expression,
    },
    /// `target op= value`
    AugmentedAssign {
        target: Expression,
        operator: BinaryOperator,
        value: Expression,
    },
    /// `target: annotation = value`
    AnnotatedAssign {
        target: Expression,
        annotation: Expression,
        value: Option<Expression>,
    },
    If {
        condition: Expression,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    While {
        condition: Expression,
        body: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    For {
        target: Expression,
        iterable: Expression,
        body: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    /// A function in a function.
    Function(Box<FunctionDefinition>),
    Break,
    Continue,
    Return(Option<Expression>),
    Pass,
    /// `del a, (b, c)`
    Delete {
        targets: Vec<Expression>,
    },
    /// An expression for its effect, a docstring among them.
    Expression(Expression),
    Assert {
        condition: Expression,
        message: Option<Expression>,
    },
    Raise {
        exception: Option<Expression>,
    },
    /// `try`, with at most one `except`.
    Try {
        body: Vec<Statement>,
        handler: Option<Handler>,
        otherwise: Vec<Statement>,
        finally: Vec<Statement>,
    },
    /// A construct that kernels do not have: what it is (`'try' statements`), and what to write instead.
    /// It becomes an error only if the function is compiled.
    Unsupported {
        what: &'static str,
        instead: &'static str,
    },
}

/// `except exception as name:`
#[derive(Debug, Clone)]
pub struct Handler {
    pub exception: Option<Expression>,
    pub name: Option<String>,
    pub body: Vec<Statement>,
}

#[derive(Debug, Clone)]
pub struct Expression {
    pub kind: ExpressionKind,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum ExpressionKind {
    Name(String),
    /// An integer literal; `None` if it does not fit (the text is in the source).
    Integer(Option<i128>),
    /// A float literal with its decimal text (underscores removed), so that it can be rounded once to any type.
    Float {
        value: f64,
        text: String,
    },
    /// `2j`
    Imaginary(f64),
    Bool(bool),
    String(String),
    None,
    /// `...`
    Ellipsis,
    /// `start:stop:step` inside subscripts; `:` has none of the three.
    Slice {
        start: Option<Box<Expression>>,
        stop: Option<Box<Expression>>,
        step: Option<Box<Expression>>,
    },
    Tuple(Vec<Expression>),
    List(Vec<Expression>),
    Unary {
        operator: UnaryOperator,
        operand: Box<Expression>,
    },
    Binary {
        operator: BinaryOperator,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `first op operand op operand ...`
    Compare {
        first: Box<Expression>,
        rest: Vec<(Comparison, Expression)>,
    },
    /// Two or more operands.
    Logical {
        operator: Logical,
        operands: Vec<Expression>,
    },
    Conditional {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    /// `target := value`; the target is a name.
    Named {
        target: Box<Expression>,
        value: Box<Expression>,
    },
    Call {
        function: Box<Expression>,
        arguments: Vec<Expression>,
        keywords: Vec<Keyword>,
    },
    Attribute {
        value: Box<Expression>,
        name: String,
        name_span: Span,
    },
    /// `value[i, j]`; a tuple index is spread out.
    Subscript {
        value: Box<Expression>,
        indices: Vec<Expression>,
    },
    /// `*value`, in the arguments of a call.
    Starred(Box<Expression>),
    Lambda {
        parameters: Vec<Parameter>,
        body: Box<Expression>,
    },
    Unsupported {
        what: &'static str,
        instead: &'static str,
    },
}

#[derive(Debug, Clone)]
pub struct Keyword {
    /// `None` for `**options`.
    pub name: Option<String>,
    pub value: Expression,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    Negative,
    Positive,
    /// `~`
    Invert,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    MatrixMultiply,
    LeftShift,
    RightShift,
    And,
    Or,
    Xor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logical {
    And,
    Or,
}

impl Module {
    pub fn function(&self, name: &str) -> Option<&FunctionDefinition> {
        // A later definition of the same name replaces an earlier one, as in Python.
        self.functions.iter().rev().find(|function| function.name == name)
    }

    /// A function of another module that is known here by that name, and its module.
    pub fn linked(&self, name: &str) -> Option<(&Module, &FunctionDefinition)> {
        let link = self.linked.iter().rev().find(|link| link.name == name)?;
        Some((&link.module, link.module.function(&link.function)?))
    }

    pub fn array(&self, name: &str) -> Option<&FrozenArray> {
        self.arrays.iter().rev().find(|array| array.name == name)
    }

    pub fn constant(&self, name: &str) -> Option<&ConstantDefinition> {
        self.constants.iter().rev().find(|constant| constant.name == name)
    }

    /// Follows names of module-level constants to what they stand for: `SIGNATURES` -> `[...]`.
    pub fn resolve<'a>(&'a self, expression: &'a Expression) -> &'a Expression {
        let mut expression = expression;
        // Bounded: `A = B` and `B = A` is no endless loop.
        for _ in 0..32 {
            let ExpressionKind::Name(name) = &expression.kind else {
                break;
            };
            let Some(constant) = self.constant(name) else { break };
            expression = &constant.value;
        }
        expression
    }

    /// Whether the module gives the name a meaning, so that it is not Python's own.
    pub fn defines(&self, name: &str) -> bool {
        let linked = || self.linked.iter().any(|link| link.name == name);
        self.function(name).is_some() || self.constant(name).is_some() || self.import(name).is_some() || linked()
    }

    /// What a name means by import: `np` -> `numpy`.
    pub fn import(&self, name: &str) -> Option<&Import> {
        self.imports.iter().rev().find(|import| import.name == name)
    }

    /// The dotted path that an expression stands for by the imports: `np.cos` -> `numpy.cos`, `cos` -> `math.cos`.
    /// `None` if it is no chain of names that starts with an import. The path is [`canonical`].
    pub fn path(&self, expression: &Expression) -> Option<String> {
        let mut attributes = Vec::new();
        let mut root = expression;
        while let ExpressionKind::Attribute { value, name, .. } = &root.kind {
            attributes.push(name.as_str());
            root = value;
        }
        let ExpressionKind::Name(name) = &root.kind else { return None };
        let mut path = self.import(name)?.path.clone();
        for attribute in attributes.iter().rev() {
            path.push('.');
            path.push_str(attribute);
        }
        Some(canonical(&path))
    }
}

/// One path for the several that mean the same: `numbra.X`, `numba.types.X` and `numba.core.types.X` are `numba.X`.
pub fn canonical(path: &str) -> String {
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    if !matches!(root, "numba" | "numbra") {
        return path.to_string();
    }
    let rest = rest.strip_prefix("core.types").filter(|rest| rest.is_empty() || rest.starts_with('.')).unwrap_or(rest);
    let rest = rest.strip_prefix("types").filter(|rest| rest.is_empty() || rest.starts_with('.')).unwrap_or(rest);
    let rest = rest.trim_start_matches('.');
    if rest.is_empty() { "numba".to_string() } else { format!("numba.{rest}") }
}
