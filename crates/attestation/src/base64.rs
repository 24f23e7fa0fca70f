//! Base64 as clients send it: the URL alphabet with or without padding, and the standard one.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

const LENIENT_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT_PADDING);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT_PADDING);

/// Decodes any of the three spellings; mixing both alphabets is no spelling.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    // Without a look for which it is: most are of the first, and a text of both is of neither.
    URL.decode(text).or_else(|_| STANDARD.decode(text)).ok()
}

/// Encodes as tokens carry it: URL alphabet, no padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_say_the_same() {
        for text in ["-_8", "-_8=", "+/8=", "+/8"] {
            assert_eq!(decode(text), Some(vec![0xfb, 0xff]), "{text}");
        }
    }

    #[test]
    fn rejects_mixed_alphabets_wrong_lengths_loose_bits_and_white_space() {
        for text in ["-/8=", "A", "-_9", "-_8==", " -_8", "-_8\n", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
