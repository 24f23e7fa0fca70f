//! Policies and claims that a stranger could send: from a seed, by a grammar, with a taste for what is large.

use policy::limits::{MAX_CLAIM_BYTES, MAX_CLAIMS, MAX_TEXT};
use policy::{
    Claim, Domain, Form, Issuer, KnownClaim, KnownProperty, OwnedNames, Section, Value, ValueType, Vocabulary,
};

/// As the service has for an enclave.
pub fn vocabulary() -> Vocabulary {
    const NAMES: [&str; 24] = [
        "x-ms-attestation-type",
        "x-ms-sgx-is-debuggable",
        "x-ms-sgx-product-id",
        "x-ms-sgx-mrsigner",
        "x-ms-sgx-mrenclave",
        "x-ms-sgx-svn",
        "x-ms-sgx-report-data",
        "x-ms-sgx-config-id",
        "x-ms-sgx-config-svn",
        "x-ms-sgx-isv-extended-product-id",
        "x-ms-sgx-isv-family-id",
        "x-ms-sgx-tcbidentifier",
        "$is-debuggable",
        "$product-id",
        "$sgx-mrsigner",
        "$sgx-mrenclave",
        "$svn",
        "$tee",
        "x-veritee-tcb-status",
        "x-veritee-tcb-date",
        "x-veritee-advisory-ids",
        "x-veritee-fmspc",
        "x-veritee-simulated",
        "x-veritee-tcb-evaluation-number",
    ];
    let claim = |name| KnownClaim { name, value_type: ValueType::String, form: Form::Any };
    Vocabulary {
        evidence: Some("SgxEnclave"),
        claims: NAMES.map(claim).to_vec(),
        properties: vec![KnownProperty {
            name: "x-ms-sgx-tcbidentifier",
            section: Section::Configuration,
            domain: Domain::WordOrNumber("azuredefault"),
            default: Some(Value::String("azuredefault".to_owned())),
        }],
        owned: OwnedNames::new(
            &["iss", "exp", "iat", "nbf", "jti", "nonce", "maa-ehd", "sub", "aud"],
            &["x-ms-", "x-veritee-"],
        ),
        ..Vocabulary::empty()
    }
}

/// The policy of that number, and the claims that it is put to.
pub fn policy(seed: u64, number: usize) -> (String, Vec<Claim>) {
    let mut random = Random(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..8 {
        random.next();
    }
    (text(&mut random), claims(&mut random))
}

/// xorshift64 (Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound.max(1)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn is_one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }
}

fn claims(random: &mut Random) -> Vec<Claim> {
    let names = ["a", "b", "x-ms-sgx-mrsigner"];
    let long_name = "x-".repeat(30);
    let name = |random: &mut Random| {
        if random.is_one_in(6) { long_name.clone() } else { random.one(&names).to_owned() }
    };
    let issuer = Issuer::AttestationService;
    let count = random.one(&[0, 1, 2, 15, 22, 300, 900, MAX_CLAIMS]);
    let mut room = MAX_CLAIM_BYTES - 100;
    let share = room / count.max(1);
    let mut claims = Vec::new();
    for number in 0..count {
        let name = name(random);
        let value = match random.below(8) {
            0..=3 if count > 30 => Value::Integer(random.below(5) as i64 - 2 + number as i64),
            0 => Value::Boolean(random.is_one_in(2)),
            _ => {
                let length = random.one(&[8, 64, share.saturating_sub(100), share.saturating_sub(100) / 3]);
                Value::String(document(random, length))
            }
        };
        let bytes = name.len() + if let Value::String(text) = &value { text.len() } else { 8 };
        let Some(left) = room.checked_sub(bytes) else { break };
        room = left;
        claims.push(Claim { name, value, issuer });
    }
    claims
}

/// A text of at most that length, mostly JSON.
fn document(random: &mut Random, length: usize) -> String {
    let repeated = |part: &str, length: usize| part.repeat(length / part.len().max(1));
    let array = |part: &str, length: usize| {
        let elements = vec![part; (length.saturating_sub(2) / (part.len() + 1)).clamp(1, 49_000)];
        format!("[{}]", elements.join(","))
    };
    let text = match random.below(14) {
        0 => array("1", length),
        1 => array("1.5e-7", length),
        2 => array("\"\"", length),
        3 => array("{\"k\":[1,\"x\"]}", length),
        4 => array("[]", length),
        5 => array("{\"a\":1,\"b\":\"İ\"}", length),
        6 => {
            let count = (length / 14).clamp(1, 40_000);
            let member = |number: usize| format!("\"{:05}\":{number}", (number * 7_919) % 100_003);
            format!("{{{}}}", (0..count).map(member).collect::<Vec<_>>().join(","))
        }
        7 => {
            let count = (length / 12).clamp(1, 40_000);
            let element = |number: usize| ((number * 7_919) % 100_003).to_string();
            format!("[{}]", (0..count).map(element).collect::<Vec<_>>().join(","))
        }
        8 => {
            let count = (length / 60).clamp(1, 40_000);
            let element = |number: usize| format!("\"{}{:05}\"", "s".repeat(45), (number * 7_919) % 100_003);
            format!("[{}]", (0..count).map(element).collect::<Vec<_>>().join(","))
        }
        9 => format!("\"{}\"", repeated("É", length.saturating_sub(2))),
        10 => format!("\"{}\"", repeated("\\u0001", length.saturating_sub(2))),
        11 => repeated("1", length),
        12 => repeated("x", length),
        _ => array("[[[[[[[[1]]]]]]]]", length),
    };
    if text.len() <= length.max(20) { text } else { "[1]".to_owned() }
}

fn text(random: &mut Random) -> String {
    let target = random.one(&[500, 2_000, 8_000, MAX_TEXT - 200, MAX_TEXT - 200]);
    let most = random.one(&[1, 3, 10, 100, 1_900]);
    let layout = random.one(&["", "\n", " "]);
    // Half of them are one rule again and again, which finds what that rule costs.
    let same = random.is_one_in(2).then(|| rule(random, true));
    let mut rules = String::new();
    let mut count = 0;
    while count < most {
        let rule = same.clone().unwrap_or_else(|| rule(random, true));
        if rules.len() + rule.len() + layout.len() > target {
            break;
        }
        rules += &rule;
        rules += layout;
        count += 1;
    }
    let configuration = if random.is_one_in(10) {
        let value = operand(random, 0, &[]);
        format!("configurationrules{{=>issueproperty(type=\"x-ms-sgx-tcbidentifier\",value={value});}};")
    } else {
        String::new()
    };
    if random.is_one_in(3) {
        let rules = rules.replace("add(", "issue(").replace("=>permit();", "=>add(type=\"p\",value=1);");
        let rules = rules.replace("=>deny();", "=>add(type=\"d\",value=1);");
        format!("version=1.2;{configuration}authorizationrules{{=>permit();}};issuancerules{{{rules}}};")
    } else {
        format!("version=1.2;{configuration}authorizationrules{{=>permit();{rules}}};")
    }
}

fn rule(random: &mut Random, may_make: bool) -> String {
    let mut conditions = Vec::new();
    let mut named = Vec::new();
    for number in 0..random.one(&[0, 1, 1, 2, 2, 3, 8]) {
        let negation = if number > 0 && random.is_one_in(8) { "!" } else { "" };
        let mut tests = Vec::new();
        for _ in 0..random.one(&[1, 1, 1, 2, 4]) {
            tests.push(test(random, &named));
        }
        let name = ["c", "d", "e", "f", "g", "h", "i", "j"][number];
        conditions.push(format!("{negation}{name}:[{}]", tests.join(",")));
        if negation.is_empty() {
            named.push(name);
        }
    }
    let action = match random.below(4) {
        0 => "permit()".to_owned(),
        1 => "deny()".to_owned(),
        2 if may_make && !named.is_empty() => format!("add(claim={})", random.one(&named)),
        _ if may_make => format!("add(type=\"{}\",value={})", random.one(&["a", "b", "z"]), operand(random, 0, &named)),
        _ => "deny()".to_owned(),
    };
    format!("{}=>{action};", conditions.join("&&"))
}

fn test(random: &mut Random, named: &[&str]) -> String {
    match random.below(6) {
        0 => format!("type==\"{}\"", random.one(&["a", "b", "x-ms-sgx-mrsigner", "none"])),
        1 => format!("value{}{}", random.one(&["<", ">", "==", "!="]), random.one(&["-1", "0", "3"])),
        2 => "issuer==\"AttestationService\"".to_owned(),
        3 if !named.is_empty() => format!("type{}{}.type", random.one(&["==", "!="]), random.one(named)),
        4 if !named.is_empty() => format!("value{}{}.value", random.one(&["==", "!=", "<"]), random.one(named)),
        _ => format!("value{}{}", random.one(&["==", "!="]), operand(random, 0, named)),
    }
}

fn operand(random: &mut Random, depth: usize, named: &[&str]) -> String {
    let is_leaf = depth > 3;
    match random.below(if is_leaf { 4 } else { 12 }) {
        0 => random.one(&["1", "true", "\"x\"", "\"[1,2,3]\""]).to_owned(),
        1 if depth == 0 && random.is_one_in(10) => format!("\"{}\"", "t".repeat(random.one(&[60, 1_000, 30_000]))),
        1..=3 if !named.is_empty() => {
            format!("{}.{}", random.one(named), random.one(&["value", "value", "type", "issuer"]))
        }
        1..=3 => "\"{\\\"k\\\":[1,2]}\"".to_owned(),
        4 => format!("NegateBool({})", operand(random, depth + 1, named)),
        5 => format!("JsonToClaimValue({})", operand(random, depth + 1, named)),
        6 => two(random, "AppendString", depth, named),
        7 => two(random, "IsSubsetOf", depth, named),
        8 => two(random, "ContainsOnlyValue", depth, named),
        _ => {
            let json = operand(random, depth + 1, named);
            let query = if random.is_one_in(12) && !named.is_empty() {
                format!("{}.value", random.one(named))
            } else {
                let length = random.one(&[1, 3, 10, 60]);
                format!("\"{}\"", query(random, length).replace('\\', "\\\\").replace('"', "\\\""))
            };
            format!("JmesPath({json},{query})")
        }
    }
}

fn two(random: &mut Random, function: &str, depth: usize, named: &[&str]) -> String {
    let first = operand(random, depth + 1, named);
    format!("{function}({first},{})", operand(random, depth + 1, named))
}

/// A pipe of so many parts.
fn query(random: &mut Random, length: usize) -> String {
    let mut parts = Vec::new();
    if random.is_one_in(2) {
        let row = vec!["@"; random.one(&[3, 20, 60, 120])].join(",");
        parts.push(format!("[{row}]"));
        if random.is_one_in(2) {
            parts.push(format!("[{row}]"));
            parts.push("[]".to_owned());
        }
    }
    let repeated = random.is_one_in(3).then(|| part(random, 0));
    for _ in 0..length {
        parts.push(repeated.clone().unwrap_or_else(|| part(random, 0)));
    }
    parts.join("|")
}

fn part(random: &mut Random, depth: usize) -> String {
    if depth > 3 {
        return random.one(&["@", "k", "`1`", "`[1,2]`", "'x'", "\"00000\"", "@[0]"]).to_owned();
    }
    let one = |random: &mut Random| part(random, depth + 1);
    match random.below(12) {
        0 => random.one(&["@", "[]", "[*]", "*", "[::-1]", "[0]", "k", "[::2]"]).to_owned(),
        1 => {
            let parts: Vec<String> = (0..random.one(&[1, 2, 3])).map(|_| one(random)).collect();
            format!("[{}]", parts.join(","))
        }
        2 => format!("{{a:{},b:{}}}", one(random), one(random)),
        3 => format!("[?({}){}({})]", one(random), random.one(&["==", "<", "!=", "&&", "||"]), one(random)),
        4 | 5 => format!("map(&({}),@)", one(random)),
        6 => format!("({}){}({})", one(random), random.one(&["==", "!=", "||", "&&", ">="]), one(random)),
        7 => format!("!({})", one(random)),
        8 => {
            let name = random.one(&["sort_by", "max_by", "min_by"]);
            format!("{name}(@,&({}))", one(random))
        }
        9 => {
            let name = random.one(&["contains", "starts_with", "ends_with", "equals_ignore_case", "not_null", "merge"]);
            format!("{name}({},{})", one(random), one(random))
        }
        10 => format!("join('',{})", one(random)),
        _ => {
            let name = random.one(&[
                "length",
                "to_string",
                "to_number",
                "type",
                "keys",
                "values",
                "sort",
                "max",
                "min",
                "sum",
                "avg",
                "reverse",
                "to_array",
                "abs",
            ]);
            format!("{name}({})", one(random))
        }
    }
}
