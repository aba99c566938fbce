//! The text form of the IR: what [`Display`](fmt::Display) prints, [`super::parse`] reads.
//!
//! ```text
//! ; The sum of the first n odd numbers, and a kernel that stores it everywhere.
//! function @squares(%0 n: i64) -> i64 {
//!   variable $i: i64
//!   variable $sum: i64
//!   %1: i64 = constant 1
//!   loop {
//!     %2: i64 = get $i
//!     %3: bool = ge %2, %0
//!     if %3 {
//!       break
//!     }
//!     %4: i64 = add %2, %2
//!     %5: i64 = add %4, %1
//!     %6: i64 = get $sum
//!     %7: i64 = add %6, %5
//!     set $sum = %7
//!   } step {
//!     %8: i64 = get $i
//!     %9: i64 = add %8, %1
//!     set $i = %9
//!   }
//!   %10: i64 = get $sum
//!   return %10
//! }
//!
//! kernel @fill(%0 rows: index space_extent(0), %1 n: i64 argument(0), write out: i64[unit] window(0 to 0) distinct) {
//!   parallel (%2) in (%0) {
//!     %3: i64 = call @squares(%1)
//!     store out[%2] = %3
//!   }
//! }
//! ```
//!
//! # Words
//!
//! `;` starts a comment that goes to the end of the line. Line breaks and other white space only separate words.
//! A *name* is a letter or `_` followed by letters, digits, `_` and `.`, or any text in double quotes, in which `\"`,
//! `\\` and `\u{hexadecimal}` stand for one character. Where two variables, or two arrays, of a function have
//! one name, `#` and a number follow it: `x#1`, `x#4`; the number tells them apart and is no part of the name.
//!
//! | written | is |
//! |---|---|
//! | `%12`, `%x` | a value: letters, digits, `_` and `.` after the sign; the printer writes its number |
//! | `@name` | a function or a constant table |
//! | `$name` | a variable |
//! | `#3` | a trap site |
//! | a bare name | an array |
//!
//! Types are `bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 index`. A *literal* is `true` or `false`; an integer,
//! decimal or as the hexadecimal digits of its bits (`-3`, `0xff`); for floats a decimal number, `inf`, `-inf`, `nan`,
//! or the hexadecimal digits of its bits. Decimal text is rounded once to the type; the printer writes the
//! shortest text that reads back.
//!
//! # Grammar
//!
//! `[x]` is optional, `x*` any number of times, `x,*` any number of times with commas between.
//!
//! ```text
//! module     = (table | function)*
//! table      = "table" "@"name ":" type "=" "[" literal,* "]"
//! function   = form "@"name "(" parameter,* ")" ["->" kind,*] "{" declaration* statement* "}"
//! form       = "function" | "host" | "kernel" | "range" | "grid" "(" threads in a group [ "," "rows" ] ")"
//! parameter  = value [name] ":" type [role]
//!            | ("read" | "write" | "read_write") array ":" type "[" stride,* "]" ["window" "(" (low "to" high),* ")"]
//!              ["buffer"] ["distinct"]
//! stride     = "zero" | "unit" | "packed" | "any"
//! kind       = type | array type
//! array type = ["read" | "write" | "read_write"] type "[" stride,* "]"
//! role       = "argument" "(" number ")" | "space_extent" "(" axis ")" | "begin" | "end"
//!            | "offset" "(" array ")" | "extent" "(" array "," axis ")" | "stride" "(" array "," axis ")"
//! declaration = "variable" "$"name ":" kind
//!            | "site" "#"number fault quoted message ["(" told,* ")"]
//! fault      = "index_out_of_bounds" | "zero_division" | "raised" | "loop_limit" | "unbound" | "value"
//!            | "out_of_memory" | "recursion" | "printed"
//! told       = "none" | quoted | type ["=" literal] | "complex" type | "(" told,* ")" | "array" type rank
//! statement  = value ":" type "=" expression
//!            | "array" array ":" array type "=" definition
//!            | "set" "$"name "=" (value | array)
//!            | "store" array "[" value,* "]" "=" value
//!            | [(value ":" type | "array" array ":" array type),* "="] "call" "@"name "(" (value | array),* ")"
//!            | "if" ["rare"] value region ["else" region]
//!            | "loop" region ["step" region]
//!            | "break" | "continue" | "return" (value | array),*
//!            | "trap" "#"number "if" value "payload" value,* ["position" value]
//!            | "raise" "#"number "payload" value,*
//!            | "try" number region "handler" region | "reraise" number
//!            | "guard" value ":" "bool" ["keep" number] "in" statement
//!            | "print" "#"number "(" (value | array),* ")"
//!            | "retain" array | "release" (array | "$"name) | "poll"
//!            | "parallel" "(" value,* ")" "in" "(" value,* ")" region
//!              ["border" "(" ("(" low "," high ")"),* ")" region]
//!            | "launch" "@"name "(" value,* ")" "captures" "(" value,* ")" "arrays" "(" array,* ")"
//! region     = "{" statement* "}"
//! expression = "constant" literal
//!            | "get" "$"name
//!            | op("."flag)* value,*
//!            | "load" array "[" value,* "]"
//!            | "extent" array "," axis | "stride" array "," axis
//!            | "overlap" array "," array
//!            | "entry" "@"name "[" value "]"
//!            | "group_id_x" | "group_id_y" | "local_id_x" | "group_count_x"
//! definition = "allocate" "(" value,* ")" ["zeroed"] "site" "#"number
//!            | "view" array "[" value,* "]" "axes" "(" axis,* ")"
//!            | "reshape" array "(" value,* ")"
//!            | "get" "$"name
//!            | "constant" "@"name "(" value,* ")"
//! axis       = value ("repeated" | "along" number ["step" value])
//! flag       = "contract" | "reassociate" | "finite" | "no_signed_zeros" | "reciprocal" | "approximate"
//!            | "fast" (all of them)
//! ```
//!
//! A parameter without a name has its value's name; without a role it is `argument(k)`, k its position among all
//! parameters. An array without a `window` may be touched anywhere. `parallel (point) in (space)`: the point's
//! values have the type `index`. In a `launch`, the first list is the space. In a `view` the brackets have the index of
//! the first element, and an axis begins with its extent. An array type without an access may be read and written.
//!
//! The text leaves out spans, sources, and values that nothing defines; the parser numbers values in order of their
//! definitions. Otherwise parsing what was printed gives the same module.

use super::*;
use std::collections::HashMap;
use std::fmt::{self, Write};

impl fmt::Display for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for table in &self.tables {
            print_table(&mut text, table);
        }
        for function in &self.functions {
            if !text.is_empty() {
                text.push('\n');
            }
            Printer::new(function, Some(&self.tables)).function(&mut text);
        }
        formatter.write_str(&text)
    }
}

/// Without its module, a function's constant tables are written by number.
impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        Printer::new(self, None).function(&mut text);
        formatter.write_str(&text)
    }
}

/// The first line of a statement's text, for messages.
pub fn statement_line(function: &Function, statement: &Statement) -> String {
    let mut text = String::new();
    Printer::new(function, None).statement(&mut text, statement, 0);
    let line = text.lines().next().unwrap_or_default();
    line.strip_suffix(" {").unwrap_or(line).to_string()
}

/// A constant as the text has it: like its `Display`, but NaNs keep their bits.
pub fn literal(constant: Constant) -> String {
    let (nan, quiet) = match constant.scalar {
        ScalarType::F32 => (f32::from_bits(constant.bits as u32).is_nan(), f32::NAN.to_bits() as u64),
        ScalarType::F64 => (f64::from_bits(constant.bits).is_nan(), f64::NAN.to_bits()),
        _ => (false, 0),
    };
    match nan {
        true if constant.bits == quiet => "nan".to_string(),
        true => format!("{:#x}", constant.bits),
        false => constant.to_string(),
    }
}

/// One of the flags, to be read or set.
type Flag = fn(&mut FloatFlags) -> &mut bool;

/// The names of the flags in the text, each with its place in [`FloatFlags`].
pub(super) const FLAGS: [(&str, Flag); 6] = [
    ("contract", |flags| &mut flags.contract),
    ("reassociate", |flags| &mut flags.reassociate),
    ("finite", |flags| &mut flags.finite),
    ("no_signed_zeros", |flags| &mut flags.no_signed_zeros),
    ("reciprocal", |flags| &mut flags.reciprocal),
    ("approximate", |flags| &mut flags.approximate),
];

pub(super) const BUILTINS: [(&str, Builtin); 4] = [
    ("group_id_x", Builtin::GroupIdX),
    ("group_id_y", Builtin::GroupIdY),
    ("local_id_x", Builtin::LocalIdX),
    ("group_count_x", Builtin::GroupCountX),
];

pub(super) const ACCESSES: [(&str, Access); 3] =
    [("read", Access::Read), ("write", Access::Write), ("read_write", Access::ReadWrite)];

pub(super) const STRIDES: [(&str, Stride); 4] =
    [("zero", Stride::Zero), ("unit", Stride::Unit), ("packed", Stride::Packed), ("any", Stride::Any)];

pub(super) const FAULTS: [(&str, Fault); 9] = [
    ("index_out_of_bounds", Fault::IndexOutOfBounds),
    ("zero_division", Fault::ZeroDivision),
    ("raised", Fault::Raised),
    ("loop_limit", Fault::LoopLimit),
    ("unbound", Fault::Unbound),
    ("value", Fault::Value),
    ("out_of_memory", Fault::OutOfMemory),
    ("recursion", Fault::Recursion),
    ("printed", Fault::Printed),
];

fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], wanted: T) -> &'static str {
    words.iter().find(|(_, thing)| *thing == wanted).map_or("?", |(word, _)| word)
}

/// A name as it stands, or in quotes if it has other characters.
fn quoted_if_needed(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|other| other.is_ascii_alphanumeric() || other == '_' || other == '.');
    if plain { name.to_string() } else { quoted(name) }
}

fn told_text(told: &[Told]) -> String {
    let text = |told: &Told| match told {
        Told::None => "none".to_string(),
        Told::Text(text) => quoted(text),
        Told::Known(constant) => format!("{} = {}", constant.scalar.short_name(), literal(*constant)),
        Told::Scalar(scalar) => scalar.short_name().to_string(),
        Told::Complex(part) => format!("complex {}", part.short_name()),
        Told::Tuple(entries) => format!("({})", told_text(entries)),
        Told::Array(scalar, rank) => format!("array {} {rank}", scalar.short_name()),
    };
    told.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    let mut result = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => result.extend(['\\', character]),
            _ if character.is_control() => result.extend(character.escape_unicode()),
            _ => result.push(character),
        }
    }
    result.push('"');
    result
}

/// What the text calls each of `names`: with a number where a name occurs twice.
fn labels<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in names.clone() {
        *counts.entry(name).or_default() += 1;
    }
    names
        .enumerate()
        .map(|(number, name)| match counts[name] {
            1 => quoted_if_needed(name),
            _ => format!("{}#{number}", quoted_if_needed(name)),
        })
        .collect()
}

fn print_table(text: &mut String, table: &Table) {
    let entries: Vec<String> =
        table.entries.iter().map(|&bits| literal(Constant { scalar: table.scalar, bits })).collect();
    let _ = writeln!(text, "table @{}: {} = [", quoted_if_needed(&table.name), table.scalar.short_name());
    for line in entries.chunks(8) {
        let _ = writeln!(text, "  {},", line.join(", "));
    }
    // No comma after the last entry.
    if !entries.is_empty() {
        text.truncate(text.len() - 2);
        text.push('\n');
    }
    text.push_str("]\n");
}

/// Prints the parts of one function. Never fails, whatever the function holds: messages about broken IR use it.
struct Printer<'a> {
    function: &'a Function,
    tables: Option<&'a [Table]>,
    arrays: Vec<String>,
    variables: Vec<String>,
}

impl<'a> Printer<'a> {
    fn new(function: &'a Function, tables: Option<&'a [Table]>) -> Printer<'a> {
        let arrays = labels(function.arrays.iter().map(|array| array.name.as_str()));
        let variables = labels(function.variables.iter().map(|variable| variable.name.as_str()));
        Printer { function, tables, arrays, variables }
    }

    fn function(&self, text: &mut String) {
        let form = match self.function.form {
            Form::Function => "function".to_string(),
            Form::Host => "host".to_string(),
            Form::Kernel => "kernel".to_string(),
            Form::Range => "range".to_string(),
            Form::Grid { group, rows: false } => format!("grid({group})"),
            Form::Grid { group, rows: true } => format!("grid({group}, rows)"),
        };
        let parameters = self.function.parameters.iter().enumerate();
        let parameters: Vec<String> = parameters.map(|(position, one)| self.parameter(position, one)).collect();
        let head = format!("{form} @{}", quoted_if_needed(&self.function.name));
        let results: Vec<String> = self.function.results.iter().map(kind_text).collect();
        let results = if results.is_empty() { String::new() } else { format!(" -> {}", results.join(", ")) };
        let line = format!("{head}({}){results} {{", parameters.join(", "));
        if line.chars().count() <= 120 {
            let _ = writeln!(text, "{line}");
        } else {
            let _ = writeln!(text, "{head}(\n    {}\n){results} {{", parameters.join(",\n    "));
        }
        for (variable, label) in self.function.variables.iter().zip(&self.variables) {
            let _ = writeln!(text, "  variable ${label}: {}", kind_text(&variable.kind));
        }
        for (number, site) in self.function.sites.iter().enumerate() {
            let _ = writeln!(text, "  site #{number} {} {}", word(&FAULTS, site.fault), quoted(&site.message));
            if !site.told.is_empty() {
                text.pop();
                let _ = writeln!(text, " ({})", told_text(&site.told));
            }
        }
        self.region(text, &self.function.body, 1);
        text.push_str("}\n");
    }

    fn parameter(&self, position: usize, parameter: &Parameter) -> String {
        match parameter {
            Parameter::Scalar { name, value, role } => {
                let role = match role {
                    Role::Argument(number) if *number as usize == position => String::new(),
                    Role::Argument(number) => format!(" argument({number})"),
                    Role::SpaceExtent(axis) => format!(" space_extent({axis})"),
                    Role::Begin => " begin".to_string(),
                    Role::End => " end".to_string(),
                    Role::Offset(array) => format!(" offset({})", self.array(*array)),
                    Role::Extent(array, axis) => format!(" extent({}, {axis})", self.array(*array)),
                    Role::Stride(array, axis) => format!(" stride({}, {axis})", self.array(*array)),
                };
                format!("%{} {}: {}{role}", value.0, quoted_if_needed(name), self.scalar(*value))
            }
            Parameter::Array(id) => {
                let Some(array) = self.function.arrays.get(id.index()) else {
                    return self.array(*id);
                };
                let mut text = format!(
                    "{} {}: {}[{}]",
                    word(&ACCESSES, array.access),
                    self.array(*id),
                    array.scalar.short_name(),
                    strides_text(&array.strides)
                );
                if let Footprint::Window(windows) = &array.footprint {
                    let windows: Vec<String> = windows.iter().map(|(low, high)| format!("{low} to {high}")).collect();
                    let _ = write!(text, " window({})", windows.join(", "));
                }
                text.push_str(if array.buffer { " buffer" } else { "" });
                text.push_str(if array.distinct { " distinct" } else { "" });
                text
            }
        }
    }

    fn region(&self, text: &mut String, region: &Region, depth: usize) {
        for statement in &region.statements {
            self.statement(text, statement, depth);
        }
    }

    /// Prints a statement with its regions, indented, and the line break after it.
    fn statement(&self, text: &mut String, statement: &Statement, depth: usize) {
        text.push_str(&"  ".repeat(depth));
        self.bare_statement(text, statement, depth);
        text.push('\n');
    }

    fn bare_statement(&self, text: &mut String, statement: &Statement, depth: usize) {
        let indent = "  ".repeat(depth);
        match statement {
            Statement::Let { value, expression } => {
                let _ = write!(text, "%{}: {} = {}", value.0, self.scalar(*value), self.expression(expression));
            }
            Statement::Set { variable, value } => {
                let _ = write!(text, "set {} = {}", self.variable(*variable), self.argument(*value));
            }
            Statement::Define { array, definition } => {
                let _ = write!(text, "{} = {}", self.local_array(*array), self.definition(definition));
            }
            Statement::Store { array, indices, value } => {
                let _ = write!(text, "store {}[{}] = %{}", self.array(*array), values(indices), value.0);
            }
            Statement::Call { results, function, arguments } => {
                let results: Vec<String> = results
                    .iter()
                    .map(|result| match result {
                        Argument::Value(value) => format!("%{}: {}", value.0, self.scalar(*value)),
                        Argument::Array(array) => self.local_array(*array),
                    })
                    .collect();
                let equals = if results.is_empty() { "" } else { " = " };
                let arguments = self.arguments(arguments);
                let (results, name) = (results.join(", "), quoted_if_needed(function));
                let _ = write!(text, "{results}{equals}call @{name}({arguments})");
            }
            Statement::If { condition, then, otherwise, rare } => {
                let _ = writeln!(text, "if {}%{} {{", if *rare { "rare " } else { "" }, condition.0);
                self.region(text, then, depth + 1);
                if !otherwise.statements.is_empty() {
                    let _ = writeln!(text, "{indent}}} else {{");
                    self.region(text, otherwise, depth + 1);
                }
                let _ = write!(text, "{indent}}}");
            }
            Statement::Loop { body, step } => {
                text.push_str("loop {\n");
                self.region(text, body, depth + 1);
                if !step.statements.is_empty() {
                    let _ = writeln!(text, "{indent}}} step {{");
                    self.region(text, step, depth + 1);
                }
                let _ = write!(text, "{indent}}}");
            }
            Statement::Break => text.push_str("break"),
            Statement::Continue => text.push_str("continue"),
            Statement::Return(results) if results.is_empty() => text.push_str("return"),
            Statement::Return(results) => {
                let _ = write!(text, "return {}", self.arguments(results));
            }
            Statement::Trap { condition, site, payloads, position } => {
                let _ = write!(text, "trap #{} if %{} payload {}", site.0, condition.0, values(payloads));
                if let Some(position) = position {
                    let _ = write!(text, " position %{}", position.0);
                }
            }
            Statement::Parallel(parallel) => {
                let _ = writeln!(text, "parallel ({}) in ({}) {{", values(&parallel.point), values(&parallel.space));
                self.region(text, &parallel.body, depth + 1);
                if let Some(border) = &parallel.border {
                    let margins: Vec<String> =
                        border.margins.iter().map(|(low, high)| format!("({low}, {high})")).collect();
                    let _ = writeln!(text, "{indent}}} border ({}) {{", margins.join(", "));
                    self.region(text, &border.region, depth + 1);
                }
                let _ = write!(text, "{indent}}}");
            }
            Statement::Launch { kernel, space, captures, arrays } => {
                let arrays: Vec<String> = arrays.iter().map(|&array| self.array(array)).collect();
                let (kernel, space, captures) = (quoted_if_needed(kernel), values(space), values(captures));
                let _ = write!(text, "launch @{kernel}({space}) captures ({captures}) arrays ({})", arrays.join(", "));
            }
            Statement::Raise { site, payloads } => {
                let _ = write!(text, "raise #{} payload {}", site.0, values(payloads));
            }
            Statement::Print { site, items } => {
                let _ = write!(text, "print #{} ({})", site.0, self.arguments(items));
            }
            Statement::Try { number, body, handler } => {
                let _ = writeln!(text, "try {number} {{");
                self.region(text, body, depth + 1);
                let _ = writeln!(text, "{indent}}} handler {{");
                self.region(text, handler, depth + 1);
                let _ = write!(text, "{indent}}}");
            }
            Statement::Reraise { number } => {
                let _ = write!(text, "reraise {number}");
            }
            Statement::Guarded { failed, keep, statement } => {
                let _ = write!(text, "guard %{}: bool ", failed.0);
                if let Some(number) = keep {
                    let _ = write!(text, "keep {number} ");
                }
                text.push_str("in ");
                self.bare_statement(text, statement, depth);
            }
            Statement::Retain(array) => {
                let _ = write!(text, "retain {}", self.array(*array));
            }
            Statement::Release(Holder::Array(array)) => {
                let _ = write!(text, "release {}", self.array(*array));
            }
            Statement::Release(Holder::Variable(variable)) => {
                let _ = write!(text, "release {}", self.variable(*variable));
            }
            Statement::Poll => text.push_str("poll"),
        }
    }

    fn table(&self, table: TableId) -> String {
        match self.tables.and_then(|tables| tables.get(table.index())) {
            Some(table) => quoted_if_needed(&table.name),
            None => format!("table#{}", table.0),
        }
    }

    fn definition(&self, definition: &Definition) -> String {
        match definition {
            Definition::Constant { table, extents } => {
                format!("constant @{} ({})", self.table(*table), values(extents))
            }
            Definition::Allocate { extents, zeroed, site } => {
                format!("allocate ({}){} site #{}", values(extents), if *zeroed { " zeroed" } else { "" }, site.0)
            }
            Definition::View { base, starts, axes } => {
                let axes: Vec<String> = axes.iter().map(view_axis).collect();
                format!("view {}[{}] axes ({})", self.array(*base), values(starts), axes.join(", "))
            }
            Definition::Reshape { base, extents } => format!("reshape {} ({})", self.array(*base), values(extents)),
            Definition::Get(variable) => format!("get {}", self.variable(*variable)),
        }
    }

    /// `array name: type`, as where it is defined.
    fn local_array(&self, array: ArrayId) -> String {
        let kind = self.function.arrays.get(array.index()).map_or("?".to_string(), |array| array_text(&array.kind()));
        format!("array {}: {kind}", self.array(array))
    }

    fn argument(&self, argument: Argument) -> String {
        match argument {
            Argument::Value(value) => format!("%{}", value.0),
            Argument::Array(array) => self.array(array),
        }
    }

    fn arguments(&self, arguments: &[Argument]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|&argument| self.argument(argument)).collect();
        arguments.join(", ")
    }

    fn expression(&self, expression: &Expression) -> String {
        match expression {
            Expression::Constant(constant) => format!("constant {}", literal(*constant)),
            Expression::Get(variable) => format!("get {}", self.variable(*variable)),
            Expression::Apply { op, operands, flags } => {
                format!("{}{} {}", op.name(), flag_suffix(*flags), values(operands))
            }
            Expression::Load { array, indices } => format!("load {}[{}]", self.array(*array), values(indices)),
            Expression::Extent { array, axis } => format!("extent {}, {axis}", self.array(*array)),
            Expression::Stride { array, axis } => format!("stride {}, {axis}", self.array(*array)),
            Expression::Overlap { left, right } => format!("overlap {}, {}", self.array(*left), self.array(*right)),
            Expression::TableEntry { table, index } => {
                format!("entry @{}[%{}]", self.table(*table), index.0)
            }
            Expression::Builtin(builtin) => word(&BUILTINS, *builtin).to_string(),
        }
    }

    fn scalar(&self, value: Value) -> &'static str {
        self.function.values.get(value.index()).map_or("?", |info| info.scalar.short_name())
    }

    fn array(&self, array: ArrayId) -> String {
        self.arrays.get(array.index()).cloned().unwrap_or_else(|| format!("?#{}", array.0))
    }

    fn variable(&self, variable: VariableId) -> String {
        let label = self.variables.get(variable.index()).cloned().unwrap_or_else(|| format!("?#{}", variable.0));
        format!("${label}")
    }
}

/// `f64`, `f64[packed, unit]`, `read f64[any]`
fn kind_text(kind: &Kind) -> String {
    match kind {
        Kind::Scalar(scalar) => scalar.short_name().to_string(),
        Kind::Array(array) => array_text(array),
    }
}

fn array_text(array: &ArrayType) -> String {
    let access = match array.access {
        Access::ReadWrite => String::new(),
        other => format!("{} ", word(&ACCESSES, other)),
    };
    format!("{access}{}[{}]", array.scalar.short_name(), strides_text(&array.strides))
}

fn strides_text(strides: &[Stride]) -> String {
    let strides: Vec<&str> = strides.iter().map(|&stride| word(&STRIDES, stride)).collect();
    strides.join(", ")
}

fn view_axis(axis: &ViewAxis) -> String {
    let extent = axis.extent.0;
    match axis.source {
        AxisSource::Repeated => format!("%{extent} repeated"),
        AxisSource::Along { axis, step: None } => format!("%{extent} along {axis}"),
        AxisSource::Along { axis, step: Some(step) } => format!("%{extent} along {axis} step %{}", step.0),
    }
}

fn values(values: &[Value]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("%{}", value.0)).collect();
    values.join(", ")
}

fn flag_suffix(mut flags: FloatFlags) -> String {
    if flags == FloatFlags::FAST {
        return ".fast".to_string();
    }
    let set = FLAGS.iter().filter(|(_, field)| *field(&mut flags)).map(|(name, _)| format!(".{name}"));
    set.collect()
}
