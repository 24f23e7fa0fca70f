//! One variant: two services that differ in how many providers they have, and the floor, in turns.

use std::time::Duration;

use jose::jws::Jws;
use token::{Binding, Expectations, TokenAlgorithm, Verifier};
use unix_time::UnixTime;

use crate::fleet::{self, Fleet};
use crate::floor::Floor;
use crate::load::{self, Clients, Requests};
use crate::service::{Installation, Service, Transport};

/// How much is done.
pub struct Effort {
    pub providers: usize,
    /// Times that each service has its turn.
    rounds: usize,
    /// Requests in a turn.
    requests: usize,
    /// Requests of a paced client.
    paced: usize,
}

impl Effort {
    pub const FULL: Self = Self { providers: 1_000, rounds: 40, requests: 500, paced: 10_000 };
    pub const SMOKE: Self = Self { providers: 10, rounds: 2, requests: 100, paced: 100 };
}

pub struct Variant {
    pub name: String,
    pub transport: Transport,
    pub algorithm: TokenAlgorithm,
}

/// A service under load.
struct Loaded {
    service: Service,
    requests: Requests,
    clients: Clients,
    /// Of each turn, microseconds of computing for each attestation.
    costs: Vec<f64>,
    /// How long the turns took together.
    elapsed: Duration,
}

impl Loaded {
    fn start(fleet: &Fleet, installation: &Installation, transport: Transport) -> Self {
        let service = installation.start(transport);
        let mut requests = Requests::of(fleet, &service, installation.providers);
        let mut clients = Clients::saturating(&service);
        // Every host is seen, every provider asked.
        let round = requests.round();
        clients.saturate(&mut requests, 2 * round);
        Self { service, requests, clients, costs: Vec::new(), elapsed: Duration::ZERO }
    }

    fn turn(&mut self, count: usize) {
        let before = self.service.cpu_time();
        self.elapsed += self.clients.saturate(&mut self.requests, count);
        self.costs.push(self.cost_since(before, count));
    }

    /// Microseconds of computing for each of so many attestations.
    fn cost_since(&self, before: Duration, count: usize) -> f64 {
        // Until the log line of the last answer is written.
        std::thread::sleep(Duration::from_millis(5));
        microseconds(self.service.cpu_time() - before) / count as f64
    }

    /// Attestations a second when it has as many as it can.
    fn saturation(&self, effort: &Effort) -> f64 {
        (effort.rounds * effort.requests) as f64 / self.elapsed.as_secs_f64()
    }

    /// At half of saturation: latencies of the 50th and the 99th of a hundred, and computing time, in microseconds.
    fn at_half(&mut self, effort: &Effort) -> [f64; 3] {
        let half = self.saturation(effort) / 2.0;
        let mut clients = Clients::paced(&self.service);
        let before = self.service.cpu_time();
        let mut latencies = clients.pace(&mut self.requests, effort.paced, half);
        let cost = self.cost_since(before, effort.paced);
        latencies.sort();
        let at = |percent: usize| microseconds(latencies[(latencies.len() - 1) * percent / 100]);
        [at(50), at(99), cost]
    }
}

impl Variant {
    /// Measures services on both installations, and gives ratios by name.
    pub fn measure(&self, fleet: &Fleet, installations: [&Installation; 2], effort: &Effort) -> Vec<(String, f64)> {
        let mut services = installations.map(|installation| Loaded::start(fleet, installation, self.transport));
        let signed = services.each_mut().map(|loaded| self.verify_one(fleet, loaded));
        let mut floor = Floor::new(fleet, self.algorithm, signed[0]);
        let mut floors = Vec::new();
        for _ in 0..effort.rounds {
            floors.push(floor.batch());
            services.iter_mut().for_each(|loaded| loaded.turn(effort.requests));
        }
        let mut ratios = Vec::new();
        for (loaded, installation) in services.iter_mut().zip(installations) {
            let name = format!("{}-{}", self.name, installation.providers);
            let [p50, p99, at_half] = loaded.at_half(effort);
            let saturation = loaded.saturation(effort);
            let [now, most] = loaded.service.memory();
            let (floor, cost, ratio) = (median(&floors), median(&loaded.costs), ratio(&loaded.costs, &floors));
            println!(
                "{name:<26} {floor:>8.1} {cost:>8.1} {ratio:>8.3} {saturation:>10.0} {p50:>8.0} {p99:>8.0} {at_half:>8.1} \
                 {now:>8.1} {most:>8.1}"
            );
            ratios.push((format!("attest/floor/{name}"), ratio));
            ratios.push((format!("memory/{name}/MiB"), most));
        }
        let [one, many] = &services;
        ratios.push((format!("many/one/{}", self.name), ratio(&many.costs, &one.costs)));
        ratios
    }

    /// Verifies a token as a relying party does; gives the length of what its signature is over.
    fn verify_one(&self, fleet: &Fleet, loaded: &mut Loaded) -> usize {
        let number = loaded.requests.round() - 1;
        let [provider, quote] = loaded.requests.which(number);
        let token = load::token(&loaded.service, &loaded.requests, number);
        let (issuer, keys) = loaded.service.issuer(provider);
        let binding = Binding::RuntimeData(fleet.evidence[quote].runtime_data.clone());
        let expected = Expectations::new(binding).accept_simulated();
        let verified =
            Verifier::new(issuer, keys).verify(&token, UnixTime::from_seconds(fleet::now()), &expected).unwrap();
        assert_eq!(verified.svn(), Some(4));
        let jws = Jws::decode(&token).unwrap();
        assert_eq!(jws.header.alg, self.algorithm.name());
        jws.signing_input.len()
    }
}

pub fn heading() {
    println!(
        "microseconds, requests a second, MiB:\n{:<26} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "variant", "floor", "attest", "ratio", "saturation", "p50", "p99", "at half", "memory", "at most"
    );
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The median of the ratios of each round: what slows the machine down for a while slows down both.
fn ratio(costs: &[f64], others: &[f64]) -> f64 {
    median(&costs.iter().zip(others).map(|(cost, other)| cost / other).collect::<Vec<_>>())
}
