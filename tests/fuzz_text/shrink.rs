//! The smallest text or file that still fails, by leaving out ever smaller stretches.

/// Lines, then characters, are left out while `fails` says so.
pub fn text(text: &str, fails: &mut dyn FnMut(&str) -> bool) -> String {
    let mut budget = 3000;
    let lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    let lines = less(lines, &mut budget, &mut |lines: &[String]| fails(&lines.concat()));
    let characters: Vec<char> = lines.concat().chars().collect();
    let characters =
        less(characters, &mut budget, &mut |characters: &[char]| fails(&characters.iter().collect::<String>()));
    characters.into_iter().collect()
}

pub fn bytes(bytes: &[u8], fails: &mut dyn FnMut(&[u8]) -> bool) -> Vec<u8> {
    less(bytes.to_vec(), &mut 3000, fails)
}

/// Leaves out stretches of items, from half of all to single ones, until none can be missed or the budget is spent.
fn less<T: Clone>(mut items: Vec<T>, budget: &mut usize, fails: &mut dyn FnMut(&[T]) -> bool) -> Vec<T> {
    let mut length = items.len().div_ceil(2);
    while length > 0 {
        let mut start = 0;
        let before = items.len();
        while start < items.len() && *budget > 0 {
            let end = (start + length).min(items.len());
            let without = [&items[..start], &items[end..]].concat();
            *budget -= 1;
            if fails(&without) {
                items = without;
            } else {
                start = end;
            }
        }
        if items.len() == before || length > 1 {
            length = if length == 1 { 0 } else { length.div_ceil(2) };
        }
    }
    items
}
