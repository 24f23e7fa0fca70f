//! Any bytes as a program for an enclave, under a small manifest; and any text as a manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sgx::image::{Image, Manifest};
use veritee_fuzz::MANIFEST;

/// More would be measuring, and no reading.
const FEW_PAGES: u64 = 64;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = Manifest::from_toml(text);
    }
    let manifest = Manifest::from_toml(MANIFEST).expect("a manifest");
    let Ok(image) = Image::read(bytes, &manifest) else { return };
    assert!(image.size().is_power_of_two());
    let end = |region: &sgx::image::Region| region.offset + region.pages * 4096;
    assert!(image.regions().windows(2).all(|two| end(&two[0]) <= two[1].offset));
    assert!(image.regions().iter().all(|region| end(region) <= image.size()));
    if image.epc_pages() < FEW_PAGES {
        assert_eq!(image.mr_enclave(), image.mr_enclave());
    }
});
