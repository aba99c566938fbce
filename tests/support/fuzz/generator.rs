//! Random well-typed programs: what the parts of the generator share, and programs as a whole.

use super::arguments::{Argument, Form, Layout, value};
use super::tree::{Case, Function, Statement};
use crate::random::Random;
use numbra::front::types::ScalarType::{self, *};
use numbra::front::typing::Rules;

pub const INTEGERS: [ScalarType; 8] = [I8, I16, I32, I64, U8, U16, U32, U64];

pub struct Generator {
    pub random: Random,
    pub rules: Rules,
    pub variables: Vec<Variable>,
    pub helpers: Vec<Helper>,
    pub arrays: Vec<Array>,
    /// Names of module-level tables with their lengths; their entries are int64 or float64.
    pub tables: Vec<(String, ScalarType, usize)>,
    /// May call what is rounded differently from an exact result.
    pub elementary: bool,
    /// How often the innermost loop turns at most, all loops around it counted.
    pub trips: usize,
    /// Loops around the statement; their heads' variables with ranges stand in `variables`.
    pub loops: usize,
    /// Expressions left for this statement.
    pub size: usize,
    /// What `return` gives in the function at hand.
    pub results: Vec<ScalarType>,
    /// The expression stands in a lambda.
    pub in_lambda: bool,
    names: usize,
}

#[derive(Debug, Clone)]
pub struct Variable {
    pub name: String,
    pub scalar: ScalarType,
    /// Counters of loops are not.
    pub assignable: bool,
    /// For a loop's variable: the values that it takes, if they are known when compiling.
    pub range: Option<(i64, i64)>,
}

#[derive(Debug, Clone)]
pub struct Helper {
    pub name: String,
    pub parameters: Vec<ScalarType>,
    pub results: Vec<ScalarType>,
}

#[derive(Debug, Clone)]
pub struct Array {
    pub name: String,
    pub scalar: ScalarType,
    pub rank: usize,
    pub absolute: bool,
    /// The (min, max) offset of each axis, of the decorator.
    pub neighborhood: Option<Vec<(i64, i64)>>,
}

/// The program number `number` of a seed.
pub fn case(seed: u64, number: u64) -> Case {
    let mut random = Random::stream(seed, number);
    let rules = if random.once_in(2) { Rules::Numba } else { Rules::Exact };
    let elementary = random.once_in(3);
    let mut generator = Generator {
        random,
        rules,
        variables: Vec::new(),
        helpers: Vec::new(),
        arrays: Vec::new(),
        tables: Vec::new(),
        elementary,
        trips: 1,
        loops: 0,
        size: 0,
        results: Vec::new(),
        in_lambda: false,
        names: 0,
    };
    generator.program()
}

impl Generator {
    pub fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// A type, float64 and the 32 and 64-bit integers more often than the rest.
    pub fn scalar(&mut self) -> ScalarType {
        match self.random.below(3) {
            0 => *self.random.pick(&[F64, F32, I64, I32, Bool]),
            _ => *self.random.pick(&ScalarType::ALL),
        }
    }

    fn program(&mut self) -> Case {
        let mut constants = Vec::new();
        if self.random.once_in(3) {
            let length = self.random.between(1, 6) as usize;
            let entries: Vec<String> = (0..length).map(|_| self.random.between(-5, 300).to_string()).collect();
            constants.push(format!("TABLE = ({},)", entries.join(", ")));
            self.tables.push(("TABLE".into(), I64, length));
        }
        if self.random.once_in(4) {
            constants.push("HEIGHTS = np.array([0.5, -1.25, 3.0, 1e10], dtype=np.float32)".into());
            self.tables.push(("HEIGHTS".into(), F32, 4));
        }
        let mut functions = Vec::new();
        for _ in 0..self.random.below(3) {
            let helper = self.helper();
            functions.push(helper);
        }
        let stencil = self.random.once_in(3);
        if stencil { self.stencil(constants, functions) } else { self.vectorize(constants, functions) }
    }

    fn helper(&mut self) -> Function {
        let parameters: Vec<ScalarType> = (0..self.random.between(1, 3)).map(|_| self.scalar()).collect();
        let results: Vec<ScalarType> = (0..1 + self.random.below(4) / 2).map(|_| self.scalar()).collect();
        let names: Vec<String> = parameters.iter().map(|_| self.fresh("p")).collect();
        let name = self.fresh("h");
        let decorator = self.random.once_in(2).then(|| "numba.njit".to_string());
        // The rules are the kernel's: a helper that says nothing has them too.
        let body = self.body(&names, &parameters, &results, 8, false);
        self.helpers.push(Helper { name: name.clone(), parameters, results });
        Function { decorator, name, parameters: names, body }
    }

    /// The body of a function with its own variables.
    fn body(
        &mut self,
        names: &[String],
        parameters: &[ScalarType],
        results: &[ScalarType],
        trips: usize,
        kernel: bool,
    ) -> Vec<Statement> {
        let parameter = |(name, &scalar): (&String, &ScalarType)| Variable {
            name: name.clone(),
            scalar,
            assignable: true,
            range: None,
        };
        self.variables = names.iter().zip(parameters).map(parameter).collect();
        self.results = results.to_vec();
        self.trips = trips;
        // Something to work with.
        let mut body = self.declarations(3);
        let helpers = self.helpers.len();
        if kernel && self.random.once_in(40) {
            body.extend(self.very_many());
        }
        let depth = self.random.between(1, 3) as usize;
        body.extend(self.block(depth, true));
        let last = self.last_statement();
        body.push(last);
        self.helpers.truncate(helpers);
        body
    }

    fn typing(&self) -> Option<&'static str> {
        (self.rules == Rules::Exact).then_some("typing='exact'")
    }

    fn vectorize(&mut self, constants: Vec<String>, mut functions: Vec<Function>) -> Case {
        let rank = *self.random.pick(&[0, 1, 1, 1, 2, 2, 3]);
        let mut extents: Vec<usize> = match rank {
            1 => vec![self.random.between(1, 70) as usize],
            _ => (0..rank).map(|_| self.random.between(1, 6) as usize).collect(),
        };
        if rank > 1 && self.random.once_in(10) {
            self.long_rows(&mut extents, 2);
        }
        if self.random.once_in(30) && rank > 0 {
            let axis = self.random.below(rank);
            extents[axis] = 0;
        }
        let mut space = vec![1; rank];
        // One in ten can reduce: it takes two of what it gives.
        let reduces = self.random.once_in(10).then(|| self.scalar());
        let count = if reduces.is_some() { 2 } else { self.random.between(1, 4) as usize };
        let arguments: Vec<Argument> = (0..count)
            .map(|_| {
                if reduces.is_none() && self.random.once_in(6) {
                    let scalar = *self.random.pick(&[I64, F64, Bool]);
                    return Argument { scalar, form: Form::Scalar(value(scalar, &mut self.random)) };
                }
                let scalar = reduces.unwrap_or_else(|| self.scalar());
                let missing = if self.random.once_in(4) { self.random.below(rank + 1) } else { 0 };
                let shape: Vec<usize> =
                    extents[missing..].iter().map(|&extent| if self.random.once_in(8) { 1 } else { extent }).collect();
                for (&own, common) in shape.iter().rev().zip(space.iter_mut().rev()) {
                    *common = if *common == 1 { own } else { *common };
                }
                let elements = (0..shape.iter().product()).map(|_| value(scalar, &mut self.random)).collect();
                let layout = *self.random.pick(&[Layout::C, Layout::C, Layout::Fortran, Layout::Backwards]);
                Argument { scalar, form: Form::Array { shape, elements, layout, absolute: false } }
            })
            .collect();
        let arrays = arguments.iter().filter_map(|argument| match &argument.form {
            Form::Array { shape, .. } => Some(shape.len()),
            Form::Scalar(_) => None,
        });
        let space = space[rank - arrays.max().unwrap_or(0)..].to_vec();
        let names: Vec<String> = (0..count).map(|_| self.fresh("x")).collect();
        let types: Vec<ScalarType> = arguments.iter().map(|argument| argument.scalar).collect();
        let result = reduces.unwrap_or_else(|| self.scalar());
        let body = self.body(&names, &types, &[result], 40, true);
        let mut options: Vec<&str> = self.typing().into_iter().collect();
        if reduces.is_some() && self.random.once_in(3) {
            // By the tree, not from left to right.
            options.push("identity=0");
        }
        let decorator =
            if options.is_empty() { "vectorize".into() } else { format!("vectorize({})", options.join(", ")) };
        functions.push(Function { decorator: Some(decorator), name: "f".into(), parameters: names, body });
        Case { rules: self.rules, constants, functions, stencil: false, arguments, space, result }
    }

    /// Few rows, so long that devices launch by rows (see `Schedule::Grid`), the last group not full.
    fn long_rows(&mut self, extents: &mut [usize], most: i64) {
        if let Some((last, outer)) = extents.split_last_mut() {
            outer.iter_mut().for_each(|extent| *extent = self.random.between(1, most) as usize);
            *last = self.random.between(128, 300) as usize;
        }
    }

    fn stencil(&mut self, constants: Vec<String>, mut functions: Vec<Function>) -> Case {
        let rank = *self.random.pick(&[1, 1, 2, 2, 3]);
        let most = [40, 9, 5][rank - 1];
        let mut space: Vec<usize> = (0..rank).map(|_| self.random.between(1, most) as usize).collect();
        if rank > 1 && self.random.once_in(10) {
            // Enough of them for a point that is not at the border.
            self.long_rows(&mut space, if rank == 2 { 5 } else { 3 });
        }
        if self.random.once_in(30) {
            space[0] = 0;
        }
        let neighborhood = self.random.once_in(3).then(|| {
            let pair = |random: &mut Random| (random.between(-2, 0), random.between(0, 2));
            (0..rank).map(|_| pair(&mut self.random)).collect::<Vec<(i64, i64)>>()
        });
        let mut options: Vec<String> = self.typing().map(str::to_string).into_iter().collect();
        let (mut arguments, mut names, mut absolutes, mut scalars) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 0..self.random.between(1, 3) {
            let scalar = self.scalar();
            let name = self.fresh("a");
            names.push(name.clone());
            let kind = if number == 0 { 0 } else { self.random.below(4) };
            if kind == 3 {
                let scalar = *self.random.pick(&[I64, F64, Bool]);
                arguments.push(Argument { scalar, form: Form::Scalar(value(scalar, &mut self.random)) });
                scalars.push((name, scalar));
                continue;
            }
            let absolute = kind == 2;
            let shape: Vec<usize> = match absolute {
                true => (0..self.random.between(1, 2)).map(|_| self.random.between(1, 7) as usize).collect(),
                // Others may be larger than the first.
                false => space.iter().map(|&extent| extent + (number > 0 && self.random.once_in(6)) as usize).collect(),
            };
            if absolute {
                absolutes.push(format!("'{name}'"));
            }
            let rank = shape.len();
            let elements = (0..shape.iter().product()).map(|_| value(scalar, &mut self.random)).collect();
            arguments.push(Argument { scalar, form: Form::Array { shape, elements, layout: Layout::C, absolute } });
            self.arrays.push(Array { name, scalar, rank, absolute, neighborhood: neighborhood.clone() });
        }
        if let Some(pairs) = &neighborhood {
            let pairs: Vec<String> = pairs.iter().map(|(low, high)| format!("({low}, {high})")).collect();
            options.push(format!("neighborhood=({},)", pairs.join(", ")));
        }
        if !absolutes.is_empty() {
            options.push(format!("standard_indexing=({},)", absolutes.join(", ")));
        }
        let result = self.scalar();
        if self.random.once_in(3) {
            options.push(format!("cval={}", if result.is_float() { "-1.5" } else { "1" }));
        }
        let (scalar_names, scalar_types): (Vec<String>, Vec<ScalarType>) = scalars.into_iter().unzip();
        // At least one relative access.
        let first = self.arrays[0].clone();
        self.variables.clear();
        let element = self.element(&first, 0);
        let read = Statement::line(format!("{} = {{}}", self.fresh("v")), vec![element]);
        let body = self.body(&scalar_names, &scalar_types, &[result], 40, true);
        let body = [vec![read], body].concat();
        functions.push(Function {
            decorator: Some(format!("stencil({})", options.join(", "))),
            name: "f".into(),
            parameters: names,
            body,
        });
        Case { rules: self.rules, constants, functions, stencil: true, arguments, space, result }
    }
}
