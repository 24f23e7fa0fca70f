//! Groups by their names.

use std::path::Path;

use crate::failure::{self, Failure};

const GROUPS: &str = "/etc/group";
const MAX_GROUPS: u64 = 1 << 20;

/// The number of a group that is given to that flag by number or name.
pub fn number(flag: &str, text: &str) -> Result<u32, Failure> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let groups = failure::read_file(Path::new(GROUPS), MAX_GROUPS).map_err(Failure::or_usage)?;
    of_name(&String::from_utf8_lossy(&groups), text).ok_or_else(|| {
        Failure::usage(
            "group_unknown",
            format!("there is no group `{text}` in {GROUPS}"),
            format!("give the group's number with {flag}, or make the group"),
        )
    })
}

/// Lines are `name:password:number:members`.
fn of_name(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? == name { fields.nth(1)?.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_name() {
        let groups = "root:x:0:\nsgx_prv:x:998:a,b\nbroken\n\nempty:x::\n";
        for (name, number) in
            [("sgx_prv", Some(998)), ("root", Some(0)), ("sgx", None), ("broken", None), ("empty", None), ("x", None)]
        {
            assert_eq!(of_name(groups, name), number, "{name}");
        }
        assert_eq!(number("--socket-group", "12").unwrap(), 12);
    }
}
