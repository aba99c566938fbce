//! Random expressions of a wanted type.
//!
//! What two targets may give differently is not generated: the sign of a NaN, and which zero an extreme of two zeros is.

use super::arguments::value;
use super::generator::{Array, Generator, INTEGERS};
use super::tree::Expression;
use numbra::front::syntax::tree::BinaryOperator;
use numbra::front::types::ScalarType::{self, *};
use numbra::front::typing::{Rules, promotion};

const OPERATORS: &[(&str, BinaryOperator)] = &[
    ("+", BinaryOperator::Add),
    ("-", BinaryOperator::Subtract),
    ("*", BinaryOperator::Multiply),
    ("/", BinaryOperator::Divide),
    ("//", BinaryOperator::FloorDivide),
    ("%", BinaryOperator::Modulo),
    ("<<", BinaryOperator::LeftShift),
    (">>", BinaryOperator::RightShift),
    ("&", BinaryOperator::And),
    ("|", BinaryOperator::Or),
    ("^", BinaryOperator::Xor),
];
const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "==", "!="];
/// Of one number, which give its type.
const SAME: &[&str] = &["np.negative", "np.abs", "np.square", "np.sign", "np.positive", "np.reciprocal", "abs"];
const SAME_FLOAT: &[&str] =
    &["np.floor", "np.ceil", "np.trunc", "np.rint", "np.fix", "math.fabs", "np.sqrt", "math.sqrt", "np.radians"];
/// Of two numbers of NumPy's common type.
const COMMON: &[&str] = &["np.add", "np.subtract", "np.multiply", "np.floor_divide", "np.mod"];
const COMMON_INTEGER: &[&str] =
    &["np.bitwise_and", "np.bitwise_or", "np.bitwise_xor", "np.left_shift", "np.right_shift"];
const EXTREMES: &[&str] = &["np.minimum", "np.maximum", "np.fmin", "np.fmax"];
const ELEMENTARY: &[&str] = &[
    "math.exp",
    "math.expm1",
    "math.exp2",
    "math.log",
    "math.log1p",
    "math.log2",
    "math.log10",
    "math.sin",
    "math.cos",
    "math.tan",
    "math.asin",
    "math.acos",
    "math.atan",
    "math.sinh",
    "np.i0",
    "math.cosh",
    "math.tanh",
];
const ELEMENTARY_OF_TWO: &[&str] = &["math.atan2", "math.fmod"];

/// How a type is written in a cast.
fn cast_name(scalar: ScalarType) -> String {
    if scalar == Bool { "bool".into() } else { format!("np.{}", scalar.name()) }
}

/// A constant of a type, in a form that both rule sets give that type.
pub fn constant(scalar: ScalarType, bits: u64) -> Expression {
    let text = match scalar {
        Bool => if bits != 0 { "True" } else { "False" }.to_string(),
        F32 => format!(
            "np.float32({})",
            float_text(f32::from_bits(bits as u32) as f64, f32::from_bits(bits as u32).to_string())
        ),
        F64 => format!("np.float64({})", float_text(f64::from_bits(bits), format!("{:?}", f64::from_bits(bits)))),
        U64 => format!("np.uint64({bits})"),
        I64 if bits as i64 == i64::MIN => format!("np.int64({} - 1)", i64::MIN + 1),
        _ => format!("np.{}({})", scalar.name(), bits as i64),
    };
    Expression::leaf(scalar, text)
}

fn float_text(value: f64, digits: String) -> String {
    match value {
        _ if value.is_nan() => "np.nan".into(),
        f64::INFINITY => "np.inf".into(),
        f64::NEG_INFINITY => "-np.inf".into(),
        _ if digits.contains(['.', 'e']) => digits,
        _ => format!("{digits}.0"),
    }
}

impl Generator {
    /// An expression of that type, `depth` levels of operands deep at most.
    pub fn expression(&mut self, want: ScalarType, depth: usize) -> Expression {
        if depth > 0 && self.size > 0 && !self.random.once_in(4) {
            self.size -= 1;
            for _ in 0..6 {
                if let Some(expression) = self.compound(want, depth - 1) {
                    return expression;
                }
            }
        }
        self.leaf(want)
    }

    fn exact(&self) -> bool {
        self.rules == Rules::Exact
    }

    fn leaf(&mut self, want: ScalarType) -> Expression {
        let fitting: Vec<String> = self
            .variables
            .iter()
            .filter(|variable| variable.scalar == want)
            .map(|variable| variable.name.clone())
            .collect();
        if !fitting.is_empty() && !self.random.once_in(5) {
            return Expression::leaf(want, self.random.pick(&fitting).clone());
        }
        if !self.variables.is_empty() && self.random.once_in(2) {
            let other = self.random.pick(&self.variables).clone();
            return self.cast(want, Expression::leaf(other.scalar, other.name));
        }
        self.literal(want)
    }

    fn literal(&mut self, want: ScalarType) -> Expression {
        let bits = value(want, &mut self.random);
        // The plain literal where it has the type by itself.
        if !self.exact() && want == I64 && (bits as i64) > i64::MIN && self.random.below(4) > 0 {
            return Expression::leaf(want, (bits as i64).to_string()).parenthesized();
        }
        if !self.exact() && want == F64 && f64::from_bits(bits).is_finite() && self.random.below(4) > 0 {
            return Expression::leaf(want, format!("{:?}", f64::from_bits(bits))).parenthesized();
        }
        constant(want, bits)
    }

    fn cast(&mut self, want: ScalarType, operand: Expression) -> Expression {
        if operand.scalar == want {
            return operand;
        }
        let own = match (want, self.random.once_in(3)) {
            (F64, true) if !operand.scalar.is_float() => "float".into(),
            (I64, true) if operand.scalar.is_float() => {
                (*self.random.pick(&["int", "round", "math.floor", "math.trunc"])).into()
            }
            _ => cast_name(want),
        };
        Expression::new(want, format!("{own}({{}})"), vec![operand])
    }

    /// Two types whose promotion is the wanted one.
    fn pair(
        &mut self,
        want: ScalarType,
        promote: impl Fn(ScalarType, ScalarType) -> Option<ScalarType>,
    ) -> Option<[ScalarType; 2]> {
        if self.exact() {
            return (promote(want, want).is_some()).then_some([want, want]);
        }
        (0..12).find_map(|_| {
            let pair = [self.scalar(), if self.random.once_in(2) { want } else { self.scalar() }];
            (promote(pair[0], pair[1]) == Some(want)).then_some(pair)
        })
    }

    fn compound(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        match self.random.below(22) {
            0..=4 if want == Bool => Some(self.truth(depth)),
            0..=4 => self.arithmetic(want, depth),
            5 | 6 => self.function(want, depth),
            7 => {
                let [then, condition, otherwise] =
                    [self.expression(want, depth), self.expression(Bool, depth), self.expression(want, depth)];
                Some(Expression::new(want, "({} if {} else {})", vec![then, condition, otherwise]))
            }
            8 | 9 => {
                let from = self.scalar();
                let operand = self.expression(from, depth);
                Some(self.cast(want, operand))
            }
            10 => self.unary(want, depth),
            11 => self.helper_call(want, depth),
            12 => self.table_entry(want, depth),
            13 => self.extreme(want, depth),
            14 => self.power(want, depth),
            15 if self.elementary => self.elementary_function(want, depth),
            16 if want != Bool && self.exact() => self.bitcast(want, depth),
            17 => self.assignment_expression(want, depth),
            18 if self.random.once_in(2) => Some(self.called_lambda(want, depth)),
            _ => self.array_element(want, depth),
        }
    }

    /// What Numba's rules may have widened, as the type that it was.
    pub fn cast_back(&mut self, want: ScalarType, operand: Expression) -> Expression {
        if self.exact() { operand } else { Expression::new(want, format!("{}({{}})", cast_name(want)), vec![operand]) }
    }

    fn operands(&mut self, types: [ScalarType; 2], depth: usize) -> Vec<Expression> {
        types.iter().map(|&scalar| self.expression(scalar, depth)).collect()
    }

    fn arithmetic(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let &(symbol, operator) = self.random.pick(OPERATORS);
        let exact = self.exact();
        let takes = move |left: ScalarType, right: ScalarType| match operator {
            _ if !exact => promotion::operator(operator, left, right),
            BinaryOperator::Divide => left.is_float().then_some(left),
            BinaryOperator::LeftShift | BinaryOperator::RightShift => left.is_integer().then_some(left),
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor => (!left.is_float()).then_some(left),
            _ => (left != Bool).then_some(left),
        };
        let types = self.pair(want, takes)?;
        let mut operands = self.operands(types, depth);
        let shift = matches!(operator, BinaryOperator::LeftShift | BinaryOperator::RightShift);
        if exact && types[1].is_integer() && self.random.once_in(3) {
            // A literal takes the type that it meets.
            operands[1] = Expression::leaf(types[1], self.random.between(0, 127).to_string());
        } else if shift && types[1].is_integer() && self.random.once_in(2) {
            let count = self.random.between(0, 66);
            operands[1] = constant(types[1], count as u64);
        }
        Some(Expression::new(want, format!("({{}} {symbol} {{}})"), operands))
    }

    /// Two types that may be compared: any two, or equal ones under `Exact`.
    fn compared(&mut self) -> [ScalarType; 2] {
        let left = self.scalar();
        [left, if self.exact() { left } else { self.scalar() }]
    }

    /// Several variables in one value, so that what they hold is seen.
    pub fn digest(&mut self, want: ScalarType) -> Expression {
        let scalar = if want.is_float() { want } else { I64 };
        let mut digest = constant(scalar, 0);
        for variable in self.variables.clone() {
            if self.random.once_in(4) || (want.is_float() && !variable.scalar.is_float() && self.random.once_in(2)) {
                continue;
            }
            let symbol = *self.random.pick(if want.is_float() { &["+", "-"] } else { &["^", "+"] });
            let term = self.cast(scalar, Expression::leaf(variable.scalar, variable.name));
            digest = Expression::new(scalar, format!("({{}} {symbol} {{}})"), vec![digest, term]);
        }
        self.cast(want, digest)
    }

    fn truth(&mut self, depth: usize) -> Expression {
        let types = self.compared();
        match self.random.below(8) {
            0..=3 => {
                let symbol = self.random.pick(COMPARISONS);
                Expression::new(Bool, format!("({{}} {symbol} {{}})"), self.operands(types, depth))
            }
            4 => {
                let symbols = [*self.random.pick(COMPARISONS), *self.random.pick(COMPARISONS)];
                let mut operands = self.operands(types, depth);
                operands.push(self.expression(types[1], depth));
                Expression::new(Bool, format!("({{}} {} {{}} {} {{}})", symbols[0], symbols[1]), operands)
            }
            5 => {
                let word = *self.random.pick(&["and", "or"]);
                Expression::new(Bool, format!("({{}} {word} {{}})"), self.operands([Bool, Bool], depth))
            }
            6 => {
                let of = if self.random.once_in(2) { Bool } else { self.scalar() };
                Expression::new(Bool, "(not {})", vec![self.expression(of, depth)])
            }
            _ => {
                let word = *self.random.pick(&["in", "not in"]);
                let mut operands = self.operands(types, depth);
                operands.push(self.expression(types[1], depth));
                Expression::new(Bool, format!("({{}} {word} ({{}}, {{}}))"), operands)
            }
        }
    }

    fn unary(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let symbol = *self.random.pick(&["-", "~", "+"]);
        let from = match (symbol, want) {
            ("~", F32 | F64) | ("-" | "+", Bool) => return None,
            _ if self.exact() => want,
            // Numba widens integers, not bool under ~ and not floats.
            ("~", Bool) | (_, F32 | F64) => want,
            (_, I64) => *self.random.pick(&[I8, I16, I32, I64]),
            (_, U64) => *self.random.pick(&[U8, U16, U32, U64]),
            _ => return None,
        };
        let operand = self.expression(from, depth);
        Some(Expression::new(want, format!("({symbol}{{}})"), vec![operand]))
    }

    fn function(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let numpy = |left: ScalarType, right: ScalarType| Some(promotion::numpy(&[left, right]));
        match self.random.below(8) {
            _ if want == Bool => Some(self.test(depth)),
            0 if want == U8 => {
                let of = *self.random.pick(&INTEGERS);
                Some(Expression::new(want, "np.bitwise_count({})", vec![self.expression(of, depth)]))
            }
            0 => {
                let name = *self.random.pick(SAME);
                Some(Expression::new(want, format!("{name}({{}})"), vec![self.expression(want, depth)]))
            }
            1 if want.is_float() => {
                // Numba's np.round of float32 is float64.
                let name =
                    if want == F64 && self.random.once_in(10) { "np.round" } else { *self.random.pick(SAME_FLOAT) };
                Some(Expression::new(want, format!("{name}({{}})"), vec![self.expression(want, depth)]))
            }
            1 => Some(Expression::new(want, "np.invert({})", vec![self.expression(want, depth)])),
            2 if want.is_integer() => {
                let name = *self.random.pick(COMMON_INTEGER);
                let types = self.pair(want, numpy)?;
                Some(Expression::new(want, format!("{name}({{}}, {{}})"), self.operands(types, depth)))
            }
            2 => {
                // The sign of a NaN means nothing, so the second one is none.
                let name = self.variables.iter().find(|variable| variable.scalar == want)?.name.clone();
                let one = constant(want, if want == F32 { 1f32.to_bits() as u64 } else { 1f64.to_bits() }).pattern;
                let pattern = format!("np.copysign({{}}, ({name} if {name} == {name} else {one}))");
                Some(Expression::new(want, pattern, vec![self.expression(want, depth)]))
            }
            3 => {
                let types = self.pair(want, |left, right| Some(promotion::unify(left, right)))?;
                let mut operands = vec![self.expression(Bool, depth)];
                operands.extend(self.operands(types, depth));
                Some(Expression::new(want, "np.where({}, {}, {})", operands))
            }
            4 => {
                let name = *self.random.pick(EXTREMES);
                let types = self.pair(want, numpy)?;
                let extreme = Expression::new(want, format!("{name}({{}}, {{}})"), self.operands(types, depth));
                Some(if want.is_float() { plus_zero(extreme) } else { extreme })
            }
            5 => {
                let types = self.pair(want, numpy)?;
                let mut operands = self.operands(types, depth);
                operands.push(self.expression(want, depth));
                let clipped = Expression::new(want, "np.clip({}, {}, {})", operands);
                Some(if want.is_float() { plus_zero(clipped) } else { clipped })
            }
            _ => {
                let name = *self.random.pick(COMMON);
                let types = self.pair(want, numpy)?;
                Some(Expression::new(want, format!("{name}({{}}, {{}})"), self.operands(types, depth)))
            }
        }
    }

    /// A function that gives a bool.
    fn test(&mut self, depth: usize) -> Expression {
        let float = *self.random.pick(&[F32, F64]);
        let types = self.compared();
        match self.random.below(4) {
            0 => {
                let name = *self.random.pick(&["np.isnan", "math.isinf", "np.isfinite"]);
                Expression::new(Bool, format!("{name}({{}})"), vec![self.expression(float, depth)])
            }
            1 => {
                let name = *self.random.pick(&["np.less", "np.greater_equal", "np.equal", "np.not_equal"]);
                Expression::new(Bool, format!("{name}({{}}, {{}})"), self.operands(types, depth))
            }
            2 => {
                let name = *self.random.pick(&["np.logical_and", "np.logical_or", "np.logical_xor"]);
                Expression::new(Bool, format!("{name}({{}}, {{}})"), self.operands([Bool, Bool], depth))
            }
            _ => Expression::new(Bool, "bool({})", vec![self.expression(types[0], depth)]),
        }
    }

    fn extreme(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let name = *self.random.pick(&["min", "max"]);
        let types = self.pair(want, |left, right| Some(promotion::unify(left, right)))?;
        Some(Expression::new(want, format!("{name}({{}}, {{}})"), self.operands(types, depth)))
    }

    fn power(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        if want == Bool {
            return None;
        }
        let base = self.expression(want, depth);
        if self.random.once_in(2) || (want.is_float() && !self.elementary) {
            let least = if want.is_float() { -4 } else { 0 };
            let exponent = self.random.between(least, 9);
            let power = Expression::new(want, format!("({{}} ** {exponent})"), vec![base]);
            return Some(if self.exact() {
                power
            } else {
                Expression::new(want, format!("{}({{}})", cast_name(want)), vec![power])
            });
        }
        let exponent = self.expression(want, depth);
        let power = Expression::new(want, "({} ** {})", vec![base, exponent]);
        Some(if self.exact() {
            power
        } else {
            Expression::new(want, format!("{}({{}})", cast_name(want)), vec![power])
        })
    }

    fn elementary_function(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        if !want.is_float() {
            return None;
        }
        if self.random.once_in(4) {
            let name = *self.random.pick(ELEMENTARY_OF_TWO);
            return Some(Expression::new(want, format!("{name}({{}}, {{}})"), self.operands([want, want], depth)));
        }
        let name = *self.random.pick(ELEMENTARY);
        let from = if self.exact() || want == F32 { want } else { *self.random.pick(&[F64, I64, I32, F64]) };
        Some(Expression::new(want, format!("{name}({{}})"), vec![self.expression(from, depth)]))
    }

    /// The bits of a number as another type; a NaN's bits mean nothing, so floats whose bits are taken are none.
    fn bitcast(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let from = *match want.bits() {
            32 => self.random.pick(&[I32, U32, F32]),
            64 => self.random.pick(&[I64, U64, F64]),
            _ => return None,
        };
        if from.is_float() {
            let name = self.variables.iter().find(|variable| variable.scalar == from)?.name.clone();
            let one = constant(from, if from == F32 { 1f32.to_bits() as u64 } else { 1f64.to_bits() }).pattern;
            return Some(Expression::leaf(
                want,
                format!("bitcast({}, ({name} if {name} == {name} else {one}))", want.name()),
            ));
        }
        Some(Expression::new(want, format!("bitcast({}, {{}})", want.name()), vec![self.expression(from, depth)]))
    }

    fn helper_call(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let fitting: Vec<_> = self.helpers.iter().filter(|helper| helper.results == [want]).cloned().collect();
        if fitting.is_empty() {
            return None;
        }
        let helper = self.random.pick(&fitting).clone();
        let (pattern, operands) = self.call(&helper.name, &helper.parameters, depth);
        Some(Expression::new(want, pattern, operands))
    }

    /// The text of a call of a helper, and its operands.
    pub fn call(&mut self, name: &str, parameters: &[ScalarType], depth: usize) -> (String, Vec<Expression>) {
        let places = vec!["{}"; parameters.len()].join(", ");
        (format!("{name}({places})"), parameters.iter().map(|&scalar| self.expression(scalar, depth)).collect())
    }

    /// An entry of a tuple or of a table of the module, nearly always one that is there.
    fn table_entry(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        let index_type = if self.exact() { *self.random.pick(&[I32, I64, U8]) } else { I64 };
        let index = |generator: &mut Self, length: usize| {
            let index = generator.expression(index_type, depth);
            if generator.random.once_in(150) {
                return index;
            }
            let length = constant(index_type, length as u64);
            Expression::new(index_type, "({} % {})", vec![index, length])
        };
        let tables: Vec<_> = self.tables.iter().filter(|(_, scalar, _)| *scalar == want).cloned().collect();
        if !tables.is_empty() && self.random.once_in(2) {
            let (name, scalar, length) = self.random.pick(&tables).clone();
            // Entries of tuples are literals, which take any type under `Exact`.
            let entry = Expression::new(scalar, format!("{name}[{{}}]"), vec![index(self, length)]);
            return Some(Expression::new(want, format!("{}({{}})", cast_name(want)), vec![entry]));
        }
        let length = self.random.between(1, 3) as usize;
        let mut operands: Vec<Expression> = (0..length).map(|_| self.expression(want, depth)).collect();
        operands.push(index(self, length));
        Some(Expression::new(want, format!("({},)[{{}}]", vec!["{}"; length].join(", ")), operands))
    }

    fn array_element(&mut self, want: ScalarType, depth: usize) -> Option<Expression> {
        if self.arrays.is_empty() {
            return None;
        }
        let array = self.random.pick(&self.arrays).clone();
        if want == I64 && self.random.once_in(4) {
            let attribute = match self.random.below(4) {
                0 => format!("len({})", array.name),
                1 => format!("{}.size", array.name),
                2 => format!("{}.ndim", array.name),
                _ => format!("{}.shape[{}]", array.name, self.random.below(array.rank)),
            };
            return Some(Expression::leaf(I64, attribute));
        }
        let element = self.element(&array, depth);
        Some(self.cast(want, element))
    }

    /// An element of an array: at a constant offset, at a loop's variable, or somewhere.
    pub fn element(&mut self, array: &Array, depth: usize) -> Expression {
        let mut indices = Vec::new();
        for axis in 0..array.rank {
            let index =
                if array.absolute { self.absolute_index(array, axis, depth) } else { self.offset(array, axis, depth) };
            indices.push(index);
        }
        Expression::new(array.scalar, format!("{}[{}]", array.name, vec!["{}"; array.rank].join(", ")), indices)
    }

    fn offset(&mut self, array: &Array, axis: usize, depth: usize) -> Expression {
        let (low, high) = array.neighborhood.as_ref().map_or((-2, 2), |pairs| pairs[axis]);
        let inside = |range: (i64, i64)| low <= range.0 && range.1 <= high;
        let counters: Vec<_> =
            self.variables.iter().filter(|variable| variable.range.is_some_and(inside)).cloned().collect();
        if !counters.is_empty() && self.random.once_in(2) {
            let counter = self.random.pick(&counters);
            return Expression::leaf(counter.scalar, counter.name.clone());
        }
        if array.neighborhood.is_some() && depth > 0 && self.random.once_in(2) {
            let scalar = if self.random.once_in(3) { *self.random.pick(&INTEGERS) } else { I64 };
            let index = self.expression(I64, depth - 1);
            if self.random.once_in(20) {
                return self.cast(scalar, index);
            }
            let width = high - low + 1;
            return Expression::new(I64, format!("({{}} % {width} - {})", -low), vec![index]);
        }
        Expression::leaf(I64, self.random.between(low, high).to_string())
    }

    fn absolute_index(&mut self, array: &Array, axis: usize, depth: usize) -> Expression {
        let index = self.expression(I64, depth.saturating_sub(1));
        match self.random.below(12) {
            0 => index,
            1 => Expression::leaf(I64, self.random.between(-2, 2).to_string()),
            _ => Expression::new(I64, format!("({{}} % {}.shape[{axis}])", array.name), vec![index]),
        }
    }
}

/// Makes a zero positive: which one it is is open.
fn plus_zero(extreme: Expression) -> Expression {
    let zero = constant(extreme.scalar, 0).pattern;
    Expression::new(extreme.scalar, format!("({{}} + {zero})"), vec![extreme])
}

impl Expression {
    /// With parentheses around a sign.
    fn parenthesized(self) -> Expression {
        if self.pattern.starts_with('-') { Expression { pattern: format!("({})", self.pattern), ..self } } else { self }
    }
}
