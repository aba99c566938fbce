//! Which names a piece of a function binds, and which it takes from around.

use super::tree::*;
use std::collections::BTreeSet;

/// The names that an assignment to `target` binds.
pub fn targets<'t>(target: &'t Expression, note: &mut dyn FnMut(&'t str)) {
    match &target.kind {
        ExpressionKind::Name(name) => note(name),
        ExpressionKind::Tuple(parts) | ExpressionKind::List(parts) => {
            parts.iter().for_each(|part| targets(part, note));
        }
        _ => {}
    }
}

/// The names that `statements` may bind in their function, each once.
pub fn assigned<'t>(statements: &'t [Statement]) -> Vec<&'t str> {
    let mut names: Vec<&'t str> = Vec::new();
    collect(statements, &mut |name| {
        if !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

fn collect<'t>(statements: &'t [Statement], note: &mut dyn FnMut(&'t str)) {
    for statement in statements {
        match &statement.kind {
            // What is deleted belongs to the function, as what is assigned does.
            StatementKind::Assign { targets: several, .. } | StatementKind::Delete { targets: several } => {
                several.iter().for_each(|target| targets(target, note));
            }
            StatementKind::AugmentedAssign { target, .. }
            | StatementKind::AnnotatedAssign { target, value: Some(_), .. }
            | StatementKind::For { target, .. } => targets(target, note),
            StatementKind::Function(definition) => note(&definition.name),
            StatementKind::Try { handler: Some(Handler { name: Some(name), .. }), .. } => note(name),
            _ => {}
        }
        statement.children(&mut |expression| named(expression, note));
        statement.blocks(&mut |_, block| collect(block, note));
    }
}

/// The names that assignment expressions in `expression` bind: those in lambdas bind names of the lambda.
pub fn named<'t>(expression: &'t Expression, note: &mut dyn FnMut(&'t str)) {
    let mut pending = vec![expression];
    while let Some(expression) = pending.pop() {
        match &expression.kind {
            ExpressionKind::Named { target, .. } => targets(target, note),
            ExpressionKind::Lambda { .. } => continue,
            _ => {}
        }
        expression.children(&mut |child| pending.push(child));
    }
}

/// Whether there are assignment expressions in `statements`, lambdas included, inner functions not.
pub fn names_expressions(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| {
        let mut found = false;
        statement.children(&mut |expression| {
            expression.walk(&mut |part| found |= matches!(part.kind, ExpressionKind::Named { .. }));
        });
        statement.blocks(&mut |_, block| found |= names_expressions(block));
        found
    })
}

/// The names that belong to a function itself: its parameters, and what it assigns.
pub fn bound(function: &FunctionDefinition) -> BTreeSet<&str> {
    let parameters = function.parameters.iter().chain(&function.rest).map(|parameter| parameter.name.as_str());
    parameters.chain(assigned(&function.body)).collect()
}

/// The names that a function reads when it is called and takes from around it.
pub fn free(function: &FunctionDefinition) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    read(&function.body, &mut names);
    for name in bound(function) {
        names.remove(name);
    }
    names
}

/// The names that a lambda reads when it is called and takes from around it.
pub fn free_in_lambda<'t>(parameters: &'t [Parameter], body: &'t Expression) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    read_in(body, &mut names);
    for parameter in parameters {
        names.remove(parameter.name.as_str());
    }
    names
}

fn read<'t>(statements: &'t [Statement], names: &mut BTreeSet<&'t str>) {
    for statement in statements {
        statement.children(&mut |expression| read_in(expression, names));
        statement.blocks(&mut |_, block| read(block, names));
        if let StatementKind::Function(definition) = &statement.kind {
            names.extend(free(definition));
        }
    }
}

fn read_in<'t>(expression: &'t Expression, names: &mut BTreeSet<&'t str>) {
    let mut pending = vec![expression];
    while let Some(expression) = pending.pop() {
        match &expression.kind {
            ExpressionKind::Name(name) => {
                names.insert(name);
            }
            ExpressionKind::Lambda { parameters, body } => {
                names.extend(free_in_lambda(parameters, body));
                parameters.iter().for_each(|parameter| parameter.children(&mut |child| pending.push(child)));
            }
            _ => expression.children(&mut |child| pending.push(child)),
        }
    }
}
