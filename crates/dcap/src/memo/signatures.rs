//! Signatures that were verified, so that each is computed once.

use crate::memo::facts::{Facts, fact};
use crate::pki::ecdsa::Key;

/// Signatures that hold. Those of certificate authorities and of quoting enclaves come again and again.
pub(crate) struct Signatures(Facts<()>);

/// What encodes a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// r then s, 32 bytes each, big-endian.
    Raw,
    /// DER, as certificates carry it.
    Der,
}

impl Signatures {
    /// Room for about so many.
    pub(crate) fn new(room: usize) -> Self {
        Self(Facts::new(room))
    }

    /// Remembers nothing.
    pub(crate) fn none() -> Self {
        Self::new(0)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `signature` is the key's over the message: remembered, or computed and then remembered.
    pub(crate) fn signed(&self, key: &Key, message: &[u8], signature: &[u8], encoding: Encoding) -> bool {
        let name: &[u8] = match encoding {
            Encoding::Raw => b"raw signature",
            Encoding::Der => b"DER signature",
        };
        let remembered = self.0.recall(|| fact(name, &[key.point(), message, signature]));
        if remembered.value.is_some() {
            return true;
        }
        let is_signed = match encoding {
            Encoding::Raw => signature.try_into().is_ok_and(|raw| key.verifies_raw(message, raw)),
            Encoding::Der => key.verifies_der(message, signature),
        };
        if is_signed {
            remembered.keep(());
        }
        is_signed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_that_does_not_verify_is_not_remembered() {
        let key = simulator::EcdsaKey::generate().unwrap();
        let public = Key::new(key.point().try_into().unwrap());
        let signature = key.sign(b"message").unwrap();
        let memory = Signatures::new(16);
        for _ in 0..2 {
            assert!(!memory.signed(&public, b"massage", &signature, Encoding::Raw));
            assert!(!memory.signed(&public, b"message", &signature, Encoding::Der));
        }
        assert_eq!(memory.len(), 0);
        for _ in 0..2 {
            assert!(memory.signed(&public, b"message", &signature, Encoding::Raw));
        }
        assert_eq!(memory.len(), 1);
        // A remembered signature vouches for nothing else.
        assert!(!memory.signed(&public, b"massage", &signature, Encoding::Raw));
        assert!(!memory.signed(&public, b"message", &signature, Encoding::Der));
        assert!(!memory.signed(&public, b"message", &signature[..63], Encoding::Raw));
    }
}
