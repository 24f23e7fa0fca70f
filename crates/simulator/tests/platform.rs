//! The state of a platform in its directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use simulator::{DamagedState, Platform, PlatformError};

const NOW: i64 = 1_790_000_000;

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform");
    (directory, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_same_directory_gives_the_same_platform() {
    let (_keep, path) = temporary();
    let first = Platform::open_or_create(&path, NOW).unwrap();
    let again = Platform::open_or_create(&path, NOW + 1_000).unwrap();
    assert_eq!(first.certificates(), again.certificates());
    assert_eq!(first.qe_id(), again.qe_id());
    assert_eq!(again.created(), NOW);
    let key = |platform: &Platform| platform.blueprint(NOW).unwrap().quoting.attestation_key;
    assert_eq!(key(&first), key(&again));
    assert_eq!(first.root_certificate_pem(), Platform::open(&path).unwrap().root_certificate_pem());
}

#[test]
fn two_directories_give_two_platforms() {
    let ((_one, one), (_other, other)) = (temporary(), temporary());
    let one = Platform::open_or_create(&one, NOW).unwrap();
    let other = Platform::open_or_create(&other, NOW).unwrap();
    assert_ne!(one.root_certificate_der(), other.root_certificate_der());
}

#[test]
fn directory_and_state_belong_to_the_owner_alone() {
    let (_keep, path) = temporary();
    let below = path.join("below");
    Platform::open_or_create(&below, NOW).unwrap();
    assert_eq!(mode(&below), 0o700);
    for entry in fs::read_dir(&below).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn creators_at_the_same_time_get_one_platform() {
    let (_keep, path) = temporary();
    let roots: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let create = || Platform::open_or_create(&path, NOW).unwrap().root_certificate_der().to_vec();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_an_interrupted_creator_left_behind_is_no_obstacle() {
    let (_keep, path) = temporary();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    fs::write(path.join("platform.json.new"), "{\"format\":").unwrap();
    Platform::open_or_create(&path, NOW).unwrap();
    assert!(!path.join("platform.json.new").exists());
}

#[test]
fn refuses_a_directory_or_state_that_others_may_use() {
    let (_keep, path) = temporary();
    Platform::open_or_create(&path, NOW).unwrap();
    let state = path.join("platform.json");
    fs::set_permissions(&state, Permissions::from_mode(0o640)).unwrap();
    let exposed = |error| matches!(error, PlatformError::Exposed { path, mode: 0o640 } if path == state);
    assert!(exposed(Platform::open(&path).unwrap_err()));
    fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
    for error in [Platform::open(&path).unwrap_err(), Platform::open_or_create(&path, NOW).unwrap_err()] {
        assert!(error.to_string().contains("mode 0750"), "{error}");
        assert!(error.help().contains("chmod"));
    }
}

#[test]
fn an_absent_platform_is_opened_by_nobody() {
    let (_keep, path) = temporary();
    assert!(matches!(Platform::open(&path), Err(PlatformError::Absent(_))));
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    assert!(matches!(Platform::open(&path), Err(PlatformError::Absent(_))));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "opening leaves nothing behind");
}

#[test]
fn a_file_in_place_of_the_directory_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(Platform::open_or_create(file.path(), NOW), Err(PlatformError::NotADirectory(_))));
}

/// Replaces text in the state and opens it; gives the message for people and what is behind it.
fn damage(path: &Path, change: impl Fn(String) -> String) -> (String, DamagedState) {
    let state = path.join("platform.json");
    let before = fs::read_to_string(&state).unwrap();
    fs::write(&state, change(before.clone())).unwrap();
    let error = Platform::open_or_create(path, NOW).unwrap_err();
    assert!(error.help().contains("restore the file"));
    fs::write(&state, before).unwrap();
    let message = error.to_string();
    match error {
        PlatformError::Damaged { source, .. } => (message, source),
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_state_is_named_and_never_replaced() {
    let (_keep, path) = temporary();
    let platform = Platform::open_or_create(&path, NOW).unwrap();
    let (message, source) = damage(&path, |state| state[..state.len() / 2].to_owned());
    assert!(message.contains("platform.json"), "{message}");
    assert!(matches!(source, DamagedState::Json(_)));
    let (_, source) = damage(&path, |state| state.replace("\"format\": 1", "\"format\": 2"));
    assert!(matches!(source, DamagedState::Format(2)));
    let (_, source) = damage(&path, |state| state.replace("\"qe_id\": \"", "\"qe_id\": \"zz"));
    assert!(matches!(source, DamagedState::Member("qe_id")));
    let (_, source) = damage(&path, |state| state.replace("\"created\"", "\"surplus\": 1, \"created\""));
    assert!(matches!(source, DamagedState::Json(_)));
    assert_eq!(Platform::open(&path).unwrap().root_certificate_der(), platform.root_certificate_der());
}

#[test]
fn a_certificate_of_another_key_is_a_damaged_state() {
    let (_keep, path) = temporary();
    Platform::open_or_create(&path, NOW).unwrap();
    let (_, source) = damage(&path, |state| {
        let mut json: serde_json::Value = serde_json::from_str(&state).unwrap();
        json["pck"]["certificate"] = json["root"]["certificate"].clone();
        json.to_string()
    });
    assert!(matches!(source, DamagedState::OtherKey("pck")));
}

#[test]
fn debug_shows_no_secret() {
    let (_keep, path) = temporary();
    let platform = Platform::open_or_create(&path, NOW).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&fs::read(path.join("platform.json")).unwrap()).unwrap();
    use base64::Engine;
    let pkcs8 = base64::engine::general_purpose::STANDARD.decode(state["pck"]["key"].as_str().unwrap()).unwrap();
    assert!(!format!("{platform:?}").contains(&hex::encode(&pkcs8[36..68])));
}
