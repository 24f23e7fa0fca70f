//! Names like another name: what was perhaps meant.

/// The candidate that is nearest to `name`, where it is near: at most a third of its letters changed.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Longer names are never meant, and the work grows with the square of their length.
    if name.len() > 64 {
        return None;
    }
    let near = candidates.into_iter().map(|candidate| (distance(name, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.chars().count().div_ceil(3)).then_some(candidate)
}

/// How many letters have to be inserted, removed or replaced, whatever their case (Levenshtein's distance).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (number, a) in from.chars().enumerate() {
        let mut diagonal = number;
        let mut left = number.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(&to) {
            let replaced = diagonal.saturating_add(usize::from(!a.eq_ignore_ascii_case(b)));
            diagonal = *cell;
            *cell = replaced.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_where_one_is_near() {
        let names = ["NegateBool", "IsSubsetOf", "JmesPath"];
        assert_eq!(nearest("NegateBol", names), Some("NegateBool"));
        assert_eq!(nearest("jmespath", names), Some("JmesPath"));
        assert_eq!(nearest("ToLower", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(100), names), None);
    }

    #[test]
    fn a_distance_counts_insertions_removals_and_replacements() {
        for (from, to, expected) in [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "SAME", 0)] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }
}
