//! Where tests find real evidence: beside the project, never in it. For tests alone.
//!
//! Recorded quotes, collateral and tokens lie in `$VERITEE_TEST_DATA`, by default `../shared/data` beside the workspace.
//! Where they are absent a test says in one line that it was skipped; with `VERITEE_REQUIRE_DATA=1` that is a failure.
//! Samples inside the source packages of dev-dependencies are on every machine that can build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file or directory of the recorded evidence, or nothing where the evidence is not on this machine.
///
/// # Panics
/// Where it is absent and `VERITEE_REQUIRE_DATA=1`.
pub fn recorded(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VERITEE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let full = root.join(path);
    if full.exists() {
        return Some(full);
    }
    assert!(!is_required(), "VERITEE_REQUIRE_DATA=1 and no `{}`", full.display());
    println!("skipped: no recorded evidence at `{}`", full.display());
    None
}

/// The directory below `scratch` to which an archive (`.tar.xz`) of the recorded evidence was unpacked, or nothing where the
/// evidence, `tar` or `xz` is not on this machine. What an earlier call left there is replaced: no two tests of one name.
///
/// # Panics
/// Where the archive cannot be unpacked, and where something is absent and `VERITEE_REQUIRE_DATA=1`.
pub fn unpacked(archive: &str, scratch: &Path, name: &str) -> Option<PathBuf> {
    let archive = recorded(archive)?;
    if !runs("tar", &["--version"]) || !runs("xz", &["--version"]) {
        return None;
    }
    let to = scratch.join(name);
    if to.exists() {
        fs::remove_dir_all(&to).expect("what an earlier test left can be removed");
    }
    fs::create_dir_all(&to).expect("a directory for the archive");
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--xz", "--no-same-owner", "--file"]).arg(&archive).arg("--directory").arg(&to);
    let output = tar.output().expect("`tar` runs");
    assert!(output.status.success(), "`{}`: {}", archive.display(), String::from_utf8_lossy(&output.stderr));
    Some(to)
}

/// A file that a script in `interop` fetches into `target/interop`, or nothing where it was not run.
///
/// # Panics
/// Where it is absent and `VERITEE_REQUIRE_DATA=1`.
pub fn fetched(path: &str, script: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/interop").join(path);
    if full.exists() {
        return Some(full);
    }
    assert!(!is_required(), "VERITEE_REQUIRE_DATA=1 and no `target/interop/{path}`: run {script}");
    println!("skipped: no `target/interop/{path}`; {script} fetches it");
    None
}

/// Whether a program that a test runs is on this machine: `program arguments` ends well.
///
/// # Panics
/// Where it is absent and `VERITEE_REQUIRE_DATA=1`.
pub fn runs(program: &str, arguments: &[&str]) -> bool {
    let ran = Command::new(program).args(arguments).output();
    if ran.is_ok_and(|output| output.status.success()) {
        return true;
    }
    assert!(!is_required(), "VERITEE_REQUIRE_DATA=1 and `{program} {}` fails", arguments.join(" "));
    println!("skipped: `{program} {}` does not run here", arguments.join(" "));
    false
}

fn is_required() -> bool {
    std::env::var_os("VERITEE_REQUIRE_DATA").is_some_and(|value| value == "1")
}

/// The directory of a dev-dependency's source package.
///
/// # Panics
/// Where cargo cannot say where it is.
pub fn package(name: &str) -> PathBuf {
    let host = run("rustc", &["-vV"]);
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    // Offline, and for this machine alone: packages for other systems are not necessarily there.
    let metadata = run("cargo", &["metadata", "--format-version", "1", "--offline", "--filter-platform", host]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("cargo metadata prints JSON");
    let package = metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|package| package["name"] == name))
        .unwrap_or_else(|| panic!("`{name}` is no dependency"));
    let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
    Path::new(manifest).parent().expect("a manifest lies in a directory").to_owned()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap_or_else(|error| panic!("cannot run `{program}`: {error}"));
    assert!(output.status.success(), "`{program}`: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is text")
}
