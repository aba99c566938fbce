//! Who calls whom in a module.

use super::super::{Module, Statement};
use crate::error::{Error, Result};
use std::collections::HashMap;

/// Nothing called from inside a `parallel` has one itself, or calls itself.
pub(super) fn check_call_graph(module: &Module, functions: &HashMap<&str, usize>) -> Result<()> {
    // Per function: the functions that it calls, and of these the ones called inside a parallel.
    let mut calls = vec![Vec::new(); module.functions.len()];
    let mut calls_inside = Vec::new();
    let mut is_parallel = vec![false; module.functions.len()];
    for (number, function) in module.functions.iter().enumerate() {
        let callee = |statement: &Statement| functions.get(statement.callee()?).copied();
        function.body.walk(&mut |statement| {
            calls[number].extend(callee(statement));
            is_parallel[number] |= matches!(statement, Statement::Parallel(_) | Statement::Launch { .. });
            if let Statement::Parallel(_) = statement {
                for region in statement.regions() {
                    region.walk(&mut |inner| calls_inside.extend(callee(inner).map(|callee| (number, callee))));
                }
            }
        });
    }
    // Callees first: take away, again and again, functions all of whose callees are done. What stays calls itself, or
    // what calls itself.
    let mut done = vec![false; module.functions.len()];
    loop {
        let mut progress = false;
        for number in 0..module.functions.len() {
            if !done[number] && calls[number].iter().all(|&callee| done[callee]) {
                done[number] = true;
                progress = true;
                is_parallel[number] |= calls[number].iter().any(|&callee| is_parallel[callee]);
            }
        }
        if !progress {
            break;
        }
    }
    for (caller, callee) in calls_inside {
        let what = match done[callee] {
            false => "calls itself",
            true if is_parallel[callee] => "has a parallel itself",
            true => continue,
        };
        let (caller, callee) = (&module.functions[caller].name, &module.functions[callee].name);
        let message = format!("in function '{caller}': a parallel calls '{callee}', which {what}");
        return Err(Error::Internal(message));
    }
    Ok(())
}
