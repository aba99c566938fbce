//! Which names are needed after each branch and around each loop.
//!
//! A classic backward analysis over the tree. Inference makes variables only for names that are assigned in a branch
//! or a loop and read later.

use crate::syntax::tree::{Expression, ExpressionKind, Statement, StatementKind};
use std::collections::{BTreeSet, HashMap};

pub type Names<'t> = BTreeSet<&'t str>;

/// What is needed around a statement that branches.
#[derive(Debug, Clone, Default)]
pub struct Live<'t> {
    /// Names that may be read after the statement.
    pub after: Names<'t>,
    /// For loops: names that may be read from the head on, before they are assigned again.
    pub head: Names<'t>,
}

/// For every `if`, `while` and `for`, by the address of its node.
#[derive(Debug, Default)]
pub struct Liveness<'t> {
    statements: HashMap<*const Statement, Live<'t>>,
    /// The names that the lambdas which a name may stand for mention: they are read where that name is called.
    lambdas: HashMap<&'t str, Names<'t>>,
}

impl<'t> Liveness<'t> {
    pub fn of(body: &'t [Statement]) -> Liveness<'t> {
        let mut liveness = Liveness::default();
        liveness.find_lambdas(body);
        liveness.block(body, Names::new(), &Exits::default());
        liveness
    }

    pub fn at(&self, statement: &'t Statement) -> Live<'t> {
        self.statements.get(&(statement as *const Statement)).cloned().unwrap_or_default()
    }

    fn find_lambdas(&mut self, statements: &'t [Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Assign { targets, value } if matches!(value.kind, ExpressionKind::Lambda { .. }) => {
                    let mut names = Names::new();
                    self.reads(value, &mut names);
                    for target in targets {
                        assigned_names(target, &mut |name| {
                            self.lambdas.entry(name).or_default().extend(names.iter().copied());
                        });
                    }
                }
                StatementKind::If { then: body, otherwise, .. }
                | StatementKind::While { body, otherwise, .. }
                | StatementKind::For { body, otherwise, .. } => {
                    self.find_lambdas(body);
                    self.find_lambdas(otherwise);
                }
                _ => {}
            }
        }
    }

    /// Names live before `statements`, given those live after them.
    fn block(&mut self, statements: &'t [Statement], after: Names<'t>, exits: &Exits<'t>) -> Names<'t> {
        statements.iter().rev().fold(after, |live, statement| self.statement(statement, live, exits))
    }

    fn statement(&mut self, statement: &'t Statement, after: Names<'t>, exits: &Exits<'t>) -> Names<'t> {
        let mut live = after;
        match &statement.kind {
            StatementKind::Assign { targets, value } => {
                for target in targets {
                    assigned_names(target, &mut |name| {
                        live.remove(name);
                    });
                }
                // Subscripts and attributes as targets are read, not assigned.
                targets.iter().for_each(|target| self.target_reads(target, &mut live));
                self.reads(value, &mut live);
            }
            StatementKind::AugmentedAssign { target, value, .. } => {
                self.reads(target, &mut live);
                self.reads(value, &mut live);
            }
            StatementKind::AnnotatedAssign { target, value: Some(value), .. } => {
                assigned_names(target, &mut |name| {
                    live.remove(name);
                });
                self.reads(value, &mut live);
            }
            StatementKind::If { condition, then, otherwise } => {
                self.note(statement, Live { after: live.clone(), head: Names::new() });
                let mut before = self.block(then, live.clone(), exits);
                before.extend(self.block(otherwise, live, exits));
                self.reads(condition, &mut before);
                live = before;
            }
            StatementKind::While { condition, body, otherwise } => {
                let mut head = self.block(otherwise, live.clone(), exits);
                self.reads(condition, &mut head);
                let head = self.loop_head(body, head, &live, &[]);
                self.note(statement, Live { after: live, head: head.clone() });
                live = head;
            }
            StatementKind::For { target, iterable, body, otherwise } => {
                let mut targets = Vec::new();
                assigned_names(target, &mut |name| targets.push(name));
                let head = self.block(otherwise, live.clone(), exits);
                let mut head = self.loop_head(body, head, &live, &targets);
                self.note(statement, Live { after: live, head: head.clone() });
                self.reads(iterable, &mut head);
                live = head;
            }
            StatementKind::Break => live = exits.on_break.clone(),
            StatementKind::Continue => live = exits.on_continue.clone(),
            StatementKind::Return(value) => {
                live = Names::new();
                if let Some(value) = value {
                    self.reads(value, &mut live);
                }
            }
            StatementKind::Expression(value) => self.reads(value, &mut live),
            StatementKind::Assert { condition, .. } => self.reads(condition, &mut live),
            StatementKind::Raise { .. } => live = Names::new(),
            StatementKind::AnnotatedAssign { value: None, .. }
            | StatementKind::Pass
            | StatementKind::Unsupported { .. } => {}
        }
        live
    }

    /// The names live at the head of a loop: the least set that the way around the loop does not enlarge.
    fn loop_head(
        &mut self,
        body: &'t [Statement],
        head: Names<'t>,
        after: &Names<'t>,
        targets: &[&'t str],
    ) -> Names<'t> {
        let mut head = head;
        loop {
            let exits = Exits { on_break: after.clone(), on_continue: head.clone() };
            let mut around = self.block(body, head.clone(), &exits);
            targets.iter().for_each(|target| {
                around.remove(target);
            });
            let before = head.len();
            head.extend(around);
            if head.len() == before {
                return head;
            }
        }
    }

    fn target_reads(&self, target: &'t Expression, live: &mut Names<'t>) {
        match &target.kind {
            ExpressionKind::Name(_) => {}
            ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => {
                targets.iter().for_each(|target| self.target_reads(target, live));
            }
            _ => self.reads(target, live),
        }
    }

    /// Adds every name that `expression` mentions. A lambda's parameters count too, which only costs a variable.
    fn reads(&self, expression: &'t Expression, live: &mut Names<'t>) {
        match &expression.kind {
            ExpressionKind::Name(name) => {
                live.insert(name);
                if let Some(names) = self.lambdas.get(name.as_str()) {
                    live.extend(names);
                }
            }
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => {
                items.iter().for_each(|item| self.reads(item, live))
            }
            ExpressionKind::Unary { operand, .. } => self.reads(operand, live),
            ExpressionKind::Binary { left, right, .. } => {
                // Long sums nest to the left: go down that side without recursion.
                let (mut left, mut right) = (left, right);
                loop {
                    self.reads(right, live);
                    match &left.kind {
                        ExpressionKind::Binary { left: inner, right: other, .. } => (left, right) = (inner, other),
                        _ => break self.reads(left, live),
                    }
                }
            }
            ExpressionKind::Compare { first, rest } => {
                self.reads(first, live);
                rest.iter().for_each(|(_, operand)| self.reads(operand, live));
            }
            ExpressionKind::Logical { operands, .. } => operands.iter().for_each(|operand| self.reads(operand, live)),
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.reads(condition, live);
                self.reads(then, live);
                self.reads(otherwise, live);
            }
            ExpressionKind::Call { function, arguments, keywords } => {
                self.reads(function, live);
                arguments.iter().for_each(|argument| self.reads(argument, live));
                keywords.iter().for_each(|keyword| self.reads(&keyword.value, live));
            }
            ExpressionKind::Attribute { value, .. } => self.reads(value, live),
            ExpressionKind::Subscript { value, indices } => {
                self.reads(value, live);
                indices.iter().for_each(|index| self.reads(index, live));
            }
            ExpressionKind::Lambda { body, .. } => self.reads(body, live),
            ExpressionKind::Slice { start, stop, step } => {
                [start, stop, step].into_iter().flatten().for_each(|part| self.reads(part, live));
            }
            ExpressionKind::Integer(_)
            | ExpressionKind::Float { .. }
            | ExpressionKind::Bool(_)
            | ExpressionKind::String(_)
            | ExpressionKind::None
            | ExpressionKind::Ellipsis
            | ExpressionKind::Unsupported { .. } => {}
        }
    }

    fn note(&mut self, statement: &'t Statement, live: Live<'t>) {
        self.statements.insert(statement, live);
    }
}

/// Where `break` and `continue` lead, as the names that are live there.
#[derive(Default)]
struct Exits<'t> {
    on_break: Names<'t>,
    on_continue: Names<'t>,
}

/// Every name that `statements` may assign, in order of the text, each once.
pub fn assigned<'t>(statements: &'t [Statement]) -> Vec<&'t str> {
    let mut names: Vec<&'t str> = Vec::new();
    collect_assigned(statements, &mut |name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

fn collect_assigned<'t>(statements: &'t [Statement], note: &mut dyn FnMut(&'t str)) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Assign { targets, .. } => targets.iter().for_each(|target| assigned_names(target, note)),
            StatementKind::AugmentedAssign { target, .. } => assigned_names(target, note),
            StatementKind::AnnotatedAssign { target, value: Some(_), .. } => assigned_names(target, note),
            StatementKind::If { then, otherwise, .. } => {
                collect_assigned(then, note);
                collect_assigned(otherwise, note);
            }
            StatementKind::While { body, otherwise, .. } => {
                collect_assigned(body, note);
                collect_assigned(otherwise, note);
            }
            StatementKind::For { target, body, otherwise, .. } => {
                assigned_names(target, note);
                collect_assigned(body, note);
                collect_assigned(otherwise, note);
            }
            _ => {}
        }
    }
}

/// The names that an assignment to `target` binds.
pub fn assigned_names<'t>(target: &'t Expression, note: &mut dyn FnMut(&'t str)) {
    match &target.kind {
        ExpressionKind::Name(name) => note(name),
        ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => {
            targets.iter().for_each(|target| assigned_names(target, note));
        }
        _ => {}
    }
}
