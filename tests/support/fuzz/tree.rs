//! The tree of a generated program: text with places for operands, so that parts can be left out and exchanged.

use super::arguments::Argument;
use numbra::front::types::ScalarType;
use numbra::front::typing::Rules;
use std::fmt::Write;

/// An expression of a known type: its text, with `{}` where the operands stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    pub scalar: ScalarType,
    pub pattern: String,
    pub operands: Vec<Expression>,
}

/// A simple statement, or the head of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub pattern: String,
    pub operands: Vec<Expression>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Line(Line),
    /// `if`, `elif`, `else`; `while`, `else`; `for`, `else`.
    Block(Vec<Clause>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    pub head: Line,
    pub body: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// With its options; helpers have one or none.
    pub decorator: Option<String>,
    pub name: String,
    pub parameters: Vec<String>,
    pub body: Vec<Statement>,
}

/// A program and what its kernel, the last function, is called with.
#[derive(Debug, Clone)]
pub struct Case {
    pub rules: Rules,
    /// `NAME = ...` at module level.
    pub constants: Vec<String>,
    pub functions: Vec<Function>,
    pub stencil: bool,
    pub arguments: Vec<Argument>,
    /// The shape of the result.
    pub space: Vec<usize>,
    /// The type that the generator expects of the result.
    pub result: ScalarType,
}

impl Expression {
    pub fn leaf(scalar: ScalarType, text: impl Into<String>) -> Expression {
        Expression { scalar, pattern: text.into(), operands: Vec::new() }
    }

    pub fn new(scalar: ScalarType, pattern: impl Into<String>, operands: Vec<Expression>) -> Expression {
        Expression { scalar, pattern: pattern.into(), operands }
    }

    fn write(&self, out: &mut String) {
        fill(&self.pattern, &self.operands, out);
    }
}

impl Line {
    pub fn new(pattern: impl Into<String>, operands: Vec<Expression>) -> Line {
        Line { pattern: pattern.into(), operands }
    }
}

impl Statement {
    pub fn line(pattern: impl Into<String>, operands: Vec<Expression>) -> Statement {
        Statement::Line(Line::new(pattern, operands))
    }
}

impl Clause {
    pub fn new(head: impl Into<String>, operands: Vec<Expression>, body: Vec<Statement>) -> Clause {
        Clause { head: Line::new(head, operands), body }
    }
}

fn fill(pattern: &str, operands: &[Expression], out: &mut String) {
    let mut operands = operands.iter();
    let mut parts = pattern.split("{}");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if let Some(operand) = operands.next() {
            operand.write(out);
        }
        out.push_str(part);
    }
}

fn write_block(statements: &[Statement], depth: usize, out: &mut String) {
    let line = |line: &Line, ending: &str, out: &mut String| {
        out.push_str(&"    ".repeat(depth));
        fill(&line.pattern, &line.operands, out);
        out.push_str(ending);
    };
    if statements.is_empty() {
        line(&Line::new("pass", Vec::new()), "\n", out);
    }
    for statement in statements {
        match statement {
            Statement::Line(simple) => line(simple, "\n", out),
            Statement::Block(clauses) => {
                for clause in clauses {
                    line(&clause.head, ":\n", out);
                    write_block(&clause.body, depth + 1, out);
                }
            }
        }
    }
}

/// Functions as Python text.
pub fn write_functions(functions: &[Function], out: &mut String) {
    for function in functions {
        out.push('\n');
        if let Some(decorator) = &function.decorator {
            let _ = writeln!(out, "@{decorator}");
        }
        let _ = writeln!(out, "def {}({}):", function.name, function.parameters.join(", "));
        write_block(&function.body, 1, out);
    }
}

impl Case {
    /// The name of the kernel.
    pub fn kernel(&self) -> &str {
        self.functions.last().map_or("", |function| &function.name)
    }

    /// The program as Python text.
    pub fn text(&self) -> String {
        let mut out =
            "import math\nimport numpy as np\nimport numba\nfrom numba import vectorize, stencil\n\n".to_string();
        for constant in &self.constants {
            let _ = writeln!(out, "{constant}");
        }
        write_functions(&self.functions, &mut out);
        out
    }
}
