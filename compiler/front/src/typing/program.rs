//! What is shared by all functions that one request needs: specialized functions, tables, constants, warnings.

use super::instances::Instances;
use super::item::ItemType;
use super::{FunctionOptions, Options, Rules};
use crate::constants::{ConstantValue, Evaluator};
use crate::error::{Error, Mistake, Result};
use crate::ir::{self, FloatFlags, Statement, Table, TableId};
use crate::syntax::tree;
use crate::types::ScalarType;
use std::collections::{HashMap, HashSet};

/// A module of the tree and the rules under which its functions are typed.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'t> {
    pub module: &'t tree::Module,
    pub rules: Rules,
    pub flags: FloatFlags,
    /// Scalars divided by zero fail, and indices that are not proved are checked.
    pub zero_division: bool,
    pub bounds: bool,
    /// The file of the prelude that this is.
    pub prelude: Option<&'static str>,
}

pub struct TypedProgram<'t> {
    pub unit: Unit<'t>,
    /// Its functions run whole on the host, with arrays as values.
    pub host: bool,
    /// `None` while a function is being typed.
    functions: Vec<Option<ir::Function>>,
    pub tables: Vec<Table>,
    pub instances: Instances<'t>,
    names: HashSet<String>,
    /// By the address of the module.
    evaluators: HashMap<*const tree::Module, Evaluator<'t>>,
    pub warnings: Vec<Mistake>,
    /// Functions that are values somewhere, by the numbers that their types have.
    passed: Vec<(Unit<'t>, &'t tree::FunctionDefinition)>,
    /// Expressions and statements being typed, one inside the other.
    pub depth: u32,
    /// Statements typed so far, those thrown away included.
    pub work: u32,
}

impl<'t> TypedProgram<'t> {
    pub fn new(module: &'t tree::Module, options: &Options) -> TypedProgram<'t> {
        let flags = if options.fastmath { FloatFlags::FAST } else { FloatFlags::STRICT };
        TypedProgram {
            unit: Unit { module, rules: options.rules, flags, zero_division: false, bounds: true, prelude: None },
            host: false,
            functions: Vec::new(),
            tables: Vec::new(),
            instances: Instances::default(),
            names: HashSet::new(),
            evaluators: HashMap::new(),
            warnings: Vec::new(),
            passed: Vec::new(),
            depth: 0,
            work: 0,
        }
    }

    /// Of functions that run whole on the host.
    pub fn whole_functions(module: &'t tree::Module, options: &FunctionOptions) -> TypedProgram<'t> {
        let rules = Rules::Numba;
        let mut program = TypedProgram::new(module, &Options { rules, fastmath: options.fastmath });
        program.unit.zero_division = options.zero_division;
        program.unit.bounds = options.bounds;
        program.host = true;
        program
    }

    /// A function becomes a value.
    pub fn note_function(&mut self, unit: Unit<'t>, definition: &'t tree::FunctionDefinition) {
        if self.type_of_function(definition).is_none() {
            self.passed.push((unit, definition));
        }
    }

    /// The type of a function that is a value somewhere.
    pub fn type_of_function(&self, definition: &tree::FunctionDefinition) -> Option<ItemType> {
        let number = self.passed.iter().position(|(_, known)| std::ptr::eq(*known, definition))?;
        Some(ItemType::Function(number as u32, definition.name.as_str().into()))
    }

    /// The function of that number.
    pub fn function_of(&self, number: u32) -> Option<(Unit<'t>, &'t tree::FunctionDefinition)> {
        self.passed.get(number as usize).copied()
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
