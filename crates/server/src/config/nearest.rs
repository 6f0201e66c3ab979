//! The nearest known key to one that is not known.

/// Letters that may differ at most for a key to count as meant.
const DISTANCE_MAX: usize = 3;

/// The known key that `found` was most likely meant to be.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = DISTANCE_MAX.min(found.chars().count().div_ceil(2));
    known
        .iter()
        .map(|key| (distance(found, key), *key))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, key)| key)
}

/// Insertions, deletions and substitutions between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_understood_and_another_word_is_not() {
        let check = |found, expected| {
            assert_eq!(nearest(found, &["listen", "data", "timeouts"]), expected, "{found}");
        };
        check("lisen", Some("listen"));
        check("dat", Some("data"));
        check("timeout", Some("timeouts"));
        check("colour", None);
        check("", None);
    }
}
