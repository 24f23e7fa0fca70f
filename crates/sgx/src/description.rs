//! Images and SIGSTRUCTs field by field, for people and as JSON.

use abi::sgx::{Attributes, SigStruct};
use serde::{Serialize, Serializer};

use crate::image::{Image, Part, Permissions, Region};
use crate::sigstruct::mr_signer;

/// A SIGSTRUCT. Its signature is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SigStructDescription {
    /// ENCLAVEHASH, 32 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_enclave: [u8; 32],
    /// SHA-256 of MODULUS, 32 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_signer: [u8; 32],
    /// ISVPRODID.
    pub isv_prod_id: u16,
    /// ISVSVN.
    pub isv_svn: u16,
    /// Whether ATTRIBUTES allow debugging.
    pub debug: bool,
    /// ATTRIBUTES.
    pub attributes: AttributesDescription,
    /// ATTRIBUTEMASK.
    pub attribute_mask: AttributesDescription,
    /// MISCSELECT.
    pub misc_select: u32,
    /// MISCMASK.
    #[serde(serialize_with = "bits_of_32")]
    pub misc_mask: u32,
    /// ISVEXTPRODID, 16 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub isv_ext_prod_id: [u8; 16],
    /// ISVFAMILYID, 16 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub isv_family_id: [u8; 16],
    /// DATE as `YYYY-MM-DD`.
    pub date: String,
    /// VENDOR.
    #[serde(serialize_with = "number_in_hexadecimal")]
    pub vendor: u32,
}

impl From<&SigStruct> for SigStructDescription {
    fn from(signed: &SigStruct) -> Self {
        Self {
            mr_enclave: signed.enclave_hash,
            mr_signer: mr_signer(&signed.modulus),
            isv_prod_id: signed.isv_prod_id.get(),
            isv_svn: signed.isv_svn.get(),
            debug: signed.attributes.is_debug(),
            attributes: (&signed.attributes).into(),
            attribute_mask: (&signed.attribute_mask).into(),
            misc_select: signed.misc_select.get(),
            misc_mask: signed.misc_mask.get(),
            isv_ext_prod_id: signed.isv_ext_prod_id,
            isv_family_id: signed.isv_family_id,
            date: day(signed),
            vendor: signed.vendor.get(),
        }
    }
}

/// Returns the day in DATE, which is binary-coded decimal, as `YYYY-MM-DD`.
pub fn day(signed: &SigStruct) -> String {
    let digits = format!("{:08x}", signed.date.get());
    let (year, rest) = digits.split_at(4);
    let (month, day) = rest.split_at(2);
    format!("{year}-{month}-{day}")
}

/// ATTRIBUTES; bit fields in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AttributesDescription {
    /// FLAGS.
    #[serde(serialize_with = "bits_of_64")]
    pub flags: u64,
    /// XFRM.
    #[serde(serialize_with = "bits_of_64")]
    pub xfrm: u64,
}

impl From<&Attributes> for AttributesDescription {
    fn from(attributes: &Attributes) -> Self {
        Self { flags: attributes.flags.get(), xfrm: attributes.xfrm.get() }
    }
}

/// An image that was measured, and how its enclave is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageDescription {
    /// MRENCLAVE, 32 bytes; hexadecimal in JSON.
    #[serde(serialize_with = "hex::serde::serialize")]
    pub mr_enclave: [u8; 32],
    /// Size of the enclave in bytes.
    pub size: u64,
    /// Pages that it takes of the EPC.
    pub epc_pages: u64,
    /// Whether it can be debugged.
    pub debug: bool,
    /// ATTRIBUTES.
    pub attributes: AttributesDescription,
    /// The regions in the order of their offsets.
    pub layout: Vec<RegionDescription>,
}

impl ImageDescription {
    /// Describes an image with the attributes of its manifest.
    pub fn of(image: &Image<'_>, attributes: &Attributes) -> Self {
        Self {
            mr_enclave: image.mr_enclave(),
            size: image.size(),
            epc_pages: image.epc_pages(),
            debug: attributes.is_debug(),
            attributes: attributes.into(),
            layout: image.regions().iter().map(RegionDescription::from).collect(),
        }
    }
}

/// Pages of an enclave that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionDescription {
    /// `segment`, `heap`, `stack`, `tcs` or `ssa`.
    pub part: &'static str,
    /// Its number where there are several of that part.
    pub number: Option<u64>,
    /// Offset in the enclave in bytes.
    pub offset: u64,
    /// How many pages.
    pub pages: u64,
    /// `r`, `w` and `x`, or `-`.
    pub permissions: String,
    /// Whether the contents are measured.
    pub measured: bool,
}

impl From<&Region> for RegionDescription {
    fn from(region: &Region) -> Self {
        let (part, number) = name(region.part);
        Self {
            part,
            number,
            offset: region.offset,
            pages: region.pages,
            permissions: letters(region.permissions),
            measured: region.is_measured(),
        }
    }
}

fn name(part: Part) -> (&'static str, Option<u64>) {
    match part {
        Part::Segment(number) => ("segment", u64::try_from(number).ok()),
        Part::Heap => ("heap", None),
        Part::Stack(thread) => ("stack", Some(thread.into())),
        Part::Tcs(thread) => ("tcs", Some(thread.into())),
        Part::Ssa(thread) => ("ssa", Some(thread.into())),
    }
}

fn letters(permissions: Permissions) -> String {
    let letters = [(permissions.read, 'r'), (permissions.write, 'w'), (permissions.execute, 'x')];
    letters.iter().map(|(is_set, letter)| if *is_set { *letter } else { '-' }).collect()
}

fn bits_of_64<S: Serializer>(bits: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{bits:#018x}"))
}

fn bits_of_32<S: Serializer>(bits: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{bits:#010x}"))
}

fn number_in_hexadecimal<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:#x}"))
}
