//! Kernel text, parsed, and the kernels in it.

use crate::error::{Error, Result};
use crate::stencil::Stencil;
use crate::ufunc::Vectorize;
use numbra_front::error::{Class, Mistake};
use numbra_front::source::Source;
use numbra_front::syntax::declaration::{self, Declaration, Kind};
use numbra_front::syntax::{python, tree};
use std::sync::Arc;

/// A file of kernels.
#[derive(Debug, Clone)]
pub struct Program {
    module: Arc<tree::Module>,
}

/// A kernel of a program, as its decorator declares it.
#[derive(Debug)]
pub enum Kernel {
    Vectorize(Vectorize),
    Stencil(Stencil),
}

impl Program {
    /// Parses kernel text (Python syntax). `name` is what messages call it.
    pub fn parse(name: &str, text: &str) -> Result<Program> {
        Ok(Program { module: Arc::new(python::parse(&Source::new(name, text))?) })
    }

    pub fn module(&self) -> &Arc<tree::Module> {
        &self.module
    }

    /// The names of the kernels: functions that carry `vectorize` or `stencil`.
    pub fn kernels(&self) -> Vec<String> {
        let is_kernel = |function: &&tree::FunctionDefinition| {
            matches!(
                declaration::read(&self.module, function),
                Ok(Declaration { kind: Kind::Vectorize { .. } | Kind::Stencil(_), .. })
            )
        };
        self.module.functions.iter().filter(is_kernel).map(|function| function.name.clone()).collect()
    }

    /// The kernel of that name.
    pub fn kernel(&self, name: &str) -> Result<Kernel> {
        let Some(function) = self.module.function(name) else {
            let known = self.kernels();
            let help = if known.is_empty() {
                "the file has no kernels: put @vectorize or @stencil before a function".to_string()
            } else {
                format!("the kernels of the file are: {}", known.join(", "))
            };
            return Err(Error::call_with_help(format!("there is no kernel '{name}' in {}", self.module.source.name), help));
        };
        let declaration = declaration::read(&self.module, function)?;
        Ok(match &declaration.kind {
            Kind::Vectorize { .. } => Kernel::Vectorize(Vectorize::new(self.module.clone(), name, declaration)),
            Kind::Stencil(_) => Kernel::Stencil(Stencil::new(self.module.clone(), name, declaration)?),
            Kind::Function => {
                let message = format!("'{name}' is a helper, not a kernel");
                let mistake = Mistake::new(Class::Type, &self.module.source, function.name_span, message)
                    .help("put @vectorize or @stencil before it to run it over arrays");
                return Err(numbra_front::Error::from(mistake).into());
            }
        })
    }
}
