//! Fills `{{name}}` in a template.

use zeroize::Zeroizing;

/// The template with each `{{name}}` replaced by its value; one that has none is left out.
///
/// Wiped when dropped, for a value may be a key; allocated once, so that no copy stays behind.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> Zeroizing<String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, (name, behind))) = rest
        .split_once("{{")
        .and_then(|(text, behind)| Some((text, behind.split_once("}}")?)))
    {
        pieces.push(text);
        pieces.extend(
            values
                .iter()
                .find_map(|(known, value)| (*known == name).then_some(*value)),
        );
        rest = behind;
    }
    pieces.push(rest);
    Zeroizing::new(pieces.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_filled_and_all_else_stays() {
        let values = [("a", "1"), ("b", "{{a}}")];
        for (template, filled) in [
            ("", ""),
            ("plain {a} }}\n", "plain {a} }}\n"),
            ("{{a}}", "1"),
            ("x: {{a}}{{a}}\ny: {{b}}\n", "x: 11\ny: {{a}}\n"),
            ("{{unknown}}.", "."),
            ("status: {{", "status: {{"),
        ] {
            assert_eq!(*fill(template, &values), filled);
        }
    }
}
