//! Policies that are expensive to read, each as long as a policy may be.

use policy::Policy;
use policy::limits::{MAX_QUERY, MAX_TEXT};

use crate::{generate, time};

const TIMES: usize = 15;

pub fn measure() -> Vec<(String, f64)> {
    println!("\nreading and checking a text, milliseconds:");
    let vocabulary = generate::vocabulary();
    let mut worst: f64 = 0.0;
    for (name, text) in texts() {
        assert!(text.len() <= MAX_TEXT, "{name}");
        let taken = time::median(TIMES, || {
            let parsed = Policy::parse(&text);
            let _ = std::hint::black_box(parsed.and_then(|policy| policy.check(&vocabulary)));
        });
        println!("{name:<34} {:>8.3}", taken * 1e3);
        worst = worst.max(taken);
    }
    vec![("worst-text/ms".to_owned(), worst * 1e3)]
}

fn texts() -> Vec<(&'static str, String)> {
    let authorization = |rule: &str| filled("version=1.2;authorizationrules{", rule, "};");
    let issuance = |rule: &str| filled("version=1.2;authorizationrules{=>permit();};issuancerules{", rule, "};");
    let rule_of = |part: &str, length: usize| {
        let mut parts = part.repeat(length / part.len());
        parts.truncate(parts.len() - 1);
        parts
    };
    let query = |part: &str| {
        let rule = format!("=>add(type=\"a\",value=JmesPath(\"1\",\"[{}]\"));", rule_of(part, MAX_QUERY - 2));
        authorization(&rule)
    };
    let tests = format!("[{}]", vec!["value!=1"; 32].join(","));
    let conditions = format!("{}=>deny();", vec!["[value==1]"; 32].join("&&"));
    let nested = format!("=>add(type=\"a\",value={}true{});", "NegateBool(".repeat(16), ")".repeat(16));
    vec![
        ("rules on one line", authorization("=>deny();")),
        ("rules, one a line", authorization("\n=>deny();")),
        ("rules that issue", issuance("=>issue(\"a\",value=1);")),
        ("rules that issue unknown names", issuance("[type==\"x-ms-sgx-is-debuggabl\"]=>issue(type=\"nae\",value=1);")),
        ("conditions that ask for unknown claims", authorization("[type==\"x-ms-sgx-mrenclavf\"]=>permit();")),
        ("as many conditions as may be", authorization(&conditions)),
        ("as many tests as may be", authorization(&format!("{tests}=>deny();"))),
        ("nested functions", authorization(&nested)),
        ("unknown functions", authorization(&format!("=>add(type=\"a\",value=x({}));", rule_of("Negate(),", 60_000)))),
        ("unknown words", authorization("[valu==1]=>permt();")),
        ("characters of no token", "version=1.0;".to_owned() + &"$".repeat(60_000)),
        ("curly quotes", filled("version=1.0;", "\"\u{201d}\u{201d}\u{201d}\u{201d}\n", "")),
        ("one text", filled("version=1.0;authorizationrules{=>add(type=\"a\",value=\"", "\\\\", "\");};")),
        ("placeholders", authorization("[value==<a>]=>deny();")),
        ("angles", filled("version=1.0;", "<a", "")),
        ("comments", filled("version=1.0;", "//\n", "")),
        ("parentheses", filled("version=1.0;authorizationrules{", "(", "")),
        ("queries of lists", query("@,")),
        ("queries of names", query("a.b,")),
        ("queries of literals", query("`1`,")),
        ("queries of literals with arrays", query("`[[[]]]`,")),
        ("queries of texts", query("'',")),
        ("queries of doubtful comparisons", query("true==true,")),
        ("queries of functions", query("type(@),")),
        ("queries of unknown functions", query("not_nul(@),")),
        (
            "queries of members",
            authorization(&format!(
                "=>add(type=\"a\",value=JmesPath(\"1\",\"{{{}}}\"));",
                rule_of("a:@,", MAX_QUERY - 2)
            )),
        ),
        ("short queries", authorization("=>add(type=\"a\",value=JmesPath(\"1\",\"@\"));")),
    ]
}

/// As often as it may be there, or fits.
fn filled(before: &str, part: &str, after: &str) -> String {
    let room = MAX_TEXT - before.len() - after.len();
    let rules = if part.contains("=>") { policy::limits::MAX_RULES - 1 } else { usize::MAX };
    format!("{before}{}{after}", part.repeat((room / part.len()).min(rules)))
}
