//! Names that the caller speaks for: a rule that issues one is refused, or its claim is withheld.

/// Exact names and prefixes, compared without regard to ASCII case.
#[derive(Clone, Copy, Debug)]
pub struct OwnedNames {
    exact: &'static [&'static str],
    prefixes: &'static [&'static str],
    withheld: &'static [&'static str],
}

impl OwnedNames {
    /// Owns these names, and every name that begins with one of these prefixes.
    pub const fn new(exact: &'static [&'static str], prefixes: &'static [&'static str]) -> Self {
        Self { exact, prefixes, withheld: &[] }
    }

    /// Owns these names too, but withholds them instead of refusing the rule: rules may issue them, and no permit has them.
    #[must_use]
    pub const fn withholding(self, names: &'static [&'static str]) -> Self {
        Self { withheld: names, ..self }
    }

    /// Whether rules may issue a claim of that name and no permit ever has it.
    pub fn withholds(&self, name: &str) -> bool {
        self.withheld.iter().any(|withheld| name.eq_ignore_ascii_case(withheld))
    }

    /// Whether the caller alone speaks for that name.
    pub fn owns(&self, name: &str) -> bool {
        let begins = |prefix: &&str| {
            name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        self.exact.iter().any(|owned| name.eq_ignore_ascii_case(owned))
            || self.prefixes.iter().any(begins)
            || self.withholds(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_owned_exactly_or_by_prefix_whatever_their_case() {
        let owned = OwnedNames::new(&["iss"], &["x-ms-sgx-"]);
        for name in ["iss", "ISS", "x-ms-sgx-", "X-Ms-Sgx-svn"] {
            assert!(owned.owns(name), "{name}");
        }
        for name in ["", "issuer", "x-ms-sg", "ä-ms-sgx-svn"] {
            assert!(!owned.owns(name), "{name}");
        }
    }

    #[test]
    fn withheld_names_are_owned_in_any_case_and_only_exactly() {
        let owned = OwnedNames::new(&["iss"], &["aas-"]).withholding(&["aas-ehd", "ver"]);
        for name in ["aas-ehd", "AAS-EHD", "Ver"] {
            assert!(owned.withholds(name) && owned.owns(name), "{name}");
        }
        for name in ["aas-ehd2", "iss", "version"] {
            assert!(!owned.withholds(name), "{name}");
        }
        assert!(owned.owns("aas-ehd2") && !owned.owns("version"));
    }
}
