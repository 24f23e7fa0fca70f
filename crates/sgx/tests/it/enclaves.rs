//! Enclaves as they are built and signed, beside a few lines that do the same again.

use super::programs::{key, sha256};
use abi::sgx::{Attributes, SigStruct};
use num_bigint::BigUint;
use sgx::image::{MeasurementLog, PAGE, PageType, Permissions};
use sgx::sigstruct::{EinitError, EnclaveKey, EnclaveKeyError, EnclaveProperties, einit, sign};
use zerocopy::IntoBytes;

fn properties() -> EnclaveProperties {
    let attributes = |flags: u64, xfrm: u64| Attributes { flags: flags.into(), xfrm: xfrm.into() };
    EnclaveProperties {
        date: 0x2026_1121,
        misc_select: (0, u32::MAX),
        attributes: (attributes(4, 3), attributes(!Attributes::DEBUG, !0)),
        isv_prod_id: 1,
        isv_svn: 2,
        isv_family_id: [0; 16],
        isv_ext_prod_id: [0; 16],
    }
}

#[test]
fn a_measurement_is_the_hash_of_what_was_done() {
    let page: [u8; PAGE] = std::array::from_fn(|at| u8::try_from(at % 251).unwrap());
    let mut log = MeasurementLog::ecreate(1, 0x8000);
    log.eadd(0, PageType::Regular, Permissions { read: true, write: false, execute: true });
    log.eextend(0, &page);
    log.eadd(0x1000, PageType::Tcs, Permissions::default());
    log.eextend(0x1000, &[0; PAGE]);
    // The heap is not measured, only that it is there.
    log.eadd(0x2000, PageType::Regular, Permissions { read: true, write: true, execute: false });

    let mut bytes = Vec::new();
    let mut block = |parts: &[&[u8]]| {
        let mut block = parts.concat();
        block.resize(64, 0);
        bytes.extend(block);
    };
    block(&[b"ECREATE\0", &1_u32.to_le_bytes(), &0x8000_u64.to_le_bytes()]);
    for (offset, flags, contents) in
        [(0_u64, 0x205_u64, Some(page)), (0x1000, 0x100, Some([0; PAGE])), (0x2000, 0x203, None)]
    {
        block(&[b"EADD\0\0\0\0", &offset.to_le_bytes(), &flags.to_le_bytes()]);
        for (number, chunk) in contents.iter().flat_map(|page| page.chunks(256).enumerate()) {
            block(&[b"EEXTEND\0", &(offset + 256 * number as u64).to_le_bytes()]);
            chunk.chunks(64).for_each(|piece| block(&[piece]));
        }
    }
    assert_eq!(log.finish(), sha256(&bytes));
}

#[test]
fn what_is_signed_is_initialised_and_its_signer_is_known() {
    let key = EnclaveKey::from_der(&key("3072", "-3")).unwrap();
    let says = properties();
    let signed = sign(&key, [7; 32], &says).unwrap();
    let (attributes, misc) = (says.attributes.0, 0);
    assert_eq!(einit(&signed, &[7; 32], &attributes, misc), Ok(key.mr_signer()));
    assert_eq!(key.mr_signer(), sha256(&signed.modulus));
    // The processor's own check: with the quotients it needs no division.
    let number = BigUint::from_bytes_le;
    let (s, m) = (number(&signed.signature), number(&signed.modulus));
    let (q1, q2) = (number(&signed.q1), number(&signed.q2));
    let rest = &s * &s - q1 * &m;
    let decrypted = (&s * rest - q2 * &m).to_bytes_be();
    let message = sha256(&signed.signed().concat());
    assert_eq!(decrypted[decrypted.len() - 32..], message);
    assert_eq!((decrypted.len(), decrypted[0]), (383, 1), "PKCS#1 v1.5");
    // Debugging is left open by the mask.
    let debug = Attributes { flags: (4 | Attributes::DEBUG).into(), ..attributes };
    assert_eq!(einit(&signed, &[7; 32], &debug, misc), Ok(key.mr_signer()));
}

#[test]
fn each_check_of_einit_has_its_error() {
    let key = EnclaveKey::from_der(&key("3072", "-3")).unwrap();
    let says = properties();
    let signed = sign(&key, [7; 32], &says).unwrap();
    let (attributes, misc) = (says.attributes.0, 0);
    assert_eq!(einit(&signed, &[8; 32], &attributes, misc), Err(EinitError::InvalidMeasurement));
    let other = Attributes { flags: 0.into(), ..attributes };
    assert_eq!(einit(&signed, &[7; 32], &other, misc), Err(EinitError::InvalidAttribute));
    let other = Attributes { xfrm: 7.into(), ..attributes };
    assert_eq!(einit(&signed, &[7; 32], &other, misc), Err(EinitError::InvalidAttribute));
    assert_eq!(einit(&signed, &[7; 32], &attributes, 1), Err(EinitError::InvalidAttribute));
    // A byte of each field.
    for (at, error) in [
        (0, EinitError::InvalidSigStruct),
        (16, EinitError::InvalidSigStruct),
        (20, EinitError::InvalidSignature),
        (24, EinitError::InvalidSigStruct),
        (40, EinitError::InvalidSignature),
        (44, EinitError::InvalidSigStruct),
        (128, EinitError::InvalidSignature),
        (512, EinitError::InvalidSigStruct),
        (516, EinitError::InvalidSignature),
        (900, EinitError::InvalidSignature),
        (908, EinitError::InvalidSigStruct),
        (912, EinitError::InvalidSigStruct),
        (928, EinitError::InvalidSignature),
        (960, EinitError::InvalidSignature),
        (992, EinitError::InvalidSigStruct),
        (1008, EinitError::InvalidSigStruct),
        (1024, EinitError::InvalidSignature),
        (1026, EinitError::InvalidSignature),
        (1028, EinitError::InvalidSigStruct),
        (1040, EinitError::InvalidSignature),
        (1424, EinitError::InvalidSignature),
    ] {
        let mut changed = signed;
        changed.as_mut_bytes()[at] ^= 1;
        assert_eq!(einit(&changed, &[7; 32], &attributes, misc), Err(error), "byte {at}");
    }
    let mut empty = signed;
    empty.modulus = [0; 384];
    assert_eq!(einit(&empty, &[7; 32], &attributes, misc), Err(EinitError::InvalidSignature));
    let codes = [EinitError::InvalidSigStruct, EinitError::InvalidAttribute, EinitError::InvalidMeasurement];
    assert_eq!(codes.map(EinitError::eax), [1, 2, 4]);
    assert_eq!((EinitError::InvalidSignature.eax(), SigStruct::SIZE), (8, 1808));
}

#[test]
fn other_keys_sign_no_enclaves() {
    assert!(matches!(EnclaveKey::from_der(b"key"), Err(EnclaveKeyError::Encoding)));
    assert!(matches!(EnclaveKey::from_der(&key("2048", "-3")), Err(EnclaveKeyError::Length(2048))));
    assert!(matches!(EnclaveKey::from_der(&key("3072", "-F4")), Err(EnclaveKeyError::Exponent)));
}
