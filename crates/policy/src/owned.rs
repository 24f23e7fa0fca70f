//! Names that the caller speaks for and no rule may issue.

/// Exact names and prefixes, compared without regard to ASCII case.
#[derive(Clone, Copy, Debug)]
pub struct OwnedNames {
    exact: &'static [&'static str],
    prefixes: &'static [&'static str],
}

impl OwnedNames {
    /// Owns these names, and every name that begins with one of these prefixes.
    pub const fn new(exact: &'static [&'static str], prefixes: &'static [&'static str]) -> Self {
        Self { exact, prefixes }
    }

    /// Whether no rule may issue a claim of that name.
    pub fn owns(&self, name: &str) -> bool {
        let begins = |prefix: &&str| {
            name.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        self.exact.iter().any(|owned| name.eq_ignore_ascii_case(owned)) || self.prefixes.iter().any(begins)
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
}
