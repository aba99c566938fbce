//! docs/ir.md has the op table as it is in the code.

use numbra_front::capabilities::Capabilities;
use numbra_front::ir::op::{OPS, OpInfo, ScalarClass, TypeRule};
use numbra_front::ir::{parse, verify};
use numbra_front::types::ScalarType;
use std::path::PathBuf;

const START: &str = "<!-- The table is written by the test `the_op_table_is_current`. -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn types(info: &OpInfo) -> String {
    let class = |class: ScalarClass| match class {
        ScalarClass::Number => "integers, floats",
        ScalarClass::Integer => "integers",
        ScalarClass::Float => "floats",
        ScalarClass::Bits => "integers, bool",
        ScalarClass::Sized => "integers but index",
        ScalarClass::Any => "all",
    };
    match info.rule {
        TypeRule::Same(of) => class(of).to_string(),
        TypeRule::Compare(of) => format!("{} → bool", class(of)),
        TypeRule::Select => "bool, T, T → T".to_string(),
        TypeRule::Convert => "all → all".to_string(),
        TypeRule::Bitcast => "32 → 32 or 64 → 64 bits, no index".to_string(),
    }
}

/// Types by what devices tell apart. Those of 8 and 16 bits are not among them: naga has no op on them.
const GROUPS: [(&str, &[ScalarType]); 3] = [
    ("integers", &[ScalarType::I32, ScalarType::U32, ScalarType::I64, ScalarType::U64, ScalarType::Index]),
    ("floats", &[ScalarType::F32, ScalarType::F64]),
    ("bool", &[ScalarType::Bool]),
];

/// For which types a device has an op.
fn native(info: &OpInfo, device: &Capabilities) -> String {
    let (mut has, mut lacks) = (Vec::new(), Vec::new());
    for (from_name, from) in GROUPS {
        for (to_name, to) in GROUPS {
            let mut answers = Vec::new();
            for (&of, &asked) in from.iter().flat_map(|of| to.iter().map(move |to| (of, to))) {
                let types = match info.rule {
                    TypeRule::Select => vec![ScalarType::Bool, of, of],
                    _ => vec![of; info.arity],
                };
                if let Some(result) = info.op.result_type(&types, Some(asked)) {
                    answers.push((of.bits(), device.lacks(info.op, &types, result).is_none()));
                }
            }
            let open = matches!(info.rule, TypeRule::Convert | TypeRule::Bitcast);
            let name = if open { format!("{from_name} to {to_name}") } else { from_name.to_string() };
            if answers.iter().any(|answer| answer.1) && answers.iter().any(|answer| !answer.1) {
                assert!(answers.iter().all(|&(bits, has)| has == (bits < 64)), "{} on {name}", info.name);
                if !open && !has.iter().any(|had: &String| had.starts_with(&name)) {
                    has.push(format!("{name} of 32 bits"));
                }
                continue;
            }
            match answers.first().map(|answer| answer.1) {
                None => continue,
                Some(true) if !has.contains(&name) => has.push(name.clone()),
                Some(false) if !lacks.contains(&name) => lacks.push(name.clone()),
                _ => {}
            }
        }
    }
    match (has.is_empty(), lacks.is_empty()) {
        (true, _) => String::new(),
        (_, true) if !has[0].ends_with("bits") => "yes".to_string(),
        (_, true) => has.join(", "),
        _ if has.len() <= lacks.len() => has.join(", "),
        _ => format!("not {}", lacks.join(", ")),
    }
}

fn table() -> String {
    let mut text = String::from("| op | operands | types | LLVM | naga | meaning |\n|---|---|---|---|---|---|\n");
    let (llvm, naga) = (Capabilities::llvm("cpu", true), Capabilities::naga("vulkan").with_64_bits(true, true));
    for info in OPS {
        let meaning = info.meaning.replace('|', "\\|").replace('*', "\\*").replace('<', "&lt;");
        text += &format!(
            "| `{}` | {} | {} | {} | {} | {meaning} |\n",
            info.name,
            info.arity,
            types(info),
            native(info, &llvm),
            native(info, &naga)
        );
    }
    text
}

/// Fails if the document is not current; with NUMBRA_UPDATE set, writes it first.
#[test]
fn the_op_table_is_current() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/ir.md");
    let document = std::fs::read_to_string(&path).expect("docs/ir.md");
    let (before, rest) = document.split_once(START).expect("the mark before the table");
    let (found, after) = rest.split_once(END).expect("the mark after the table");
    let wanted = table();
    if found != wanted && std::env::var_os("NUMBRA_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{START}{wanted}{END}{after}")).expect("a writable document");
        return;
    }
    assert!(found == wanted, "docs/ir.md is not current: run this test with NUMBRA_UPDATE=1\n{wanted}");
}

/// The modules in the documents' `text` blocks are modules.
#[test]
fn the_examples_are_correct() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut examples = 0;
    for (path, comment) in [("../../docs/ir.md", ""), ("src/ir/text.rs", "//!")] {
        let document = std::fs::read_to_string(folder.join(path)).expect("the document");
        let lines: Vec<&str> = document.lines().map(|line| line.strip_prefix(comment).unwrap_or(line)).collect();
        let blank = if comment.is_empty() { "" } else { " " };
        let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(blank).unwrap_or(line)).collect();
        for block in lines.join("\n").split("```text\n").skip(1) {
            let text = block.split("\n```").next().unwrap_or_default();
            if !text.contains("function @") {
                continue;
            }
            let module = parse::parse(text).unwrap_or_else(|error| panic!("{path}: {error}"));
            verify::verify(&module).unwrap_or_else(|error| panic!("{path}: {error}"));
            // They show what the printer writes.
            let printed = module.to_string();
            let without_comments = text.lines().filter(|line| !line.starts_with(';')).collect::<Vec<_>>().join("\n");
            assert_eq!(printed.trim(), without_comments.trim(), "{path}");
            examples += 1;
        }
    }
    assert_eq!(examples, 2);
}
