//! Where whole functions print: to the process's standard output, unless somebody takes it.

use numbra_front::interp::{Printed, PrintedArray};
use numbra_front::ir::Object;
use numbra_front::ir::told::number;
use numbra_front::types::Constant;
use std::io::Write;
use std::sync::OnceLock;

type Sink = Box<dyn Fn(&Printed) + Send + Sync>;

static SINK: OnceLock<Sink> = OnceLock::new();

/// More elements than this are not shown one by one.
const MOST_ELEMENTS: usize = 1000;
/// Of longer axes so many at both ends.
const EDGE: usize = 3;

/// From now on `sink` is given what functions print, a line at a time, on the thread on which they run. Once per process: gives
/// false if somebody was first.
pub fn set_sink(sink: impl Fn(&Printed) + Send + Sync + 'static) -> bool {
    SINK.set(Box::new(sink)).is_ok()
}

/// Prints a line.
pub fn print(printed: &Printed) {
    match SINK.get() {
        Some(sink) => sink(printed),
        // As in Python's print to a closed pipe there is nobody to be told.
        None => drop(writeln!(std::io::stdout().lock(), "{}", text(printed))),
    }
}

/// A line as it is printed where there is no NumPy.
pub fn text(printed: &Printed) -> String {
    let texts: Vec<String> = printed.objects.iter().map(|object| of_object(object, &printed.arrays, false)).collect();
    texts.join(" ")
}

fn of_object(object: &Object, arrays: &[PrintedArray], inside: bool) -> String {
    match object {
        Object::Array(place) => match arrays.get(*place) {
            Some(array) if inside => format!("array({})", of_array(array, ", ")),
            Some(array) => of_array(array, " "),
            None => object.to_string(),
        },
        Object::Tuple(entries) => {
            let entries: Vec<String> = entries.iter().map(|entry| of_object(entry, arrays, true)).collect();
            let comma = if entries.len() == 1 { "," } else { "" };
            format!("({}{comma})", entries.join(", "))
        }
        other if inside => other.to_string(),
        other => other.text(),
    }
}

/// In brackets, a row to a line; the middle of large ones is left out.
fn of_array(array: &PrintedArray, between: &str) -> String {
    let shorten = array.elements.len() > MOST_ELEMENTS;
    let text = |place: usize| match array.elements.get(place) {
        Some(&bits) => number(Constant { scalar: array.scalar, bits }),
        None => String::new(),
    };
    let mut shown = Vec::new();
    places(&array.shape, 0, shorten, &mut |place| shown.push(text(place)));
    let width = shown.iter().map(String::len).max().unwrap_or(0);
    let mut out = String::new();
    of_axes(
        &array.shape,
        0,
        shorten,
        0,
        between,
        &mut shown.into_iter().map(|text| format!("{text:>width$}")),
        &mut out,
    );
    out
}

/// The indices along an axis that are shown; `None`: some that are not.
fn indices(extent: usize, shorten: bool) -> Vec<Option<usize>> {
    match shorten && extent > 2 * EDGE {
        true => (0..EDGE).map(Some).chain([None]).chain((extent - EDGE..extent).map(Some)).collect(),
        false => (0..extent).map(Some).collect(),
    }
}

fn places(shape: &[usize], first: usize, shorten: bool, note: &mut dyn FnMut(usize)) {
    let Some((&extent, rest)) = shape.split_first() else { return note(first) };
    let step: usize = rest.iter().product();
    for index in indices(extent, shorten).into_iter().flatten() {
        places(rest, first + index * step, shorten, note);
    }
}

fn of_axes(
    shape: &[usize],
    depth: usize,
    shorten: bool,
    number: usize,
    between: &str,
    texts: &mut dyn Iterator<Item = String>,
    out: &mut String,
) {
    let Some((&extent, rest)) = shape.split_first() else {
        out.push_str(&texts.next().unwrap_or_default());
        return;
    };
    if number > 0 {
        out.push_str(&" ".repeat(depth));
    }
    out.push('[');
    for (number, index) in indices(extent, shorten).into_iter().enumerate() {
        if number > 0 {
            match rest.is_empty() {
                true => out.push_str(between),
                false => out.push_str(&format!("{}{}", between.trim_end(), "\n".repeat(rest.len()))),
            }
        }
        match index {
            Some(_) => of_axes(rest, depth + 1, shorten, number, between, texts, out),
            None if rest.is_empty() => out.push_str("..."),
            None => out.push_str(&format!("{}...", " ".repeat(depth + 1))),
        }
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use numbra_front::types::ScalarType;

    fn array(shape: &[usize]) -> PrintedArray {
        let elements = (0..shape.iter().product::<usize>() as u64).collect();
        PrintedArray { scalar: ScalarType::I64, shape: shape.to_vec(), elements }
    }

    #[test]
    fn arrays_are_shown_in_brackets() {
        let shown = |shape: &[usize]| of_array(&array(shape), " ");
        assert_eq!(shown(&[3]), "[0 1 2]");
        assert_eq!(shown(&[]), "0");
        assert_eq!(shown(&[0]), "[]");
        assert_eq!(shown(&[2, 6]), "[[ 0  1  2  3  4  5]\n [ 6  7  8  9 10 11]]");
        assert_eq!(shown(&[2, 1, 2]), "[[[0 1]]\n\n [[2 3]]]");
        assert_eq!(shown(&[2000]), "[   0    1    2 ... 1997 1998 1999]");
    }

    #[test]
    fn a_line_has_spaces_between() {
        let objects = vec![
            Object::Text("x".into()),
            Object::Tuple(vec![Object::Array(0), Object::Text("y".into())]),
            Object::Scalar(Constant::f64(1.0)),
        ];
        assert_eq!(text(&Printed { objects, arrays: vec![array(&[2])] }), "x (array([0, 1]), 'y') 1.0");
    }
}
