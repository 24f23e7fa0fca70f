//! What each key depends on, in the layout of the simulation mode of Intel's SDK. A device of its own secrets has the same layout:
//! which fields are in it is what matters, and there they are those of the processor.

use abi::sgx::{Attributes, KeyRequest};
use sgx::Secs;
use zerocopy::IntoBytes;

/// The bytes that a key is derived over.
pub(super) struct Derivation {
    bytes: [u8; 280],
    length: usize,
}

/// The target of a report.
pub(super) struct Target<'a> {
    pub(super) mr_enclave: &'a [u8; 32],
    pub(super) attributes: &'a Attributes,
    pub(super) misc_select: u32,
    pub(super) config_id: &'a [u8; 64],
    pub(super) config_svn: u16,
}

impl Derivation {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// 280 bytes: what the policy selects, the owner epoch, the KEYID.
    pub(super) fn seal(enclave: &Secs, request: &KeyRequest, owner_epoch: &[u8; 16]) -> Self {
        let policy = request.key_policy.get();
        let selected = |bit: u16| policy & bit != 0;
        let mut derivation = Self::masked(280, KeyRequest::SEAL, enclave, request);
        derivation.put(2, &policy.to_le_bytes());
        derivation.put(48, owner_epoch);
        derivation.put(64, &request.cpu_svn);
        derivation.put(80, request.isv_svn.as_bytes());
        if !selected(KeyRequest::NOISVPRODID) {
            derivation.put(82, &enclave.isv_prod_id.to_le_bytes());
        }
        derivation.put(84, request.config_svn.as_bytes());
        derivation.put_where(selected(KeyRequest::CONFIGID), 86, &enclave.config_id);
        derivation.put_where(selected(KeyRequest::ISVFAMILYID), 150, &enclave.isv_family_id);
        derivation.put_where(selected(KeyRequest::ISVEXTPRODID), 166, &enclave.isv_ext_prod_id);
        derivation.put_where(selected(KeyRequest::MRENCLAVE), 182, &enclave.mr_enclave);
        derivation.put_where(selected(KeyRequest::MRSIGNER), 214, &enclave.mr_signer);
        derivation.put(246, &request.key_id);
        derivation
    }

    /// 192 bytes: the target; `at` is the CPUSVN and the KEYID.
    pub(super) fn report(target: &Target<'_>, at: (&[u8; 16], &[u8; 32]), owner_epoch: &[u8; 16]) -> Self {
        let mut derivation = Self::of(192, KeyRequest::REPORT);
        derivation.put(8, target.attributes.as_bytes());
        derivation.put(24, &target.misc_select.to_le_bytes());
        derivation.put(28, owner_epoch);
        derivation.put(44, target.mr_enclave);
        derivation.put(76, at.0);
        derivation.put(92, &target.config_svn.to_le_bytes());
        derivation.put(94, target.config_id);
        derivation.put(158, at.1);
        derivation
    }

    /// 128 bytes.
    pub(super) fn einittoken(enclave: &Secs, request: &KeyRequest, owner_epoch: &[u8; 16]) -> Self {
        let mut derivation = Self::of(128, KeyRequest::EINITTOKEN);
        derivation.put(8, attributes(enclave, request).as_bytes());
        derivation.put(24, &misc_select(enclave, request).to_le_bytes());
        derivation.put(28, owner_epoch);
        derivation.put(44, &request.cpu_svn);
        derivation.put(60, request.isv_svn.as_bytes());
        derivation.put(62, &enclave.isv_prod_id.to_le_bytes());
        derivation.put(64, &enclave.mr_signer);
        derivation.put(96, &request.key_id);
        derivation
    }

    /// 104 bytes: neither owner epoch nor KEYID.
    pub(super) fn provision(enclave: &Secs, request: &KeyRequest) -> Self {
        let mut derivation = Self::masked(104, KeyRequest::PROVISION, enclave, request);
        derivation.put(48, &request.cpu_svn);
        derivation.put(64, request.isv_svn.as_bytes());
        derivation.put(66, &enclave.isv_prod_id.to_le_bytes());
        derivation.put(68, &enclave.mr_signer);
        derivation
    }

    /// 200 bytes: as the provisioning key, with what the policy selects.
    pub(super) fn provision_seal(enclave: &Secs, request: &KeyRequest) -> Self {
        let policy = request.key_policy.get();
        let selected = |bit: u16| policy & bit != 0;
        let mut derivation = Self::masked(200, KeyRequest::PROVISION_SEAL, enclave, request);
        derivation.put(2, &policy.to_le_bytes());
        derivation.put(48, &request.cpu_svn);
        derivation.put(64, request.isv_svn.as_bytes());
        if !selected(KeyRequest::NOISVPRODID) {
            derivation.put(66, &enclave.isv_prod_id.to_le_bytes());
        }
        derivation.put(68, request.config_svn.as_bytes());
        derivation.put_where(selected(KeyRequest::CONFIGID), 70, &enclave.config_id);
        derivation.put_where(selected(KeyRequest::ISVFAMILYID), 134, &enclave.isv_family_id);
        derivation.put_where(selected(KeyRequest::ISVEXTPRODID), 150, &enclave.isv_ext_prod_id);
        derivation.put(166, &enclave.mr_signer);
        derivation
    }

    fn of(length: usize, key_name: u16) -> Self {
        let mut derivation = Self { bytes: [0; 280], length };
        derivation.put(0, &key_name.to_le_bytes());
        derivation
    }

    /// With the masks, and what is left under them.
    fn masked(length: usize, key_name: u16, enclave: &Secs, request: &KeyRequest) -> Self {
        let mut derivation = Self::of(length, key_name);
        derivation.put(8, attributes(enclave, request).as_bytes());
        derivation.put(24, request.attribute_mask.as_bytes());
        derivation.put(40, &misc_select(enclave, request).to_le_bytes());
        derivation.put(44, &(!request.misc_mask.get()).to_le_bytes());
        derivation
    }

    fn put(&mut self, at: usize, field: &[u8]) {
        let places = self.bytes.iter_mut().take(self.length).skip(at);
        places.zip(field).for_each(|(place, byte)| *place = *byte);
    }

    fn put_where(&mut self, is_selected: bool, at: usize, field: &[u8]) {
        if is_selected {
            self.put(at, field);
        }
    }
}

/// The attributes that the key depends on: those of the mask, INIT and DEBUG in any case.
fn attributes(enclave: &Secs, request: &KeyRequest) -> Attributes {
    let mask = request.attribute_mask;
    let flags = (mask.flags.get() | Attributes::INIT | Attributes::DEBUG) & enclave.attributes.flags.get();
    Attributes { flags: flags.into(), xfrm: (mask.xfrm.get() & enclave.attributes.xfrm.get()).into() }
}

fn misc_select(enclave: &Secs, request: &KeyRequest) -> u32 {
    request.misc_mask.get() & enclave.misc_select
}
