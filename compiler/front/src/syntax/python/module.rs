//! What a file defines: imports, constants, functions. Statements are read in order, as Python would run them, except
//! that conditions are not evaluated: what depends on one is marked as such instead of guessed.

use super::{Lower, star};
use crate::error::{Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::*;
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

/// Whether a statement runs.
#[derive(Clone, Copy, PartialEq)]
enum Runs {
    Once,
    /// In a branch or an exception handler.
    Perhaps,
    /// In a loop.
    Often,
}

pub(super) fn module(lower: &mut Lower, statements: &[Stmt]) -> Result<Module, Mistake> {
    let module = Module {
        source: lower.source.clone(),
        imports: Vec::new(),
        constants: Vec::new(),
        arrays: Vec::new(),
        linked: Vec::new(),
        functions: Vec::new(),
    };
    let mut reader = Reader { lower, module };
    reader.block(statements, Runs::Once)?;
    Ok(reader.module)
}

struct Reader<'a, 'b> {
    lower: &'a mut Lower<'b>,
    module: Module,
}

impl Reader<'_, '_> {
    fn block(&mut self, statements: &[Stmt], runs: Runs) -> Result<(), Mistake> {
        statements.iter().try_for_each(|statement| self.statement(statement, runs))
    }

    fn statement(&mut self, statement: &Stmt, runs: Runs) -> Result<(), Mistake> {
        let perhaps = if runs == Runs::Once { Runs::Perhaps } else { runs };
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let path = alias.name.id.as_str();
                    // `import a.b` binds `a`.
                    let root = path.split('.').next().unwrap_or(path);
                    let (name, path) = match &alias.asname {
                        Some(name) => (name.id.as_str(), path),
                        None => (root, root),
                    };
                    self.import(name, path, self.lower.span(alias.range()), runs);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.id.as_str());
                let module = ".".repeat(import.level as usize) + module;
                for alias in &import.names {
                    let span = self.lower.span(alias.range());
                    let name = alias.name.id.as_str();
                    if name == "*" {
                        let module = canonical(&module);
                        for name in star::names(&module) {
                            self.import(name, &format!("{module}.{name}"), span, runs);
                        }
                        self.module.imports.push(Import { name: "*".to_string(), path: module, span });
                        continue;
                    }
                    let local = alias.asname.as_ref().map_or(name, |local| local.id.as_str());
                    let dot = if module.ends_with('.') { "" } else { "." };
                    self.import(local, &format!("{module}{dot}{name}"), span, runs);
                }
            }
            Stmt::FunctionDef(definition) => {
                let function = self.lower.function(definition)?;
                self.function(function, runs);
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value, None, runs)?;
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value, Some(&assign.annotation), runs)?;
                }
            }
            Stmt::AugAssign(assign) => self.spoil(&assign.target),
            Stmt::If(branch) => {
                if !mentions_main(&branch.test) {
                    self.block(&branch.body, perhaps)?;
                }
                for clause in &branch.elif_else_clauses {
                    self.block(&clause.body, perhaps)?;
                }
            }
            Stmt::Try(attempt) => {
                self.block(&attempt.body, runs)?;
                for ast::ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
                    self.block(&handler.body, perhaps)?;
                }
                self.block(&attempt.orelse, runs)?;
                self.block(&attempt.finalbody, runs)?;
            }
            Stmt::With(with) => self.block(&with.body, runs)?,
            Stmt::For(repeat) => {
                self.spoil(&repeat.target);
                self.block(&repeat.body, Runs::Often)?;
                self.block(&repeat.orelse, perhaps)?;
            }
            Stmt::While(repeat) => {
                self.block(&repeat.body, Runs::Often)?;
                self.block(&repeat.orelse, perhaps)?;
            }
            // Classes, prints, plots, commands of IPython: no business of a kernel's.
            _ => {}
        }
        Ok(())
    }

    fn assign(&mut self, target: &Expr, value: &Expr, annotation: Option<&Expr>, runs: Runs) -> Result<(), Mistake> {
        match (target, value) {
            (Expr::Name(name), _) => {
                let value = self.lower.expression(value)?;
                let annotation = self.lower.optional(annotation)?;
                let (name, name_span) = (name.id.to_string(), self.lower.span(name.range()));
                match self.applied(&name, name_span, &value) {
                    Some(function) => self.function(function, runs),
                    None => self.constant(ConstantDefinition { name, name_span, annotation, value }, runs),
                }
                Ok(())
            }
            (Expr::Tuple(targets), Expr::Tuple(values)) if targets.elts.len() == values.elts.len() => {
                let mut pairs = targets.elts.iter().zip(&values.elts);
                pairs.try_for_each(|(target, value)| self.assign(target, value, None, runs))
            }
            _ => {
                self.spoil(target);
                Ok(())
            }
        }
    }

    /// `f = vectorize(signatures)(g)`, `f = stencil(lambda a: ...)`, `f = jit(f)`, `f = lambda x: ...`.
    fn applied(&self, name: &str, name_span: Span, value: &Expression) -> Option<FunctionDefinition> {
        let is_decorator = |expression: &Expression| {
            let path = match &self.module.resolve(expression).kind {
                ExpressionKind::Call { function, .. } => self.module.path(function),
                _ => self.module.path(expression),
            };
            path.is_some_and(|path| is_decorator_path(&path))
        };
        let is_function = |expression: &Expression| match &expression.kind {
            ExpressionKind::Lambda { .. } => true,
            ExpressionKind::Name(name) => self.module.function(name).is_some(),
            _ => false,
        };
        let (decorator, subject) = match &value.kind {
            ExpressionKind::Lambda { .. } => (None, value),
            ExpressionKind::Call { function, arguments, keywords } if is_decorator(function) => {
                let position = arguments.iter().position(is_function)?;
                let mut others = arguments.clone();
                others.remove(position);
                let mut decorator = (**function).clone();
                if !others.is_empty() || !keywords.is_empty() {
                    decorator.kind = ExpressionKind::Call {
                        function: function.clone(),
                        arguments: others,
                        keywords: keywords.clone(),
                    };
                    decorator.span = value.span;
                }
                (Some(decorator), &arguments[position])
            }
            _ => return None,
        };
        let mut definition = match &subject.kind {
            ExpressionKind::Name(subject) => self.module.function(subject)?.clone(),
            ExpressionKind::Lambda { parameters, body } => FunctionDefinition {
                name: String::new(),
                name_span,
                span: subject.span,
                decorators: Vec::new(),
                declaration: None,
                parameters: parameters.clone(),
                unsupported_parameters: None,
                rest: None,
                returns: None,
                documentation: None,
                body: vec![Statement { kind: StatementKind::Return(Some((**body).clone())), span: body.span }],
            },
            _ => return None,
        };
        definition.name = name.to_string();
        definition.name_span = name_span;
        definition.decorators = decorator.into_iter().collect();
        Some(definition)
    }

    fn is_defined(&self, name: &str) -> bool {
        self.module.function(name).is_some() || self.module.constant(name).is_some()
    }

    /// Forgets what a name meant, because it is bound anew. (Earlier functions may stay: the last one counts.)
    fn forget(&mut self, name: &str) {
        self.module.imports.retain(|import| import.name != name);
        self.module.constants.retain(|constant| constant.name != name);
    }

    fn import(&mut self, name: &str, path: &str, span: Span, runs: Runs) {
        // The first branch that imports a name is the one that numbra follows: try: numba, except: something else.
        if runs != Runs::Once && (self.is_defined(name) || self.module.import(name).is_some()) {
            return;
        }
        self.forget(name);
        self.module.functions.retain(|function| function.name != name);
        self.module.imports.push(Import { name: name.to_string(), path: canonical(path), span });
    }

    fn function(&mut self, mut function: FunctionDefinition, runs: Runs) {
        if runs != Runs::Once {
            // `except ImportError: def vectorize(f): ...` stands in for what is imported.
            if self.module.import(&function.name).is_some() {
                return;
            }
            if self.is_defined(&function.name) {
                let kind = StatementKind::Unsupported {
                    what: "functions that are defined again under a condition",
                    instead: "define the function once, outside of 'if', 'try' and loops",
                };
                function.body = vec![Statement { kind, span: function.name_span }];
            }
        }
        self.forget(&function.name);
        self.module.functions.push(function);
    }

    fn constant(&mut self, mut definition: ConstantDefinition, runs: Runs) {
        if runs != Runs::Once && self.module.import(&definition.name).is_some() {
            return;
        }
        if runs == Runs::Often {
            definition.value = changing(definition.name_span);
        } else if runs == Runs::Perhaps && self.is_defined(&definition.name) {
            definition.value.kind = ExpressionKind::Unsupported {
                what: "values that depend on a condition at the top level of the file",
                instead: "define the value once, or pass it to the kernel as an argument",
            };
        }
        let name = definition.name.clone();
        self.forget(&name);
        self.module.functions.retain(|function| function.name != name);
        self.module.constants.push(definition);
    }

    /// The names in a target are no constants: they change.
    fn spoil(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                let (name, name_span) = (name.id.to_string(), self.lower.span(name.range()));
                let value = changing(name_span);
                self.constant(ConstantDefinition { name, name_span, annotation: None, value }, Runs::Once);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().for_each(|target| self.spoil(target));
            }
            Expr::Starred(starred) => self.spoil(&starred.value),
            _ => {}
        }
    }
}

fn changing(span: Span) -> Expression {
    let kind = ExpressionKind::Unsupported {
        what: "values that change, or are computed, at the top level of the file",
        instead: "define the value once, as a literal, or pass it to the kernel as an argument",
    };
    Expression { kind, span }
}

/// `if __name__ == "__main__":`
fn mentions_main(test: &Expr) -> bool {
    let is_name = |expression: &Expr| matches!(expression, Expr::Name(name) if name.id.as_str() == "__name__");
    match test {
        Expr::Compare(compare) => is_name(&compare.left) || compare.comparators.iter().any(is_name),
        _ => false,
    }
}

fn is_decorator_path(path: &str) -> bool {
    let Some(name) = path.strip_prefix("numba.") else {
        return false;
    };
    matches!(name, "vectorize" | "guvectorize" | "stencil" | "jit" | "njit" | "cfunc" | "generated_jit")
        || matches!(name, "cuda.jit" | "cuda.vectorize" | "cuda.guvectorize" | "extending.register_jitable")
}
