//! Building functions: fresh values and variables, and a [`Region`] being filled.

use super::*;

impl Function {
    pub fn new(name: impl Into<String>) -> Function {
        Function {
            name: name.into(),
            parameters: Vec::new(),
            results: Vec::new(),
            arrays: Vec::new(),
            values: Vec::new(),
            variables: Vec::new(),
            sites: Vec::new(),
            form: Form::Function,
            body: Region::default(),
            source: None,
        }
    }

    /// A fresh value, to be defined by a statement or a parameter.
    pub fn fresh(&mut self, scalar: ScalarType, span: Span) -> Value {
        self.values.push(ValueInfo { scalar, span });
        Value(self.values.len() as u32 - 1)
    }

    pub fn variable(&mut self, name: impl Into<String>, scalar: ScalarType) -> VariableId {
        self.variable_of(name, Kind::Scalar(scalar))
    }

    pub fn variable_of(&mut self, name: impl Into<String>, kind: Kind) -> VariableId {
        self.variables.push(Variable { name: name.into(), kind });
        VariableId(self.variables.len() as u32 - 1)
    }

    /// A local array, to be defined by a statement. Parameters come before all of them.
    pub fn local_array(&mut self, name: impl Into<String>, kind: ArrayType) -> ArrayId {
        let ArrayType { scalar, access, strides } = kind;
        let rank = strides.len() as u32;
        let footprint = Footprint::Whole;
        let name = name.into();
        self.arrays.push(Array { name, scalar, rank, access, strides, footprint, buffer: false, distinct: false });
        ArrayId(self.arrays.len() as u32 - 1)
    }

    pub fn site(&mut self, site: Site) -> SiteId {
        self.sites.push(site);
        SiteId(self.sites.len() as u32 - 1)
    }

    pub fn scalar_parameter(&mut self, name: impl Into<String>, scalar: ScalarType, role: Role) -> Value {
        let value = self.fresh(scalar, Span::NONE);
        self.parameters.push(Parameter::Scalar { name: name.into(), value, role });
        value
    }

    pub fn array_parameter(&mut self, array: Array) -> ArrayId {
        self.arrays.push(array);
        let id = ArrayId(self.arrays.len() as u32 - 1);
        self.parameters.push(Parameter::Array(id));
        id
    }

    /// Appends `value = expression` to `region`.
    pub fn define(&mut self, region: &mut Region, scalar: ScalarType, span: Span, expression: Expression) -> Value {
        let value = self.fresh(scalar, span);
        region.statements.push(Statement::Let { value, expression });
        value
    }

    pub fn constant(&mut self, region: &mut Region, constant: Constant) -> Value {
        self.define(region, constant.scalar, Span::NONE, Expression::Constant(constant))
    }

    pub fn get(&mut self, region: &mut Region, variable: VariableId) -> Value {
        let scalar = self.variables[variable.index()].scalar();
        self.define(region, scalar, Span::NONE, Expression::Get(variable))
    }

    /// Appends a strict op; panics in debug builds if the operands do not fit it (a fault of the compiler).
    pub fn apply(&mut self, region: &mut Region, op: Op, operands: &[Value]) -> Value {
        let types: Vec<ScalarType> = operands.iter().map(|&operand| self.scalar(operand)).collect();
        let scalar = op.result_type(&types, None);
        debug_assert!(scalar.is_some(), "{} does not take {types:?}", op.name());
        let scalar = scalar.unwrap_or(types[0]);
        let flags = FloatFlags::STRICT;
        self.define(region, scalar, Span::NONE, Expression::Apply { op, operands: operands.to_vec(), flags })
    }

    /// Appends a conversion, or gives `value` back if it has the type already.
    pub fn convert(&mut self, region: &mut Region, value: Value, scalar: ScalarType) -> Value {
        if self.scalar(value) == scalar {
            return value;
        }
        self.unary_to(region, Op::Convert, value, scalar)
    }

    pub fn bitcast(&mut self, region: &mut Region, value: Value, scalar: ScalarType) -> Value {
        self.unary_to(region, Op::Bitcast, value, scalar)
    }

    fn unary_to(&mut self, region: &mut Region, op: Op, value: Value, scalar: ScalarType) -> Value {
        let flags = FloatFlags::STRICT;
        self.define(region, scalar, Span::NONE, Expression::Apply { op, operands: vec![value], flags })
    }
}

impl Variable {
    /// The type of a scalar variable; of an array variable, the type of its elements.
    pub fn scalar(&self) -> ScalarType {
        match &self.kind {
            Kind::Scalar(scalar) => *scalar,
            Kind::Array(array) => array.scalar,
        }
    }
}

impl Region {
    pub fn push(&mut self, statement: Statement) {
        self.statements.push(statement);
    }
}
