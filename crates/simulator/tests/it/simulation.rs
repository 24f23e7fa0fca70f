//! A simulation in its directory: Intel and its platforms.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use problem::Problem;
use simulator::cpu::CpuSvn;
use simulator::{CaType, DamagedState, Platform, PlatformQuoteError, PlatformSpec, Simulation, SimulationError, Tcb};
use state_dir::StateError;
use unix_time::UnixTime;

const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("simulation");
    (directory, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn ecdsa_id(platform: &Platform) -> [u8; 32] {
    platform.quoting_enclave().unwrap().certification().ecdsa_id()
}

fn qe_id(platform: &Platform) -> [u8; 16] {
    platform.quoting_enclave().unwrap().certification().qe_id()
}

#[test]
fn the_same_directory_gives_the_same_intel_and_platform() {
    let (_keep, path) = temporary();
    let first = Simulation::open_or_create(&path, NOW).unwrap();
    let again = Simulation::open_or_create(&path, NOW.plus(1_000)).unwrap();
    assert_eq!(first.intel().root_certificate_pem(), again.intel().root_certificate_pem());
    let one = first.open_or_create_platform("one", NOW).unwrap();
    let same = again.open_or_create_platform("one", NOW.plus(1_000)).unwrap();
    assert_eq!((one.ppid(), &one.certificates().pck, one.created()), (same.ppid(), &same.certificates().pck, NOW));
    assert_eq!((qe_id(&one), ecdsa_id(&one)), (qe_id(&same), ecdsa_id(&same)));
    assert_eq!(one.certificates().issuers[1], first.intel().root_certificate_der());
}

#[test]
fn platforms_of_a_simulation_share_its_intel_and_no_secret() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    let spec = PlatformSpec { ca: CaType::Processor, ..PlatformSpec::default() };
    let one = simulation.create_platform("one", PlatformSpec::default(), NOW).unwrap();
    let other = simulation.create_platform("other", spec, NOW).unwrap();
    assert_eq!(simulation.platforms().unwrap(), ["one", "other"]);
    assert_eq!(one.certificates().issuers[1], other.certificates().issuers[1]);
    assert_ne!(one.certificates().issuers[0], other.certificates().issuers[0], "another CA");
    assert_ne!(one.ppid(), other.ppid());
    assert_ne!((qe_id(&one), ecdsa_id(&one)), (qe_id(&other), ecdsa_id(&other)));
    let again = simulation.create_platform("one", PlatformSpec::default(), NOW);
    assert!(matches!(again, Err(SimulationError::Exists(name)) if name == "one"));
}

#[test]
fn names_are_names_and_no_paths() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    for name in ["", ".", "..", "a/b", "-a", "_a", "a b", "ä", &"a".repeat(65)] {
        let made = simulation.create_platform(name, PlatformSpec::default(), NOW);
        assert!(matches!(made, Err(SimulationError::Name(_))), "{name}");
    }
    assert!(simulation.platforms().unwrap().is_empty());
    simulation.create_platform(&"a-_0".repeat(16), PlatformSpec::default(), NOW).unwrap();
}

#[test]
fn directories_and_states_belong_to_the_owner_alone() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path.join("below"), NOW).unwrap();
    simulation.open_or_create_platform("one", NOW).unwrap();
    for (name, expected) in [
        ("below", 0o700),
        ("below/intel.json", 0o600),
        ("below/lock", 0o600),
        ("below/platforms/one", 0o700),
        ("below/platforms/one/platform.json", 0o600),
    ] {
        assert_eq!(mode(&path.join(name)), expected, "{name}");
    }
}

#[test]
fn creators_at_the_same_time_get_one_platform() {
    let (_keep, path) = temporary();
    let chains: Vec<_> = std::thread::scope(|scope| {
        let create = || {
            let simulation = Simulation::open_or_create(&path, NOW).unwrap();
            simulation.open_or_create_platform("one", NOW).unwrap().certificates().pck.clone()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(chains.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_an_interrupted_writer_left_behind_is_no_obstacle() {
    let (_keep, path) = temporary();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    fs::write(path.join("intel.json.new"), "{\"format\":").unwrap();
    Simulation::open_or_create(&path, NOW).unwrap();
    assert!(!path.join("intel.json.new").exists());
}

#[test]
fn refuses_a_directory_or_state_that_others_may_use() {
    let (_keep, path) = temporary();
    Simulation::open_or_create(&path, NOW).unwrap().open_or_create_platform("one", NOW).unwrap();
    let platform = path.join("platforms/one");
    for (state, open) in [
        (platform.join("platform.json"), Box::new(|| Platform::open(&platform).err()) as Box<dyn Fn() -> _>),
        (path.join("intel.json"), Box::new(|| Simulation::open(&path).err())),
    ] {
        fs::set_permissions(&state, Permissions::from_mode(0o640)).unwrap();
        let error = open().unwrap();
        assert!(
            matches!(&error, SimulationError::State(StateError::Exposed { path, mode: 0o640, .. }) if *path == state),
            "{error}"
        );
        assert!(error.help().contains("chmod"));
        fs::set_permissions(&state, Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
    for error in [Simulation::open(&path).unwrap_err(), Simulation::open_or_create(&path, NOW).unwrap_err()] {
        assert!(error.to_string().contains("mode 0750"), "{error}");
    }
}

#[test]
fn what_is_absent_is_opened_by_nobody() {
    let (_keep, path) = temporary();
    assert!(matches!(Simulation::open(&path), Err(SimulationError::Absent(_))));
    assert!(matches!(Platform::open(&path), Err(SimulationError::Absent(_))));
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    let before = fs::read_dir(&path).unwrap().count();
    assert!(matches!(simulation.platform("one"), Err(SimulationError::Absent(_))));
    assert_eq!(fs::read_dir(&path).unwrap().count(), before, "opening leaves nothing behind");
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(
        Simulation::open_or_create(file.path(), NOW),
        Err(SimulationError::State(StateError::NotADirectory(_)))
    ));
}

/// Replaces text in a state and opens it; gives the message for people and what is behind it.
fn damage(state: &Path, open: &dyn Fn() -> SimulationError, from: &str, to: &str) -> (String, DamagedState) {
    let before = fs::read_to_string(state).unwrap();
    assert!(before.contains(from), "{from}");
    fs::write(state, before.replacen(from, to, 1)).unwrap();
    let error = open();
    assert!(error.help().contains("restore the file"));
    fs::write(state, before).unwrap();
    let message = error.to_string();
    match error {
        SimulationError::Damaged { source, .. } => (message, source),
        other => panic!("{other}"),
    }
}

#[test]
fn a_damaged_state_is_named_and_never_replaced() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    simulation.open_or_create_platform("one", NOW).unwrap();
    let intel = |from: &str, to: &str| {
        damage(&path.join("intel.json"), &|| Simulation::open_or_create(&path, NOW).unwrap_err(), from, to)
    };
    let (message, source) = intel("{", "");
    assert!(message.contains("intel.json"), "{message}");
    assert!(matches!(source, DamagedState::Json(_)));
    assert!(matches!(intel("\"format\": 1", "\"format\": 2").1, DamagedState::Format(2)));
    assert!(matches!(intel("\"created\"", "\"surplus\": 1, \"created\"").1, DamagedState::Json(_)));
    assert!(matches!(intel("\"certificate\": \"", "\"certificate\": \"!").1, DamagedState::Member("root")));
    let state = path.join("platforms/one/platform.json");
    let platform = |from: &str, to: &str| {
        damage(&state, &|| simulation.open_or_create_platform("one", NOW).unwrap_err(), from, to)
    };
    let (message, source) = platform("\"cpu_svn\": \"", "\"cpu_svn\": \"zz");
    assert!(message.contains("platform.json"), "{message}");
    assert!(matches!(source, DamagedState::Member("cpu_svn")));
    for (from, to, member) in [
        ("\"ca\": \"platform\"", "\"ca\": \"intel\"", "ca"),
        ("\"device_keys\": \"", "\"device_keys\": \"AAAA", "device_keys"),
        ("\"platform_instance_id\": \"", "\"platform_instance_id\": \"0", "platform_instance_id"),
        ("\"issuers\": [", "\"issuers\": [\"AAAA\",", "issuers"),
        ("\"certificate\": \"", "\"certificate\": \"!", "pck"),
    ] {
        assert!(matches!(platform(from, to).1, DamagedState::Member(name) if name == member), "{member}");
    }
    simulation.platform("one").unwrap();
}

#[test]
fn a_certificate_of_another_key_is_a_damaged_state() {
    let (_keep, path) = temporary();
    Simulation::open_or_create(&path, NOW).unwrap();
    let state = path.join("intel.json");
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    json["platform_ca"]["certificate"] = json["root"]["certificate"].clone();
    fs::write(&state, json.to_string()).unwrap();
    let error = Simulation::open(&path).unwrap_err();
    assert!(matches!(error, SimulationError::Damaged { source: DamagedState::OtherKey("platform_ca"), .. }), "{error}");
}

#[test]
fn levels_can_be_raised_and_lowered_and_intel_follows() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    let newest = simulation.open_or_create_platform("one", NOW).unwrap();
    let set = |cpu_svn: [u8; 16], pce_svn| {
        simulation.set_tcb("one", CpuSvn::Components(cpu_svn), pce_svn).unwrap();
        simulation.platform("one").unwrap()
    };
    // Between two levels it is certified for the lower one.
    let mut between = Tcb::NEWEST.cpu_svn;
    between[0] -= 1;
    let lower = set(between, Tcb::NEWEST.pce_svn);
    assert_eq!((lower.tcb().cpu_svn, lower.level()), (between, Some(Tcb::OLDER)));
    assert_eq!((lower.ppid(), qe_id(&lower)), (newest.ppid(), qe_id(&newest)), "names stay");
    assert_ne!(ecdsa_id(&lower), ecdsa_id(&newest), "the attestation key follows the level");
    assert_eq!(set(Tcb::NEWEST.cpu_svn, 12).level(), Some(Tcb::OLDER));
    assert_eq!(set([255; 16], 14).level(), Some(Tcb::NEWEST));
    let uncertified = set([0; 16], 0);
    assert_eq!(uncertified.level(), None);
    assert!(matches!(uncertified.quoting_enclave(), Err(PlatformQuoteError::NotCertified)));
    let again = set(Tcb::NEWEST.cpu_svn, Tcb::NEWEST.pce_svn);
    assert_eq!(ecdsa_id(&again), ecdsa_id(&newest));
}

#[test]
fn debug_shows_no_secret() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    let platform = simulation.open_or_create_platform("one", NOW).unwrap();
    let state: serde_json::Value =
        serde_json::from_slice(&fs::read(path.join("platforms/one/platform.json")).unwrap()).unwrap();
    use base64::Engine;
    let keys = base64::engine::general_purpose::STANDARD.decode(state["device_keys"].as_str().unwrap()).unwrap();
    let shown = format!("{platform:?}");
    for secret in keys.chunks(16) {
        assert!(!shown.contains(&hex::encode(secret)) && !shown.contains(&format!("{secret:?}")));
    }
}

#[test]
fn quoting_enclaves_find_what_they_kept_and_make_anew_what_is_not_theirs() {
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    let [one, _other] = ["one", "other"].map(|name| simulation.open_or_create_platform(name, NOW).unwrap());
    let blob = |platform: &str, name: &str| path.join("platforms").join(platform).join(name);
    let read = |name: &str| fs::read(blob("one", name)).unwrap();
    for name in ["ecdsa_data.blob", "tdqe_data.blob"] {
        let kept = read(name);
        assert_eq!(mode(&blob("one", name)), 0o600);
        simulation.platform("one").unwrap();
        assert_eq!(read(name), kept, "{name} is used as it is");
        let mut changed = kept.clone();
        *changed.last_mut().unwrap() ^= 1;
        for wrong in [changed, Vec::new(), fs::read(blob("other", name)).unwrap()] {
            fs::write(blob("one", name), &wrong).unwrap();
            let platform = simulation.platform("one").unwrap();
            assert_eq!((ecdsa_id(&platform), qe_id(&platform)), (ecdsa_id(&one), qe_id(&one)));
            assert!(read(name) != wrong && read(name).len() == kept.len(), "{name} was made anew");
        }
        // At another level it is certified anew.
        let before = read(name);
        simulation.set_tcb("one", CpuSvn::Components(Tcb::OLDER.cpu_svn), Tcb::OLDER.pce_svn).unwrap();
        assert_ne!(read(name), before);
        simulation.set_tcb("one", CpuSvn::Components(Tcb::NEWEST.cpu_svn), Tcb::NEWEST.pce_svn).unwrap();
    }
}

#[test]
fn states_of_intels_service_are_kept_and_damaged_ones_are_named() {
    use simulator::pcs::{Route, State};
    let (_keep, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    assert_eq!(simulation.states().unwrap().iter().count(), 0);
    simulation.change_states(|states| states.set(Route::Tcb, State::Lying)).unwrap();
    assert_eq!(Simulation::open(&path).unwrap().states().unwrap().of(Route::Tcb), Some(State::Lying));
    let states = path.join("pcs.json");
    let open = || simulation.states().unwrap_err();
    for (from, to) in [("lying", "telling"), ("tcb", "tcp")] {
        let (message, source) = damage(&states, &open, from, to);
        assert!(message.contains("pcs.json") && matches!(source, DamagedState::Member(_)), "{source}");
    }
    assert!(matches!(damage(&states, &open, "{", "").1, DamagedState::Json(_)));
}

/// The code of a refusal, which left everything in that directory as it was.
fn refused(root: &Path, open: impl Fn() -> SimulationError) -> String {
    fn everything(path: &Path) -> Vec<(PathBuf, u32, u32)> {
        let found = fs::symlink_metadata(path).unwrap();
        let mut all = vec![(path.to_owned(), found.mode(), found.uid())];
        if found.is_dir() {
            let mut below: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            below.sort();
            all.extend(below.iter().flat_map(|path| everything(path)));
        }
        all
    }
    let before = everything(root);
    let error = open();
    assert_eq!(everything(root), before, "{error}");
    match &error {
        SimulationError::State(error) => error.code().into_owned(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_link_to_a_simulation_or_a_platform_is_refused_and_not_followed() {
    let (root, path) = temporary();
    let simulation = Simulation::open_or_create(&path, NOW).unwrap();
    simulation.open_or_create_platform("one", NOW).unwrap();
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    std::os::unix::fs::symlink("one", path.join("platforms/other")).unwrap();
    for open in [&|| Simulation::open(&link).unwrap_err(), &|| Simulation::open_or_create(&link, NOW).unwrap_err()]
        as [&dyn Fn() -> SimulationError; 2]
    {
        assert_eq!(refused(root.path(), open), "state_symbolic_link");
    }
    assert_eq!(refused(root.path(), || simulation.platform("other").unwrap_err()), "state_symbolic_link");
    let created = || simulation.create_platform("other", PlatformSpec::default(), NOW).unwrap_err();
    assert_eq!(refused(root.path(), created), "state_symbolic_link");
    // A state that is a link is not followed either.
    fs::rename(path.join("intel.json"), root.path().join("intel.json")).unwrap();
    std::os::unix::fs::symlink(root.path().join("intel.json"), path.join("intel.json")).unwrap();
    assert_eq!(refused(root.path(), || Simulation::open(&path).unwrap_err()), "state_symbolic_link");
}

#[test]
fn a_simulation_below_a_directory_that_others_can_write_to_is_refused() {
    let (root, path) = temporary();
    Simulation::open_or_create(&path, NOW).unwrap().open_or_create_platform("one", NOW).unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o777)).unwrap();
    let absent = root.path().join("absent");
    let platform = path.join("platforms/one");
    for open in
        [&|| Simulation::open(&path).unwrap_err(), &|| Simulation::open_or_create(&absent, NOW).unwrap_err(), &|| {
            Platform::open(&platform).unwrap_err()
        }] as [&dyn Fn() -> SimulationError; 3]
    {
        assert_eq!(refused(root.path(), open), "state_shared_ancestor");
    }
    // As /tmp is.
    fs::set_permissions(root.path(), Permissions::from_mode(0o1777)).unwrap();
    Simulation::open(&path).unwrap();
}

#[test]
fn a_simulation_of_another_user_is_refused() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("skipped: files can be given to other users by root only");
        return;
    }
    let (root, path) = temporary();
    Simulation::open_or_create(&path, NOW).unwrap().open_or_create_platform("one", NOW).unwrap();
    let platform = path.join("platforms/one");
    std::os::unix::fs::chown(&platform, Some(4711), None).unwrap();
    assert_eq!(refused(root.path(), || Platform::open(&platform).unwrap_err()), "state_foreign_owner");
    std::os::unix::fs::chown(&path, Some(4711), None).unwrap();
    assert_eq!(refused(root.path(), || Simulation::open_or_create(&path, NOW).unwrap_err()), "state_foreign_owner");
    assert_eq!(
        refused(root.path(), || Platform::open(&path.join("platforms/one")).unwrap_err()),
        "state_foreign_ancestor"
    );
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    std::os::unix::fs::chown(path.join("intel.json"), Some(4711), None).unwrap();
    assert_eq!(refused(root.path(), || Simulation::open(&path).unwrap_err()), "state_foreign_owner");
}
