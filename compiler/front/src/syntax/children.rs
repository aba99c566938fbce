//! What stands in a node of the tree, for whatever walks it: in the order of the text.

use super::tree::*;

/// The same for trees that are read and for trees that are changed.
macro_rules! children {
    ($children:ident, $blocks:ident $(, $mutable:tt)?) => {
        impl Expression {
            /// The expressions directly inside.
            pub fn $children<'t>(&'t $($mutable)? self, visit: &mut dyn FnMut(&'t $($mutable)? Expression)) {
                use ExpressionKind as Kind;
                match &$($mutable)? self.kind {
                    Kind::Tuple(items) | Kind::List(items) | Kind::Logical { operands: items, .. } => {
                        for item in items {
                            visit(item);
                        }
                    }
                    Kind::Unary { operand, .. } => visit(operand),
                    Kind::Binary { left, right, .. } => {
                        visit(left);
                        visit(right);
                    }
                    Kind::Compare { first, rest } => {
                        visit(first);
                        for (_, operand) in rest {
                            visit(operand);
                        }
                    }
                    Kind::Conditional { condition, then, otherwise } => {
                        for part in [condition, then, otherwise] {
                            visit(part);
                        }
                    }
                    Kind::Named { target, value } => {
                        visit(target);
                        visit(value);
                    }
                    Kind::Call { function, arguments, keywords } => {
                        visit(function);
                        for argument in arguments {
                            visit(argument);
                        }
                        for keyword in keywords {
                            visit(&$($mutable)? keyword.value);
                        }
                    }
                    Kind::Attribute { value, .. } => visit(value),
                    Kind::Subscript { value, indices } => {
                        visit(value);
                        for index in indices {
                            visit(index);
                        }
                    }
                    Kind::Slice { start, stop, step } => {
                        for parts in [start, stop, step] {
                            if let Some(part) = parts {
                                visit(part);
                            }
                        }
                    }
                    Kind::Starred(value) => visit(value),
                    Kind::Lambda { parameters, body } => {
                        for parameter in parameters {
                            parameter.$children(visit);
                        }
                        visit(body);
                    }
                    Kind::Name(_) | Kind::Integer(_) | Kind::Float { .. } | Kind::Imaginary(_) | Kind::Bool(_) | Kind::String(_) => {}
                    Kind::None | Kind::Ellipsis | Kind::Unsupported { .. } => {}
                }
            }
        }

        impl Parameter {
            /// The annotation and the default.
            pub fn $children<'t>(&'t $($mutable)? self, visit: &mut dyn FnMut(&'t $($mutable)? Expression)) {
                for parts in [&$($mutable)? self.annotation, &$($mutable)? self.default] {
                    if let Some(part) = parts {
                        visit(part);
                    }
                }
            }
        }

        impl FunctionDefinition {
            /// What is evaluated where the function is defined: all but its body.
            pub fn $children<'t>(&'t $($mutable)? self, visit: &mut dyn FnMut(&'t $($mutable)? Expression)) {
                for decorator in &$($mutable)? self.decorators {
                    visit(decorator);
                }
                for parameter in &$($mutable)? self.parameters {
                    parameter.$children(visit);
                }
                if let Some(returns) = &$($mutable)? self.returns {
                    visit(returns);
                }
            }
        }

        impl Statement {
            /// The expressions directly inside, those of its blocks not among them.
            pub fn $children<'t>(&'t $($mutable)? self, visit: &mut dyn FnMut(&'t $($mutable)? Expression)) {
                use StatementKind as Kind;
                match &$($mutable)? self.kind {
                    Kind::Assign { targets, value } => {
                        for target in targets {
                            visit(target);
                        }
                        visit(value);
                    }
                    Kind::AugmentedAssign { target, value, .. } => {
                        visit(target);
                        visit(value);
                    }
                    Kind::AnnotatedAssign { target, annotation, value } => {
                        visit(target);
                        visit(annotation);
                        if let Some(value) = value {
                            visit(value);
                        }
                    }
                    Kind::If { condition, .. } | Kind::While { condition, .. } => visit(condition),
                    Kind::For { target, iterable, .. } => {
                        visit(target);
                        visit(iterable);
                    }
                    Kind::Function(definition) => definition.$children(visit),
                    Kind::Return(value) | Kind::Raise { exception: value } => {
                        if let Some(value) = value {
                            visit(value);
                        }
                    }
                    Kind::Delete { targets } => {
                        for target in targets {
                            visit(target);
                        }
                    }
                    Kind::Expression(value) => visit(value),
                    Kind::Assert { condition, message } => {
                        visit(condition);
                        if let Some(message) = message {
                            visit(message);
                        }
                    }
                    Kind::Try { handler, .. } => {
                        if let Some(Handler { exception: Some(exception), .. }) = handler {
                            visit(exception);
                        }
                    }
                    Kind::Break | Kind::Continue | Kind::Pass | Kind::Unsupported { .. } => {}
                }
            }

            /// The blocks that belong to the same function, with what they are called.
            pub fn $blocks<'t>(
                &'t $($mutable)? self,
                visit: &mut dyn FnMut(&'static str, &'t $($mutable)? Vec<Statement>),
            ) {
                match &$($mutable)? self.kind {
                    StatementKind::If { then, otherwise, .. } => {
                        visit("then", then);
                        visit("else", otherwise);
                    }
                    StatementKind::While { body, otherwise, .. } | StatementKind::For { body, otherwise, .. } => {
                        visit("body", body);
                        visit("else", otherwise);
                    }
                    StatementKind::Try { body, handler, otherwise, finally } => {
                        visit("body", body);
                        if let Some(handler) = handler {
                            visit("except", &$($mutable)? handler.body);
                        }
                        visit("else", otherwise);
                        visit("finally", finally);
                    }
                    _ => {}
                }
            }
        }
    };
}

children!(children, blocks);
children!(children_mut, blocks_mut, mut);

impl Expression {
    /// Shows this expression and all that stands in it. Long chains do not recurse.
    pub fn walk<'t>(&'t self, visit: &mut dyn FnMut(&'t Expression)) {
        let mut pending = vec![self];
        while let Some(expression) = pending.pop() {
            visit(expression);
            expression.children(&mut |child| pending.push(child));
        }
    }
}
