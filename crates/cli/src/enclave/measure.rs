//! `veritee enclave measure`: MRENCLAVE of an image, and where its parts lie.

use std::path::PathBuf;

use sgx::description::{ImageDescription, RegionDescription};
use sgx::image::{Image, Part, Region};

use super::Files;
use crate::failure::Failure;
use crate::show;

/// Print MRENCLAVE of an image, how much memory it takes, and where its parts lie. Nothing is signed.
#[derive(clap::Args)]
pub struct Arguments {
    /// The program: a static executable.
    image: PathBuf,
    /// What is decided about the enclave beside its program, in TOML.
    #[arg(long, value_name = "FILE")]
    manifest: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = Files::read(&arguments.image, &arguments.manifest)?;
    let image = files.image()?;
    let description = ImageDescription::of(&image, &files.manifest.attributes());
    if arguments.json {
        return show::json(&description);
    }
    show::fields_except(&description, &["layout"])?;
    show_layout(&image)
}

/// A table; of threads, which are all alike, the first.
fn show_layout(image: &Image<'_>) -> Result<(), Failure> {
    show::line("")?;
    show::line("      offset     pages")?;
    let is_first = |region: &&Region| !matches!(region.part, Part::Stack(1..) | Part::Tcs(1..) | Part::Ssa(1..));
    for region in image.regions().iter().filter(is_first) {
        let RegionDescription { part, number, offset, pages, permissions, measured } = region.into();
        let number = number.map(|number| format!(" {number}")).unwrap_or_default();
        let note = if measured { "" } else { ", contents not measured" };
        show::line(&format!("{offset:#12x}  {pages:8}  {permissions}  {part}{number}{note}"))?;
    }
    let thread = |region: &Region| if let Part::Tcs(thread) = region.part { Some(thread) } else { None };
    match image.regions().iter().filter_map(thread).next_back() {
        Some(last @ 1..) => show::line(&format!("and the same for each thread up to {last}")),
        _ => Ok(()),
    }
}
