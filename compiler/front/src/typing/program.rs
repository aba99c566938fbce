//! What is shared by all functions that one request needs: specialized functions, tables, constants, warnings.

use super::closures::Form;
use super::item::ItemType;
use super::prelude;
use super::typer::Typer;
use super::{Options, Rules};
use crate::constants::{ConstantValue, Evaluator};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{self, FloatFlags, Statement, Table, TableId};
use crate::source::Span;
use crate::syntax::tree;
use crate::types::ScalarType;
use std::collections::{HashMap, HashSet};

/// Functions calling functions, at most.
const MOST_NESTED_CALLS: usize = 40;

/// A module of the tree and the rules under which its functions are typed.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'t> {
    pub module: &'t tree::Module,
    pub rules: Rules,
    pub flags: FloatFlags,
    /// The file of the prelude that this is.
    pub prelude: Option<&'static str>,
}

/// A function specialized for the types of its arguments.
#[derive(Debug, Clone)]
pub struct Instance {
    pub name: String,
    pub result: ItemType,
}

/// A function of `unit` for arguments of these forms.
pub struct Wanted<'t, 'a> {
    pub unit: Unit<'t>,
    pub definition: &'t tree::FunctionDefinition,
    pub arguments: &'a [ItemType],
    /// What it takes from the function around it.
    pub around: &'a [(&'t str, Form<'t>)],
    /// Its type, if a signature declares it.
    pub result: Option<ScalarType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key<'t> {
    /// By its address.
    function: *const tree::FunctionDefinition,
    arguments: Vec<ItemType>,
    /// What it takes from the function around it.
    around: Vec<(&'t str, Form<'t>)>,
    /// Declared by a signature.
    result: Option<ScalarType>,
}

pub struct TypedProgram<'t> {
    pub unit: Unit<'t>,
    /// `None` while a function is being typed.
    functions: Vec<Option<ir::Function>>,
    pub tables: Vec<Table>,
    instances: HashMap<Key<'t>, Instance>,
    active: Vec<Key<'t>>,
    names: HashSet<String>,
    /// By the address of the module.
    evaluators: HashMap<*const tree::Module, Evaluator<'t>>,
    pub warnings: Vec<Mistake>,
    /// Expressions and statements being typed, one inside the other.
    pub depth: u32,
    /// Statements typed so far, those thrown away included.
    pub work: u32,
}

impl<'t> TypedProgram<'t> {
    pub fn new(module: &'t tree::Module, options: &Options) -> TypedProgram<'t> {
        let flags = if options.fastmath { FloatFlags::FAST } else { FloatFlags::STRICT };
        TypedProgram {
            unit: Unit { module, rules: options.rules, flags, prelude: None },
            functions: Vec::new(),
            tables: Vec::new(),
            instances: HashMap::new(),
            active: Vec::new(),
            names: HashSet::new(),
            evaluators: HashMap::new(),
            warnings: Vec::new(),
            depth: 0,
            work: 0,
        }
    }

    /// Makes room for the function that was asked for, so that it comes first.
    pub fn reserve(&mut self, name: &str) -> (usize, String) {
        let mut unique = name.to_string();
        let mut number = 0;
        while !self.names.insert(unique.clone()) {
            number += 1;
            unique = format!("{name}.{number}");
        }
        self.functions.push(None);
        (self.functions.len() - 1, unique)
    }

    pub fn define(&mut self, index: usize, function: ir::Function) {
        self.functions[index] = Some(function);
    }

    /// The value of a module constant, if `module` has one of that name.
    pub fn constant(&mut self, module: &'t tree::Module, name: &str) -> Option<Result<ConstantValue>> {
        self.evaluators.entry(module).or_insert_with(|| Evaluator::new(module)).constant(name)
    }

    /// The value of an expression outside of functions, such as the default of a parameter.
    pub fn constant_expression(
        &mut self,
        module: &'t tree::Module,
        expression: &tree::Expression,
    ) -> Result<ConstantValue> {
        self.evaluators.entry(module).or_insert_with(|| Evaluator::new(module)).expression(expression)
    }

    /// The table with these entries.
    pub fn table(&mut self, name: &str, scalar: ScalarType, entries: Vec<u64>) -> TableId {
        let same = |table: &Table| table.scalar == scalar && table.entries == entries;
        let index = self.tables.iter().position(same).unwrap_or_else(|| {
            let used = |name: &str| self.tables.iter().any(|table| table.name == name);
            let numbered = (1..).map(|number| format!("{name}.{number}"));
            let name = std::iter::once(name.to_string()).chain(numbered).find(|name| !used(name));
            self.tables.push(Table { name: name.unwrap_or_default(), scalar, entries });
            self.tables.len() - 1
        });
        TableId(index as u32)
    }

    /// The function that is wanted, typed now if it was not yet. `call`: where it is called, and from which unit, for
    /// messages.
    pub fn instance(&mut self, wanted: &Wanted<'t, '_>, caller: Unit<'t>, call: Span) -> Result<Instance> {
        let &Wanted { unit, definition, arguments, around, result } = wanted;
        let name = &definition.name;
        let key = Key { function: definition, arguments: arguments.to_vec(), around: around.to_vec(), result };
        if let Some(instance) = self.instances.get(&key) {
            return Ok(instance.clone());
        }
        let here = |message: String| Mistake::new(ErrorClass::Unsupported, &caller.module.source, call, message);
        if self.active.iter().any(|active| std::ptr::eq(active.function, definition)) {
            return Err(here(format!("recursion: '{name}' calls itself"))
                .help("write it as a loop; GPUs have no recursion")
                .into());
        }
        if self.active.len() >= MOST_NESTED_CALLS {
            return Err(here(format!("calls are nested more than {MOST_NESTED_CALLS} deep"))
                .help("put the work of some functions into their callers")
                .into());
        }
        let ir_name = match unit.prelude {
            Some(file) => prelude::function_name(file, name),
            None => name.clone(),
        };
        let (index, ir_name) = self.reserve(&ir_name);
        self.active.push(key.clone());
        let typed = Typer::helper(self, wanted, &ir_name);
        self.active.pop();
        let (function, result) = typed?;
        self.define(index, function);
        let instance = Instance { name: ir_name, result };
        self.instances.insert(key, instance.clone());
        Ok(instance)
    }

    /// The kernel itself takes part in the search for recursion.
    pub fn enter_kernel(&mut self, definition: &'t tree::FunctionDefinition) {
        let (arguments, around) = (Vec::new(), Vec::new());
        self.active.push(Key { function: definition, arguments, around, result: None });
    }

    /// The functions that the first one needs, and the tables that they need.
    pub fn finish(self) -> Result<ir::Module> {
        let unfinished = || Error::Internal("a function was left unfinished by inference".into());
        let functions: Vec<Option<ir::Function>> = self.functions;
        let index: HashMap<String, usize> = functions
            .iter()
            .enumerate()
            .filter_map(|(index, function)| function.as_ref().map(|function| (function.name.clone(), index)))
            .collect();
        let mut needed = vec![0];
        let mut next = 0;
        while next < needed.len() {
            let function = functions[needed[next]].as_ref().ok_or_else(unfinished)?;
            function.body.walk(&mut |statement| {
                if let Statement::Call { function, .. } = statement
                    && let Some(&callee) = index.get(function)
                    && !needed.contains(&callee)
                {
                    needed.push(callee);
                }
            });
            next += 1;
        }
        let mut functions: Vec<Option<ir::Function>> = functions;
        let mut kept: Vec<ir::Function> = needed.iter().filter_map(|&index| functions[index].take()).collect();
        let tables = keep_used_tables(&mut kept, self.tables);
        Ok(ir::Module { functions: kept, tables })
    }
}

fn keep_used_tables(functions: &mut [ir::Function], tables: Vec<Table>) -> Vec<Table> {
    let mut kept: Vec<TableId> = Vec::new();
    for function in functions {
        function.body.walk_mut(&mut |statement| {
            if let Statement::Let { expression: ir::Expression::TableEntry { table, .. }, .. } = statement {
                let place = kept.iter().position(|old| old == table).unwrap_or_else(|| {
                    kept.push(*table);
                    kept.len() - 1
                });
                *table = TableId(place as u32);
            }
        });
    }
    kept.iter().map(|table| tables[table.index()].clone()).collect()
}
