//! The nearest known word to one that is not known.

/// Letters that may differ at most: more than this apart, and it is another word.
const DISTANCE_MAX: usize = 3;

/// The known word that `found` was most likely meant to be.
#[must_use]
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = DISTANCE_MAX.min(found.chars().count().div_ceil(2));
    known
        .iter()
        .map(|word| (distance(found, word), *word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

/// The end of a sentence about a word that is not known: the nearest known one, or all of them.
#[must_use]
pub fn meant(found: &str, known: &[&str]) -> String {
    match (nearest(found, known), known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "expected none".to_owned(),
        (None, [one]) => format!("expected `{one}`"),
        (None, _) => format!("expected one of `{}`", known.join("`, `")),
    }
}

/// Insertions, deletions, substitutions and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // Rows of the last two letters of `a` and of this one; a swap looks two back.
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let substituted = last[j] + usize::from(a[i] != b[j]);
            let mut least = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && (a[i], a[i - 1]) == (b[j - 1], b[j]) {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
        assert_eq!(nearest("uint", &["min", "unit"]), Some("unit"), "neighbours are swapped");
        check("", None);
    }
}
