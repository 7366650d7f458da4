//! "Did you mean": the nearest valid name to one that is unknown.

/// The candidate nearest to `name`, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(name);
    candidates
        .into_iter()
        .map(|candidate| (score(&wanted, &fold(candidate)), candidate))
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// ``did you mean `units`? `` and the whole list of valid names, as the end of a sentence.
pub fn suggestion(name: &str, candidates: &[&str]) -> String {
    let list = candidates
        .iter()
        .map(|candidate| format!("`{candidate}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match nearest(name, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? Valid here: {list}"),
        None => format!("valid here: {list}"),
    }
}

/// 1 for the same text, 0 for nothing in common. A part of the name
/// counts as near, since people write `batch` for `batch_size`.
fn score(a: &str, b: &str) -> f64 {
    let edit = strsim::normalized_damerau_levenshtein(a, b);
    let shorter = a.len().min(b.len());
    if shorter >= 3 && (a.contains(b) || b.contains(a)) {
        edit.max(0.75)
    } else {
        edit
    }
}

/// `Batch-Size`, `batchSize` and `batch_size` are the same slip.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name_and_nonsense_finds_none() {
        let keys = ["units", "activation", "use_bias", "batch_size", "epochs"];
        for (slip, name) in [
            ("unit", "units"),
            ("activaton", "activation"),
            ("useBias", "use_bias"),
            ("batch", "batch_size"),
            ("epoch", "epochs"),
        ] {
            assert_eq!(nearest(slip, keys), Some(name), "{slip}");
        }
        assert_eq!(nearest("zzz", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn the_suggestion_lists_every_name() {
        assert_eq!(
            suggestion("unit", &["units", "rate"]),
            "did you mean `units`? Valid here: `units`, `rate`"
        );
        assert_eq!(suggestion("q", &["units"]), "valid here: `units`");
    }
}
