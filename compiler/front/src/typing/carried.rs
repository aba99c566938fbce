//! Names that live in variables while code is emitted that may run several times, or stop anywhere: the body of a loop, and that
//! of a `try`.
//!
//! The variable's type is assumed from what the name is before; if something wider is stored, the code is emitted again.

use super::environment::{Environment, Slot, unify};
use super::item::{Item, ItemType};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::source::Span;

/// The names that such code assigns and that are read later.
#[derive(Default)]
pub struct Carried<'t> {
    pub names: Vec<Name<'t>>,
    /// Something was stored that its variable cannot hold: emit again.
    changed: bool,
    /// Whether what does not fit together is a mistake; otherwise the name means nothing definite.
    in_loop: bool,
}

pub struct Name<'t> {
    pub name: &'t str,
    pub state: State<'t>,
    /// What the name is at the head of a loop's body.
    pub head: Option<Item<'t>>,
}

#[derive(Clone)]
pub enum State<'t> {
    /// Undefined before; nothing has been stored yet.
    Undefined,
    Variable(ItemType, Slot),
    /// Something that no variable holds (a lambda, an array of a kernel), the same all the time.
    Fixed(Item<'t>),
    Mixed(String),
}

/// What was found of a name so far.
#[derive(Default, Clone)]
pub struct Form {
    item_type: Option<ItemType>,
    /// Why it has no form.
    mixed: Option<String>,
}

impl<'t> Typer<'t, '_> {
    /// The forms that names have now.
    pub fn forms_of(&self, names: &[&'t str]) -> Vec<Form> {
        let form = |name: &&'t str| self.environment.get(name).and_then(|item| self.item_type(item));
        names.iter().map(|name| Form { item_type: form(name), mixed: None }).collect()
    }

    /// Sets the variables before the code that assigns the names.
    pub fn carry(
        &mut self,
        names: &[&'t str],
        found: &[Form],
        entry: &Environment<'t>,
        in_loop: bool,
        span: Span,
    ) -> Result<Carried<'t>> {
        let mut carried = Carried { names: Vec::new(), changed: false, in_loop };
        for (place, &name) in names.iter().enumerate() {
            let before = entry.get(name);
            let state = match (&found[place].item_type, &found[place].mixed, before) {
                (_, Some(why), _) => State::Mixed(why.clone()),
                (Some(item_type), _, _) => {
                    let slot = self.slot(name, item_type);
                    self.store(&slot, before, span)?;
                    State::Variable(item_type.clone(), slot)
                }
                (None, None, Some(item)) => State::Fixed(item.clone()),
                (None, None, None) => State::Undefined,
            };
            carried.names.push(Name { name, state, head: None });
        }
        Ok(carried)
    }

    /// What the names are behind the code, or at any moment of it.
    pub fn load_names(&mut self, carried: &Carried<'t>, span: Span) {
        for name in &carried.names {
            let item = match &name.state {
                State::Variable(_, slot) => self.load(slot, span),
                State::Fixed(item) => item.clone(),
                State::Mixed(why) => Item::Mixed(why.clone()),
                State::Undefined => continue,
            };
            self.environment.insert(name.name, item);
        }
    }

    /// What names mean now goes into their variables.
    pub fn store_names(&mut self, carried: &mut Carried<'t>, span: Span) -> Result<()> {
        (0..carried.names.len()).try_for_each(|place| self.store_name(carried, place, span))
    }

    pub fn store_name(&mut self, all: &mut Carried<'t>, place: usize, span: Span) -> Result<()> {
        let carried = &mut all.names[place];
        let Some(item) = self.environment.get(carried.name).cloned() else { return Ok(()) };
        if carried.head.as_ref().is_some_and(|head| head.same(&item)) {
            return Ok(());
        }
        match (&carried.state, self.item_type(&item)) {
            (State::Mixed(_), _) => {}
            (State::Undefined, Some(item_type)) => {
                let item_type = match item_type {
                    maybe @ ItemType::Maybe(_) => maybe,
                    other if self.is_host() => ItemType::Maybe(Box::new(other)),
                    other => other,
                };
                let slot = Slot::Tuple(Vec::new());
                carried.state = State::Variable(item_type, slot);
                all.changed = true;
            }
            (State::Variable(item_type, slot), Some(stored)) => {
                let common = unify(self.unit.rules, item_type, &stored);
                if common.is_none() && !all.in_loop {
                    let why = format!("'{}' is {item_type} at one moment and {stored} at another", carried.name);
                    carried.state = State::Mixed(why);
                    all.changed = true;
                    return Ok(());
                }
                let Some(common) = common else {
                    let message = format!("cannot unify {item_type} and {stored} for '{}' in a loop", carried.name);
                    let help = "give the name one type, for example by a cast before the loop";
                    return Err(self.mistake(ErrorClass::Type, span, message).help(help).into());
                };
                if common != *item_type {
                    carried.state = State::Variable(common, slot.clone());
                    all.changed = true;
                } else if !all.changed {
                    let slot = slot.clone();
                    self.store(&slot, Some(&item), span)?;
                }
            }
            _ => {
                let before = carried.head.as_ref().map_or("undefined".to_string(), Item::describe);
                let (name, now) = (carried.name, item.describe());
                carried.state =
                    State::Mixed(format!("'{name}' is {before} at one turn of the loop and {now} at another"));
                all.changed = true;
            }
        }
        Ok(())
    }
}

impl Carried<'_> {
    /// Takes over the forms that turned out to be needed. Gives back whether there are any.
    pub fn widen(&self, found: &mut [Form]) -> bool {
        // First the types of names that the code itself defines: what was assumed for them may have widened others.
        let mut defined = false;
        for (name, form) in self.names.iter().zip(found.iter_mut()) {
            if let (None, State::Variable(item_type, _)) = (&form.item_type, &name.state) {
                form.item_type = Some(item_type.clone());
                defined = true;
            }
        }
        if defined {
            return true;
        }
        let literals =
            found.iter().filter_map(|form| form.item_type.as_ref()).any(|item_type| item_type.settled() != *item_type);
        if !self.changed && !literals {
            return false;
        }
        for (name, form) in self.names.iter().zip(found) {
            match &name.state {
                State::Variable(item_type, _) if self.changed => form.item_type = Some(item_type.clone()),
                // Literals that met no type take the types that they have by themselves.
                State::Variable(item_type, _) => form.item_type = Some(item_type.settled()),
                State::Mixed(why) => form.mixed = Some(why.clone()),
                State::Undefined | State::Fixed(_) => {}
            }
        }
        true
    }
}
