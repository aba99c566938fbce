//! Functions specialized for the types of their arguments, each typed once; and those that call themselves.
//!
//! While a function is being typed, a call of the very same instance gives the type that is assumed for its result. As
//! long as nothing is assumed the call ends its way ([`Error::Diverges`]): what the other ways return is the first
//! assumption, and the function is typed again until it returns what was assumed. What was typed on the way leans on
//! the assumption, and is typed again with it.

use super::closures::Form;
use super::item::ItemType;
use super::prelude;
use super::program::{TypedProgram, Unit};
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::FunctionDefinition;
use std::collections::HashMap;

/// Functions calling functions, at most.
const MOST_NESTED_CALLS: usize = 40;

/// A function specialized for the types of its arguments.
#[derive(Debug, Clone)]
pub struct Instance {
    pub name: String,
    pub result: ItemType,
}

/// A function of `unit` for arguments of these forms.
pub struct Wanted<'t, 'a> {
    pub unit: Unit<'t>,
    pub definition: &'t FunctionDefinition,
    pub arguments: &'a [ItemType],
    /// What it takes from the function around it.
    pub around: &'a [(&'t str, Form<'t>)],
    /// Its type, if a signature declares it.
    pub result: Option<ItemType>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key<'t> {
    /// By its address.
    function: *const FunctionDefinition,
    arguments: Vec<ItemType>,
    /// What it takes from the function around it.
    around: Vec<(&'t str, Form<'t>)>,
    /// Declared by a signature.
    result: Option<ItemType>,
}

/// The instances that there are, and those that are being typed.
#[derive(Default)]
pub struct Instances<'t> {
    done: HashMap<Key<'t>, Done>,
    active: Vec<Active<'t>>,
    /// Those of `done` that lean on what is assumed of an active one, in the order in which they were done.
    leaning: Vec<Key<'t>>,
    /// The place and the name of each, which it keeps when it is typed again.
    reserved: HashMap<Key<'t>, (usize, String)>,
}

struct Done {
    instance: Instance,
    /// The outermost active instance on whose assumed result it leans.
    leans_on: Option<usize>,
    /// How many instances were active when it was begun.
    since: usize,
}

struct Active<'t> {
    key: Key<'t>,
    name: String,
    assumed: Option<ItemType>,
    /// It was called while being typed.
    called: bool,
    leans_on: Option<usize>,
    /// Something was called, by it or below, of which nothing is known yet.
    waits: bool,
}

impl<'t> Instances<'t> {
    /// The innermost instance is typed, perhaps once more, with `assumed` as its result. What leaned on it is forgotten.
    pub fn assume(&mut self, assumed: Option<ItemType>) {
        let Some(place) = self.active.len().checked_sub(1) else { return };
        let active = &mut self.active[place];
        (active.assumed, active.called, active.waits) = (assumed, false, false);
        // What was done since it became active, and leans on it or on one further out, was done under other assumptions.
        let (done, leaning) = (&mut self.done, &mut self.leaning);
        while leaning.last().is_some_and(|key| done.get(key).is_some_and(|done| done.since > place)) {
            if let Some(key) = leaning.pop() {
                done.remove(&key);
            }
        }
    }

    /// Whether the innermost instance was called since [`Instances::assume`].
    pub fn was_called(&self) -> bool {
        self.active.last().is_some_and(|active| active.called)
    }

    /// Whether the innermost instance called, since [`Instances::assume`], what one further out has yet to give a type.
    pub fn waits(&self) -> bool {
        self.active.last().is_some_and(|active| active.waits)
    }

    /// An instance that is being typed was called, or one that leans on it.
    fn lean(&mut self, place: usize) {
        for active in &mut self.active[place + 1..] {
            active.leans_on = Some(active.leans_on.map_or(place, |other| other.min(place)));
        }
    }
}

impl<'t> TypedProgram<'t> {
    /// The function that is wanted, typed now if it was not yet. `call`: where it is called, and from which unit, for
    /// messages.
    ///
    /// # Errors
    /// [`Error::Diverges`] if it is being typed, and what it returns is not known yet.
    pub fn instance(&mut self, wanted: &Wanted<'t, '_>, caller: Unit<'t>, call: Span) -> Result<Instance> {
        let &Wanted { unit, definition, arguments, around, ref result } = wanted;
        let (arguments, around, result) = (arguments.to_vec(), around.to_vec(), result.clone());
        let key = Key { function: definition, arguments, around, result };
        if let Some(done) = self.instances.done.get(&key) {
            let (instance, leans_on) = (done.instance.clone(), done.leans_on);
            if let Some(place) = leans_on {
                self.instances.lean(place);
            }
            return Ok(instance);
        }
        if let Some(instance) = self.recursive(&key, unit, definition, caller, call)? {
            return Ok(instance);
        }
        let here = |message: String| Mistake::new(ErrorClass::Unsupported, &caller.module.source, call, message);
        if self.instances.active.len() >= MOST_NESTED_CALLS {
            return Err(here(format!("calls are nested more than {MOST_NESTED_CALLS} deep"))
                .help("put the work of some functions into their callers")
                .into());
        }
        let (index, name) = match self.instances.reserved.get(&key) {
            Some(reserved) => reserved.clone(),
            None => {
                let name = match unit.prelude {
                    Some(file) => prelude::function_name(file, &definition.name),
                    None => definition.name.clone(),
                };
                let reserved = self.reserve(&name);
                self.instances.reserved.insert(key.clone(), reserved.clone());
                reserved
            }
        };
        let place = self.instances.active.len();
        let active =
            Active { key: key.clone(), name: name.clone(), assumed: None, called: false, leans_on: None, waits: false };
        self.instances.active.push(active);
        let typed = Typer::helper(self, wanted, &name);
        let leans_on = self.instances.active.pop().and_then(|active| active.leans_on);
        let (function, result) = typed?;
        self.define(index, function);
        let instance = Instance { name, result };
        if leans_on.is_none() {
            // What leaned on this one was done under its final assumption.
            let Instances { done, leaning, .. } = &mut self.instances;
            while leaning.last().is_some_and(|key| done.get(key).is_some_and(|done| done.since > place)) {
                if let Some(done) = leaning.pop().and_then(|key| done.get_mut(&key)) {
                    done.leans_on = None;
                }
            }
        } else {
            self.instances.leaning.push(key.clone());
        }
        self.instances.done.insert(key, Done { instance: instance.clone(), leans_on, since: place });
        Ok(instance)
    }

    /// The instance, if it is being typed.
    fn recursive(
        &mut self,
        key: &Key<'t>,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        caller: Unit<'t>,
        call: Span,
    ) -> Result<Option<Instance>> {
        let host = self.host && unit.prelude.is_none();
        let same = |active: &Active| match host {
            true => active.key == *key,
            false => std::ptr::eq(active.key.function, definition),
        };
        let Some(place) = self.instances.active.iter().position(same) else { return Ok(None) };
        if !host {
            let message = format!("recursion: '{}' calls itself", definition.name);
            return Err(Mistake::new(ErrorClass::Unsupported, &caller.module.source, call, message)
                .help("write it as a loop; GPUs have no recursion")
                .into());
        }
        self.instances.lean(place);
        let active = &mut self.instances.active[place];
        active.called = true;
        match &active.assumed {
            Some(result) => Ok(Some(Instance { name: active.name.clone(), result: result.clone() })),
            None => {
                self.instances.active[place + 1..].iter_mut().for_each(|active| active.waits = true);
                Err(Error::Diverges)
            }
        }
    }

    /// The kernel itself takes part in the search for recursion.
    pub fn enter_kernel(&mut self, definition: &'t FunctionDefinition) {
        let key = Key { function: definition, arguments: Vec::new(), around: Vec::new(), result: None };
        let name = definition.name.clone();
        self.instances.active.push(Active { key, name, assumed: None, called: false, leans_on: None, waits: false });
    }
}
