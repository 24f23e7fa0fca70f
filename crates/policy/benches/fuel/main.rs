//! What a step of fuel costs, and what the most expensive policies cost: computing time of one thread.
//!
//!     cargo bench -p policy --bench fuel [-- [--smoke] [SEED]]
//!
//! - Operations: for each operation of the language and of JMESPath, a policy that does little else, on the input that makes a
//!   step of it as expensive as possible; nanoseconds per step.
//! - Texts: the longest policies, read and checked as a draft is, each written to be expensive to read.
//! - Generated policies: 10,000 from a grammar of hostile rules and claims, up to the longest text and the largest claims, each
//!   treated as a stranger's draft: read, checked, configured, decided, released. `--smoke` takes 500.
//!
//! Ends with `ratio NAME VALUE` lines; docs/benchmarks.md gives their bounds.

mod generate;
mod operations;
mod texts;
mod time;

use policy::{Claim, Fuel, Policy, Vocabulary};

/// Generated policies whose time is taken again, so that a disturbance does not count as their cost.
const WORST: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_smoke = arguments.iter().any(|argument| argument == "--smoke");
    let seed = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(20_261_129);
    // On a thread as the service's are: its allocations are not those of the main thread.
    let ratios = std::thread::spawn(move || {
        [operations::measure(), texts::measure(), generated(seed, if is_smoke { 500 } else { 10_000 })].concat()
    });
    let ratios = ratios.join().unwrap();
    println!();
    for (name, value) in ratios {
        println!("ratio {name} {value:.3}");
    }
}

/// A draft from its text to its end; the steps that it took.
fn draft(text: &str, claims: &[Claim], vocabulary: &Vocabulary) -> u32 {
    let Ok(policy) = Policy::parse(text) else { return 0 };
    if policy.check(vocabulary).is_err() {
        return 0;
    }
    let mut fuel = Fuel::full();
    fuel.pay_for_text(text);
    if policy.configure_within(vocabulary, &mut fuel).is_ok() {
        let _ = std::hint::black_box(policy.decide_within(claims, vocabulary, &mut fuel));
    }
    fuel.spent()
}

fn generated(seed: u64, count: usize) -> Vec<(String, f64)> {
    let vocabulary = generate::vocabulary();
    let mut measured: Vec<(f64, u32, usize)> = Vec::with_capacity(count);
    for number in 0..count {
        let (text, claims) = generate::policy(seed, number);
        let mut steps = 0;
        let taken = time::once(|| steps = draft(&text, &claims, &vocabulary));
        measured.push((taken, steps, number));
    }
    measured.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (taken, _, number) in measured.iter_mut().take(WORST) {
        let (text, claims) = generate::policy(seed, *number);
        *taken = time::median(9, || {
            draft(&text, &claims, &vocabulary);
        });
    }
    measured.sort_by(|one, other| other.0.total_cmp(&one.0));
    let at = |share: f64| measured[((measured.len() - 1) as f64 * (1.0 - share)) as usize].0 * 1e3;
    let exhausted = measured.iter().filter(|(_, steps, _)| *steps == policy::limits::MAX_STEPS).count();
    println!("\n{count} generated policies (seed {seed}), {exhausted} of them out of fuel; milliseconds:");
    println!("median {:.2}, p90 {:.2}, p99 {:.2}, worst {:.2}", at(0.5), at(0.9), at(0.99), at(1.0));
    for (taken, steps, number) in measured.iter().take(5) {
        let (text, claims) = generate::policy(seed, *number);
        let bytes: usize = claims.iter().map(|claim| claim.name.len() + value_bytes(claim)).sum();
        println!(
            "  number {number:>5}: {:.2} ms, {steps} steps, text {} bytes, {} claims of {bytes} bytes: {:.200}",
            taken * 1e3,
            text.len(),
            claims.len(),
            text.get(text.len() / 2..).unwrap_or_default().replace('\n', " "),
        );
    }
    vec![("worst-generated/ms".to_owned(), measured[0].0 * 1e3)]
}

fn value_bytes(claim: &Claim) -> usize {
    match &claim.value {
        policy::Value::String(text) => text.len(),
        _ => 8,
    }
}
