//! `veritee enclave measure`: MRENCLAVE of an image, and where its parts lie.

use std::path::PathBuf;

use serde_json::{Value, json};
use sgx::image::{Image, Part, Permissions, Region};

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
    let attributes = files.manifest.attributes();
    let mut description = json!({
        "mrEnclave": hex::encode(image.mr_enclave()),
        "size": image.size(),
        "epcPages": image.epc_pages(),
        "debug": attributes.is_debug(),
        "attributes": {
            "flags": format!("{:#018x}", attributes.flags.get()),
            "xfrm": format!("{:#018x}", attributes.xfrm.get()),
        },
    });
    if arguments.json {
        description["layout"] = image.regions().iter().map(describe).collect::<Value>();
        return show::json(&description);
    }
    show::fields(&description, 0)?;
    show_layout(&image)
}

fn describe(region: &Region) -> Value {
    let (part, number) = name(region.part);
    json!({
        "part": part,
        "number": number,
        "offset": region.offset,
        "pages": region.pages,
        "permissions": permissions(region.permissions),
        "measured": region.is_measured(),
    })
}

/// What a part is called, and its number where there are several.
fn name(part: Part) -> (&'static str, Option<u64>) {
    match part {
        Part::Segment(number) => ("segment", Some(number as u64)),
        Part::Heap => ("heap", None),
        Part::Stack(thread) => ("stack", Some(thread.into())),
        Part::Tcs(thread) => ("tcs", Some(thread.into())),
        Part::Ssa(thread) => ("ssa", Some(thread.into())),
    }
}

fn permissions(permissions: Permissions) -> String {
    let letters = [(permissions.read, 'r'), (permissions.write, 'w'), (permissions.execute, 'x')];
    letters.iter().map(|(is_set, letter)| if *is_set { *letter } else { '-' }).collect()
}

/// A table; of threads, which are all alike, the first.
fn show_layout(image: &Image<'_>) -> Result<(), Failure> {
    show::line("")?;
    show::line("      offset     pages")?;
    let is_first = |region: &&Region| !matches!(region.part, Part::Stack(1..) | Part::Tcs(1..) | Part::Ssa(1..));
    for region in image.regions().iter().filter(is_first) {
        let (part, number) = name(region.part);
        let number = number.map(|number| format!(" {number}")).unwrap_or_default();
        let note = if region.is_measured() { "" } else { ", contents not measured" };
        let permissions = permissions(region.permissions);
        show::line(&format!("{:#12x}  {:8}  {permissions}  {part}{number}{note}", region.offset, region.pages))?;
    }
    let thread = |region: &Region| if let Part::Tcs(thread) = region.part { Some(thread) } else { None };
    match image.regions().iter().filter_map(thread).next_back() {
        Some(last @ 1..) => show::line(&format!("and the same for each thread up to {last}")),
        _ => Ok(()),
    }
}
