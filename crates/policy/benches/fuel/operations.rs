//! Nanoseconds per step of each operation.

use policy::limits::MAX_TEXT;
use policy::{Claim, Fuel, Issuer, Policy, Value};

use crate::{generate, time};

const TIMES: usize = 15;
/// Bytes of a document that leaves room for the claims that are made of it.
const DOCUMENT: usize = 120 << 10;

/// A policy that does one thing, on claims for it.
struct Operation {
    name: &'static str,
    rules: String,
    claims: Vec<Claim>,
}

pub fn measure() -> Vec<(String, f64)> {
    println!("{:<40} {:>9} {:>9} {:>9}", "operation", "steps", "us", "ns/step");
    let vocabulary = generate::vocabulary();
    let mut ratios = Vec::new();
    let mut worst: f64 = 0.0;
    for Operation { name, rules, claims } in of_the_language().into_iter().chain(of_json()).chain(of_queries()) {
        let text = format!("version=1.2;authorizationrules{{=>permit();{rules}}};");
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        let mut spent = 0;
        let taken = time::median(TIMES, || {
            let mut fuel = Fuel::full();
            let decided = std::hint::black_box(policy.decide_within(&claims, &vocabulary, &mut fuel));
            drop(decided);
            spent = fuel.spent();
        });
        let per_step = taken * 1e9 / f64::from(spent);
        println!("{name:<40} {spent:>9} {:>9.1} {per_step:>9.2}", taken * 1e6);
        worst = worst.max(per_step);
        ratios.push((format!("ns-per-step/{}", name.replace(' ', "-")), per_step));
    }
    ratios.push(("ns-per-step/worst".to_owned(), worst));
    ratios
}

fn claim(name: &str, value: Value) -> Claim {
    Claim { name: name.to_owned(), value, issuer: Issuer::AttestationService }
}

fn text(name: &str, value: impl Into<String>) -> Claim {
    claim(name, Value::String(value.into()))
}

fn integers(count: usize) -> Vec<Claim> {
    (0..count).map(|number| claim("a", Value::Integer(number as i64))).collect()
}

/// The same rule as often as it fits, but no more often than asked.
fn repeated(rule: &str, times: usize) -> String {
    rule.repeat(times.min((MAX_TEXT - 100) / rule.len()))
}

fn of_the_language() -> Vec<Operation> {
    let operation = |name, rules: String, claims| Operation { name, rules, claims };
    let texts = |count: usize, length: usize| -> Vec<Claim> {
        (0..count).map(|number| text("a", format!("{}{number:04}", "x".repeat(length - 4)))).collect()
    };
    let long = || vec![text("a", "x".repeat(DOCUMENT))];
    vec![
        operation("rules", repeated("=>permit();", 1_900), vec![]),
        operation("conditions without claims", repeated("[type==\"b\"]=>deny();", 1_900), vec![]),
        operation("tests of integers", repeated("[value==-1]=>deny();", 1_900), integers(400)),
        operation("tests of types", repeated("[type==\"b\"]=>deny();", 1_900), integers(400)),
        operation(
            "tests of texts of 63 bytes",
            repeated("c:[value!=\"\"]&&[value==\"\"]=>deny();", 1),
            texts(1_000, 63),
        ),
        operation(
            "tests against empty sets",
            repeated("![value==JsonToClaimValue(\"[]\")]=>deny();", 1_900),
            integers(1_000),
        ),
        operation("joins of integers", repeated("a:[type!=\"\"]&&[value==a.type]=>deny();", 1_900), integers(900)),
        operation(
            "joins of texts of 63 bytes",
            repeated("a:[type!=\"\"]&&[value==a.issuer]=>deny();", 1_900),
            texts(900, 63),
        ),
        operation("joins of equal texts of 63 bytes", repeated("a:[type!=\"\"]&&[type!=a.type]=>deny();", 1_900), {
            let name = "x".repeat(63);
            (0..900).map(|number| claim(&name, Value::Integer(number))).collect()
        }),
        operation(
            "joins of texts of 16 KiB",
            repeated("a:[type!=\"\"]&&[value!=a.value,type==\"b\"]=>deny();", 1_000),
            (0..15).map(|number| text("a", format!("{}{number:02}", "x".repeat(16 << 10)))).collect(),
        ),
        operation("claims that match", repeated("[value>=0]=>permit();", 1_900), integers(1_000)),
        operation(
            "copies of literals",
            {
                let literal = "x".repeat(30_000);
                format!(
                    "[value==AppendString(AppendString(AppendString(\"{literal}\",\"{literal}\"),\"\"),\"\")]=>deny();"
                )
            },
            vec![],
        ),
        operation("copies of short literals", repeated("[value==NegateBool(true)]=>deny();", 1_900), vec![]),
        operation(
            "copies of texts",
            repeated("c:[type!=\"\"]&&[value==AppendString(c.value,\"\"),type==\"b\"]=>deny();", 1_000),
            long(),
        ),
        operation(
            "copies of many values",
            repeated("c:[type!=\"\"]&&[value==IsSubsetOf(c.value,\"\")]=>deny();", 1_900),
            integers(1_000),
        ),
        operation(
            "copies of many texts",
            repeated("c:[type!=\"\"]&&[value==IsSubsetOf(c.issuer,\"\")]=>deny();", 1_900),
            integers(1_000),
        ),
        operation(
            "nested functions",
            repeated(&format!("[value=={}true{}]=>deny();", "NegateBool(".repeat(16), ")".repeat(16)), 300),
            vec![],
        ),
        operation(
            "IsSubsetOf",
            repeated("c:[type!=\"\"]&&[value==IsSubsetOf(c.value,c.value)]=>deny();", 1_900),
            integers(900),
        ),
        operation(
            "IsSubsetOf of texts of 63 bytes",
            repeated("c:[type!=\"\"]&&[value==IsSubsetOf(c.value,c.value)]=>deny();", 1_900),
            texts(900, 63),
        ),
        operation(
            "ContainsOnlyValue",
            repeated("c:[type!=\"\"]&&[value==ContainsOnlyValue(c.type,\"a\")]=>deny();", 1_900),
            integers(900),
        ),
        operation("claims that are copied", "c:[type==\"a\"]=>add(claim=c);".to_owned(), integers(500)),
        operation("claims that are made", "c:[type==\"a\"]=>add(type=\"b\",value=c.value);".to_owned(), integers(500)),
        operation(
            "claims that are made, with texts",
            "c:[type==\"a\"]=>add(type=\"b\",value=c.type,valueType=\"String\",issuer=\"CustomClaim\");".to_owned(),
            integers(500),
        ),
        operation("claims that are made, one by one", repeated("=>add(type=\"b\",value=1);", 990), vec![]),
        operation(
            "claims with long names",
            {
                let name = "n".repeat(200);
                format!("c:[type==\"a\"]=>add(type=\"{name}\",value=c.value);")
            },
            integers(500),
        ),
    ]
}

/// A document of so many of these, up to a length.
fn array_of(element: &str) -> String {
    let count = (DOCUMENT / (element.len() + 1)).min(policy::limits::MAX_JSON_NODES / 4);
    format!("[{}]", vec![element; count].join(","))
}

/// The document is read as often as there is fuel for, and nothing is done with it.
fn read(name: &'static str, document: String) -> Operation {
    let rules = repeated("c:[type==\"a\"]&&[value==JmesPath(c.value,\"'x'\"),type==\"b\"]=>deny();", 900);
    Operation { name, rules, claims: vec![text("a", document)] }
}

fn of_json() -> Vec<Operation> {
    let members = |name: &dyn Fn(usize) -> String| {
        let mut object = String::from("{");
        for number in 0.. {
            let member = format!("{}:1,", serde_json::to_string(&name(number)).unwrap());
            if object.len() + member.len() > DOCUMENT {
                break;
            }
            object += &member;
        }
        object.pop();
        object + "}"
    };
    let claims_of = |name, document: String| Operation {
        name,
        rules: repeated("c:[type==\"a\"]&&[value==JsonToClaimValue(c.value),type==\"b\"]=>deny();", 900),
        claims: vec![text("a", document)],
    };
    let query = |name, part: &str| Operation {
        name,
        rules: repeated("q:[type==\"q\"]&&[value==JmesPath(\"1\",q.value),type==\"b\"]=>deny();", 900),
        claims: vec![text("q", format!("'x'||[{}@]", part.repeat(16_000 / part.len())))],
    };
    vec![
        read("JSON of integers", array_of("1")),
        read("JSON of null", array_of("null")),
        read("JSON of long integers", array_of("1234567890123456789")),
        read("JSON of fractions", array_of("1.5")),
        read("JSON of long fractions", array_of("0.12345678901234567890123456789e-300")),
        read("JSON of one number", format!("0.{}", "1".repeat(DOCUMENT))),
        read("JSON of one whole number", "1".repeat(300)),
        read("JSON of empty texts", array_of("\"\"")),
        read("JSON of short texts", array_of("\"0123456789abcdef\"")),
        read("JSON of one text", format!("\"{}\"", "x".repeat(DOCUMENT))),
        read("JSON of one text of escapes", format!("\"{}\"", "\\n".repeat(DOCUMENT / 2))),
        read("JSON of one text of \\u escapes", format!("\"{}\"", "\\u00e9".repeat(DOCUMENT / 6))),
        read("JSON of texts of escapes", array_of("\"\\n\"")),
        read("JSON of white space", " ".repeat(DOCUMENT) + "1"),
        read("JSON of empty arrays", array_of("[]")),
        read("JSON of nested arrays", array_of(&format!("{}{}", "[".repeat(120), "]".repeat(120)))),
        read("JSON of empty objects", array_of("{}")),
        read("JSON of small objects", array_of("{\"a\":1}")),
        read("JSON of one object", members(&|number| number.to_string())),
        read(
            "JSON of one object, out of order",
            members(&|number| format!("{:x}", number.wrapping_mul(0x9e37_79b9) & 0xfff_ffff)),
        ),
        read("JSON of an object of long names", members(&|number| format!("{}{number:06}", "n".repeat(100)))),
        claims_of("JsonToClaimValue of integers", array_of("1")),
        claims_of("JsonToClaimValue of texts", array_of("\"\"")),
        claims_of("JsonToClaimValue of a word", "x".repeat(DOCUMENT)),
        query("queries of lists", "@,"),
        query("queries of names", "a,"),
        query("queries of literals", "`1`,"),
        query("queries of literals with arrays", "`[[[]]]`,"),
        query("queries of objects", "`{\"a\":{}}`,"),
        query("queries of functions", "type(@),"),
        query("queries of comparisons", "true==true,"),
        query("queries of slices", "[:],"),
        query("queries of texts", "'',"),
    ]
}

/// A query that is put to n² times the document, and its result to nothing.
fn on_each(name: &'static str, document: String, query: &str, times: usize) -> Operation {
    let row = vec!["@"; times].join(",");
    on(name, document, &format!("[{row}]|[{row}]|[]|{query}|'x'"))
}

/// A query that is put to the document, and its result to nothing; several times, where there is fuel for it.
fn on(name: &'static str, document: String, query: &str) -> Operation {
    let query = query.replace('\\', "\\\\").replace('"', "\\\"");
    let rule = format!("c:[type==\"a\"]&&[value==JmesPath(c.value,\"{query}\"),type==\"b\"]=>deny();");
    Operation { name, rules: repeated(&rule, 50), claims: vec![text("a", document)] }
}

fn of_queries() -> Vec<Operation> {
    let long = || format!("\"{}\"", "x".repeat(100_000));
    let digits = || format!("\"{}\"", "1".repeat(100_000));
    let short = || "\"0123456789\"".to_owned();
    let numbers = |count: usize| format!("[{}]", vec!["1.5"; count].join(","));
    let spread = |count: usize| {
        let number = |number: usize| ((number * 7_919) % 10_007).to_string();
        format!("[{}]", (0..count).map(number).collect::<Vec<_>>().join(","))
    };
    let spread_texts = |count: usize, length: usize| {
        let element = |number: usize| format!("\"{}{:05}\"", "s".repeat(length), (number * 7_919) % 10_007);
        format!("[{}]", (0..count).map(element).collect::<Vec<_>>().join(","))
    };
    let object = |count: usize| {
        let member = |number: usize| format!("\"{:05}\":{number}", (number * 7_919) % 10_007);
        format!("{{{}}}", (0..count).map(member).collect::<Vec<_>>().join(","))
    };
    let many = |part: &str, count: usize| vec![part; count].join(",");
    let chain = |part: &str, count: usize| vec![part; count].join("|");
    let needle = format!("{}y{}", "x".repeat(500), "x".repeat(500));
    vec![
        on_each("nodes of a query", "1".to_owned(), &format!("map(&({}),@)", chain("@", 100)), 60),
        on_each("literals", "1".to_owned(), "map(&`1`,@)", 100),
        on_each("fields", object(1), "map(&\"00000\",@)", 120),
        on_each("fields among many", object(5_000), "map(&\"05000\",@)", 120),
        on_each("indices", "[1]".to_owned(), "map(&@[0],@)", 120),
        on_each("slices", "[1,2,3]".to_owned(), "map(&@[::-1],@)", 100),
        on("slices of many", spread(10_000), &chain("@[::-1]", 4)),
        on("projections", spread(10_000), &chain("[*]", 4)),
        on("projections of members", object(5_000), "[*,*,*,*,*]"),
        on("filters", spread(10_000), "[?@>`5000`]|length(@)"),
        on("filters that nothing passes", spread(10_000), "[?!@]|length(@)"),
        on("flattening", format!("[{}]", many("[1,1,1,1]", 2_000)), "[[],[],[],[]]"),
        on("flattening of empty arrays", format!("[{}]", many("[]", 10_000)), "[[],[],[],[]]"),
        on("comparisons of numbers", numbers(10_000), "[?@<@]|length(@)"),
        on("comparisons of arrays", numbers(10_000), &format!("[{}]", many("@==@", 30))),
        on("comparisons of objects", object(5_000), &format!("[{}]", many("@==@", 30))),
        on("comparisons of texts", spread_texts(1_000, 60), &format!("[{}]", many("@==@", 30))),
        on_each("comparisons of long texts", long(), "map(&(@==@),@)", 20),
        on_each("lists", "1".to_owned(), "map(&[@,@],@)", 100),
        on_each("hashes", "1".to_owned(), "map(&{a:@,b:@},@)", 100),
        on_each("or, and, not", "1".to_owned(), "map(&(!@||@&&@),@)", 100),
        on_each("abs", "-1.5".to_owned(), "map(&abs(@),@)", 100),
        on_each("ceil", "1.5".to_owned(), "map(&ceil(@),@)", 100),
        on("sum", numbers(10_000), &format!("[{}]", many("sum(@)", 20))),
        on("avg", spread(10_000), &format!("[{}]", many("avg(@)", 20))),
        on("contains, in arrays", numbers(10_000), &format!("[{}]", many("contains(@,`2`)", 20))),
        on_each("contains, in texts", long(), "map(&contains(@,'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy'),@)", 15),
        on_each("contains, a long part", long(), &format!("map(&contains(@,'{needle}'),@)"), 15),
        on_each("contains, a short part", long(), "map(&contains(@,'xy'),@)", 15),
        on_each("contains, the text itself", long(), "map(&contains(@,@),@)", 15),
        on_each("contains, in short texts", short(), "map(&contains(@,'89'),@)", 100),
        on_each("starts_with", long(), "map(&starts_with(@,@),@)", 20),
        on_each("ends_with, short", short(), "map(&ends_with(@,@),@)", 100),
        on_each("equals_ignore_case", long(), "map(&equals_ignore_case(@,@),@)", 8),
        on_each(
            "equals_ignore_case, not ASCII",
            format!("\"{}\"", "É".repeat(50_000)),
            "map(&equals_ignore_case(@,@),@)",
            8,
        ),
        on_each(
            "equals_ignore_case, expanding",
            format!("\"{}\"", "İ".repeat(50_000)),
            "map(&equals_ignore_case(@,@),@)",
            8,
        ),
        on_each("equals_ignore_case, short", short(), "map(&equals_ignore_case(@,@),@)", 100),
        on("join", spread_texts(2_000, 1), &format!("[{}]", many("join('',@)", 20))),
        on("join of empty texts", format!("[{}]", many("\"\"", 10_000)), &format!("[{}]", many("join('',@)", 20))),
        on("keys", object(5_000), "[keys(@),keys(@),keys(@),keys(@),keys(@)]"),
        on("values", object(5_000), "[values(@),values(@),values(@),values(@),values(@)]"),
        on_each("keys of small objects", object(1), "map(&keys(@),@)", 100),
        on_each("length of texts", long(), "map(&length(@),@)", 30),
        on_each("length of texts, not ASCII", format!("\"{}\"", "é".repeat(50_000)), "map(&length(@),@)", 30),
        on("map", spread(10_000), "[map(&@,@),map(&@,@),map(&@,@),map(&@,@)]"),
        on("max", spread(10_000), &format!("[{}]", many("max(@)", 20))),
        on("max of texts", spread_texts(1_000, 60), &format!("[{}]", many("max(@)", 50))),
        on("max_by", spread(10_000), &format!("[{}]", many("max_by(@,&@)", 10))),
        on("merge", object(5_000), &format!("[{}]", many("merge(@,@)", 4))),
        on(
            "merge of long names",
            {
                let member = |number: usize| format!("\"{}{:05}\":1", "n".repeat(100), (number * 7_919) % 10_007);
                format!("{{{}}}", (0..1_000).map(member).collect::<Vec<_>>().join(","))
            },
            &format!("[{}]", many("merge(@,@)", 20)),
        ),
        on_each("merge of small objects", object(1), "map(&merge(@,@),@)", 80),
        on("not_null", "null".to_owned(), &format!("not_null({})", many("@", 5_000))),
        on("reverse", spread(10_000), "[reverse(@),reverse(@),reverse(@),reverse(@)]"),
        on_each("reverse of texts", long(), "map(&reverse(@),@)", 4),
        on_each("reverse of texts, not ASCII", format!("\"{}\"", "é".repeat(50_000)), "map(&reverse(@),@)", 4),
        on_each("reverse of short texts", short(), "map(&reverse(@),@)", 100),
        on("sort", spread(10_000), "[sort(@),sort(@),sort(@),sort(@)]"),
        on("sort of texts", spread_texts(4_000, 4), "[sort(@),sort(@),sort(@),sort(@)]"),
        on("sort of texts of 63 bytes", spread_texts(1_500, 58), &format!("[{}]", many("sort(@)", 10))),
        on("sort_by", spread(10_000), "[sort_by(@,&@),sort_by(@,&@),sort_by(@,&@)]"),
        on_each("to_array", "1".to_owned(), "map(&to_array(@),@)", 100),
        on_each("to_number", digits(), "map(&to_number(@),@)", 10),
        on_each("to_number of fractions", format!("\"0.{}\"", "1".repeat(100_000)), "map(&to_number(@),@)", 10),
        on_each("to_number of exponents", "\"1.2345e-300\"".to_owned(), "map(&to_number(@),@)", 100),
        on_each("to_number of white space", format!("\"{}\"", " ".repeat(100_000)), "map(&to_number(@),@)", 10),
        on_each("to_number of words", short(), "map(&to_number(@),@)", 100),
        on("to_string of integers", spread(10_000), &format!("[{}]", many("to_string(@)", 10))),
        on(
            "to_string of fractions",
            format!("[{}]", many("0.1234567890123456", 5_000)),
            &format!("[{}]", many("to_string(@)", 10)),
        ),
        on(
            "to_string of empty arrays",
            format!("[{}]", many("[]", 10_000)),
            &format!("[{}]", many("to_string(@)", 10)),
        ),
        on(
            "to_string of short texts",
            format!("[{}]", many("\"\"", 10_000)),
            &format!("[{}]", many("to_string(@)", 10)),
        ),
        on("to_string of objects", object(5_000), &format!("[{}]", many("to_string(@)", 10))),
        on("to_string of a text", format!("[{}]", long()), &format!("[{}]", many("to_string(@)", 20))),
        on(
            "to_string of control characters",
            format!("[\"{}\"]", "\\u0001".repeat(19_000)),
            &format!("[{}]", many("to_string(@)", 20)),
        ),
        on_each("to_string of one number", "1.5".to_owned(), "map(&to_string(@),@)", 100),
        on_each("type", "1".to_owned(), "map(&type(@),@)", 100),
    ]
}
