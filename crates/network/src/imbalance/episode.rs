//! Episodes, and what is true of the next steps.

use std::ops::Range;

/// Fewest hot steps that are an episode: one alone is a spike.
pub const LENGTH_MIN: usize = 2;

/// The maximal runs of at least [`LENGTH_MIN`] hot steps, in order.
#[must_use]
pub fn episodes(hot: &[bool]) -> Vec<Range<usize>> {
    let mut at = 0;
    let runs = hot.chunk_by(|one, next| one == next).map(|run| {
        at += run.len();
        (run[0], at - run.len()..at)
    });
    runs.filter(|(is_hot, run)| *is_hot && run.len() >= LENGTH_MIN).map(|(_, run)| run).collect()
}

/// For each of `steps` steps, whether one of the `horizon` steps after it is in an episode.
#[must_use]
pub fn present(episodes: &[Range<usize>], steps: usize, horizon: usize) -> Vec<bool> {
    let mut present = vec![false; steps];
    for episode in episodes {
        let last = episode.end.saturating_sub(1).min(steps);
        present[episode.start.saturating_sub(horizon).min(last)..last].fill(true);
    }
    present
}

/// For each step, whether an episode begins within the `horizon` steps after it; `None` where the step is hot.
#[must_use]
pub fn onset(episodes: &[Range<usize>], hot: &[bool], horizon: usize) -> Vec<Option<bool>> {
    let mut begins = vec![false; hot.len()];
    for episode in episodes {
        begins[episode.start.saturating_sub(horizon)..episode.start].fill(true);
    }
    begins.into_iter().zip(hot).map(|(begins, hot)| (!hot).then_some(begins)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hot(pattern: &str) -> Vec<bool> {
        pattern.chars().map(|step| step == '#').collect()
    }

    #[test]
    fn a_single_hot_step_is_no_episode() {
        let check = |pattern: &str, expected: &[(usize, usize)]| {
            let found: Vec<(usize, usize)> =
                episodes(&hot(pattern)).iter().map(|run| (run.start, run.end)).collect();
            assert_eq!(found, expected, "{pattern}");
        };
        check("", &[]);
        check("..#..", &[]);
        check(".##..###", &[(1, 3), (5, 8)]);
        check("##", &[(0, 2)]);
    }

    #[test]
    fn onset_is_not_asked_while_hot() {
        let hot = hot("....##..#");
        let found = onset(&episodes(&hot), &hot, 2);
        let (no, yes) = (Some(false), Some(true));
        assert_eq!(found, [no, no, yes, yes, None, None, no, no, None]);
        let found = present(&episodes(&hot), hot.len(), 2);
        assert_eq!(found, [false, false, true, true, true, false, false, false, false]);
    }

    proptest! {
        #[test]
        fn both_questions_mean_what_they_say(
            hot in proptest::collection::vec(any::<bool>(), 0..40), horizon in 1_usize..6
        ) {
            let episodes = episodes(&hot);
            let (present, onset) = (present(&episodes, hot.len(), horizon), onset(&episodes, &hot, horizon));
            for t in 0..hot.len() {
                let ahead = t + 1..(t + 1 + horizon);
                let inside = ahead.clone().any(|step| episodes.iter().any(|e| e.contains(&step)));
                prop_assert_eq!(present[t], inside);
                let begins = episodes.iter().any(|episode| ahead.contains(&episode.start));
                prop_assert_eq!(onset[t], (!hot[t]).then_some(begins));
            }
        }
    }
}
