//! Which names are needed after each branch and around each loop.
//!
//! A classic backward analysis over the tree. Inference makes variables only for names that are assigned in a branch
//! or a loop and read later.

use crate::syntax::names;
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
    /// The names that the functions which a name may stand for take from around: they are read where it is called.
    functions: HashMap<&'t str, Names<'t>>,
    /// There are assignment expressions, so that it matters in which order expressions are evaluated.
    pub in_order: bool,
}

impl<'t> Liveness<'t> {
    pub fn of(body: &'t [Statement]) -> Liveness<'t> {
        let mut liveness = Liveness { in_order: names::names_expressions(body), ..Liveness::default() };
        liveness.find_functions(body);
        liveness.complete_functions();
        liveness.block(body, Names::new(), &Exits::default());
        liveness
    }

    pub fn at(&self, statement: &'t Statement) -> Live<'t> {
        self.statements.get(&(statement as *const Statement)).cloned().unwrap_or_default()
    }

    fn find_functions(&mut self, statements: &'t [Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Assign { targets, value } => {
                    let reads = match &value.kind {
                        ExpressionKind::Lambda { parameters, body } => names::free_in_lambda(parameters, body),
                        // Another name for the same function, perhaps.
                        ExpressionKind::Name(name) => Names::from([name.as_str()]),
                        _ => continue,
                    };
                    for target in targets {
                        names::targets(target, &mut |name| {
                            self.functions.entry(name).or_default().extend(reads.iter().copied());
                        });
                    }
                }
                StatementKind::Function(definition) => {
                    self.functions.entry(&definition.name).or_default().extend(names::free(definition));
                }
                _ => statement.blocks(&mut |_, block| self.find_functions(block)),
            }
        }
    }

    /// Functions read what the functions read that they call.
    fn complete_functions(&mut self) {
        loop {
            let mut grown = false;
            for name in self.functions.keys().copied().collect::<Vec<_>>() {
                let own = &self.functions[name];
                let mut all = own.clone();
                own.iter().filter_map(|called| self.functions.get(called)).for_each(|reads| all.extend(reads));
                grown |= all.len() > own.len();
                self.functions.insert(name, all);
            }
            if !grown {
                return;
            }
        }
    }

    /// Names live before `statements`, given those live after them.
    fn block(&mut self, statements: &'t [Statement], after: Names<'t>, exits: &Exits<'t>) -> Names<'t> {
        statements.iter().rev().fold(after, |live, statement| self.statement(statement, live, exits))
    }

    fn statement(&mut self, statement: &'t Statement, after: Names<'t>, exits: &Exits<'t>) -> Names<'t> {
        let mut live = after;
        live.extend(&exits.always);
        match &statement.kind {
            StatementKind::Assign { targets, value } => {
                for target in targets {
                    names::targets(target, &mut |name| {
                        live.remove(name);
                    });
                }
                // Subscripts and attributes as targets are read, not assigned.
                targets.iter().for_each(|target| self.target_reads(target, &mut live));
                self.reads(value, &mut live);
            }
            StatementKind::AugmentedAssign { target, value, .. } => {
                self.reads(value, &mut live);
                self.reads(target, &mut live);
            }
            StatementKind::AnnotatedAssign { target, value: Some(value), .. } => {
                names::targets(target, &mut |name| {
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
                let head = self.loop_head(body, head, &live, (Some(condition), &[]), exits);
                self.note(statement, Live { after: live, head: head.clone() });
                live = head;
            }
            StatementKind::For { target, iterable, body, otherwise } => {
                let mut targets = Vec::new();
                names::targets(target, &mut |name| targets.push(name));
                let head = self.block(otherwise, live.clone(), exits);
                let mut head = self.loop_head(body, head, &live, (None, &targets), exits);
                self.note(statement, Live { after: live, head: head.clone() });
                self.reads(iterable, &mut head);
                live = head;
            }
            StatementKind::Function(definition) => {
                live.remove(definition.name.as_str());
                definition.children(&mut |part| self.reads(part, &mut live));
            }
            StatementKind::Break => live = exits.on_break.clone(),
            StatementKind::Continue => live = exits.on_continue.clone(),
            StatementKind::Return(value) => {
                live = Names::new();
                if let Some(value) = value {
                    self.reads(value, &mut live);
                }
            }
            // To delete what was not assigned is an error.
            StatementKind::Delete { targets } => targets.iter().rev().for_each(|target| self.reads(target, &mut live)),
            StatementKind::Expression(value) => self.reads(value, &mut live),
            StatementKind::Assert { condition, message } => {
                message.iter().for_each(|message| self.reads(message, &mut live));
                self.reads(condition, &mut live);
            }
            StatementKind::Raise { exception } => {
                live = Names::new();
                exception.iter().for_each(|exception| self.reads(exception, &mut live));
            }
            StatementKind::Try { body, handler, otherwise, finally } => {
                let around = exits;
                let mut last = live.clone();
                let mut exits = exits.clone();
                if !finally.is_empty() {
                    // It stands before whatever follows, wherever that is.
                    let mut leaving = live.clone();
                    [&exits.on_break, &exits.on_continue].into_iter().for_each(|names| leaving.extend(names));
                    last = self.block(finally, leaving, around);
                    exits.always.extend(&last);
                }
                let mut head = Names::new();
                if let Some(handler) = handler {
                    head = self.block(&handler.body, last.clone(), &exits);
                }
                let ended = self.block(otherwise, last.clone(), &exits);
                exits.always.extend(&head);
                let before = self.block(body, ended.clone(), &exits);
                // Of what is handled here, and of what is not.
                head.extend(&exits.always);
                // Behind the handler, and behind the body.
                let mut after = live;
                after.extend(last.iter().chain(&ended));
                self.note(statement, Live { after, head });
                live = before;
            }
            StatementKind::AnnotatedAssign { value: None, .. }
            | StatementKind::Pass
            | StatementKind::Unsupported { .. } => {}
        }
        live.extend(&exits.always);
        live
    }

    /// The names live at the head of a loop: the least set that the way around the loop does not enlarge.
    fn loop_head(
        &mut self,
        body: &'t [Statement],
        head: Names<'t>,
        after: &Names<'t>,
        (condition, targets): (Option<&'t Expression>, &[&'t str]),
        around: &Exits<'t>,
    ) -> Names<'t> {
        let mut head = head;
        loop {
            let always = around.always.clone();
            let exits = Exits { on_break: after.clone(), on_continue: head.clone(), always };
            let mut turned = self.block(body, head.clone(), &exits);
            condition.iter().for_each(|condition| self.reads(condition, &mut turned));
            targets.iter().for_each(|target| {
                turned.remove(target);
            });
            let before = head.len();
            head.extend(turned);
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

    /// From the names live after `expression` to those live before it.
    fn reads(&self, expression: &'t Expression, live: &mut Names<'t>) {
        if self.in_order {
            return self.reads_in_order(expression, live);
        }
        // A lambda's parameters count too, which only costs a variable.
        expression.walk(&mut |part| {
            if let ExpressionKind::Name(name) = &part.kind {
                self.read(name, live);
            }
        });
    }

    fn read(&self, name: &'t str, live: &mut Names<'t>) {
        live.insert(name);
        if let Some(names) = self.functions.get(name) {
            live.extend(names);
        }
    }

    /// From the last that is evaluated to the first.
    fn reads_in_order(&self, expression: &'t Expression, live: &mut Names<'t>) {
        // Operands that are evaluated only if those before them say so.
        let perhaps = |operand: &'t Expression, live: &mut Names<'t>| {
            let mut through = live.clone();
            self.reads_in_order(operand, &mut through);
            live.append(&mut through);
        };
        match &expression.kind {
            ExpressionKind::Name(name) => self.read(name, live),
            ExpressionKind::Named { target, value } => {
                names::targets(target, &mut |name| {
                    live.remove(name);
                });
                self.reads_in_order(value, live);
            }
            ExpressionKind::Logical { operands, .. } => {
                operands[1..].iter().rev().for_each(|operand| perhaps(operand, live));
                self.reads_in_order(&operands[0], live);
            }
            ExpressionKind::Compare { first, rest } => {
                rest[1..].iter().rev().for_each(|(_, operand)| perhaps(operand, live));
                self.reads_in_order(&rest[0].1, live);
                self.reads_in_order(first, live);
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                let mut through = live.clone();
                self.reads_in_order(then, &mut through);
                self.reads_in_order(otherwise, live);
                live.append(&mut through);
                self.reads_in_order(condition, live);
            }
            ExpressionKind::Lambda { parameters, body } => {
                names::free_in_lambda(parameters, body).into_iter().for_each(|name| self.read(name, live));
                parameters.iter().for_each(|parameter| parameter.children(&mut |part| self.reads_in_order(part, live)));
            }
            _ => {
                let mut parts = Vec::new();
                expression.children(&mut |part| parts.push(part));
                parts.into_iter().rev().for_each(|part| self.reads_in_order(part, live));
            }
        }
    }

    fn note(&mut self, statement: &'t Statement, live: Live<'t>) {
        self.statements.insert(statement, live);
    }
}

/// Where `break` and `continue` lead, as the names that are live there.
#[derive(Default, Clone)]
struct Exits<'t> {
    on_break: Names<'t>,
    on_continue: Names<'t>,
    /// What may be read after a failure anywhere, and on every way out: by handlers and `finally` around.
    always: Names<'t>,
}
