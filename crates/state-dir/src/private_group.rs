//! Groups that have no other member than the user of this process.
//!
//! Many systems give each user a group of its own and let new directories be writable by it (umask 002). The databases are read as
//! files: a group whose members are not listed there is not taken for a private one.

use std::fs::File;
use std::io::Read;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
/// Longer databases are not searched.
const MAX_DATABASE: u64 = 1 << 20;

/// Returns whether `group` is the primary group of `user`, of no other user, and has no further members.
pub(crate) fn is_private(group: u32, user: u32) -> bool {
    match (database(PASSWD), database(GROUP)) {
        (Some(passwd), Some(groups)) => is_private_in(&passwd, &groups, group, user),
        _ => false,
    }
}

fn database(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_DATABASE + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= MAX_DATABASE).then_some(text)
}

/// Lines are `name:password:uid:gid:…` and `name:password:gid:member,member`.
fn is_private_in(passwd: &str, groups: &str, group: u32, user: u32) -> bool {
    let users = passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let (uid, gid) = (fields.nth(1)?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
        Some((name, uid, gid))
    });
    let (own, others): (Vec<_>, Vec<_>) =
        users.filter(|(_, _, gid)| *gid == group).partition(|(_, uid, _)| *uid == user);
    let is_own = |member: &str| own.iter().any(|(name, ..)| *name == member);
    let mut members = groups.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let gid = fields.nth(2)?.parse::<u32>().ok()?;
        (gid == group).then(|| fields.next().unwrap_or_default())
    });
    !own.is_empty()
        && others.is_empty()
        && members.all(|list| list.split(',').filter(|member| !member.is_empty()).all(is_own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_private_if_its_user_is_alone_in_it() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\na:x:1000:1000::/:\nb:x:1001:1001::/:\nc:x:1002:100::/:\nd:x:1003:100::/:\nbroken\n";
        let groups = "root:x:0:\na:x:1000:a\nb:x:1001:a,b\nusers:x:100:\nempty:x:7:\nbroken:x\n";
        for (group, user, expected) in [
            (0, 0, true),
            (1000, 1000, true),
            (1001, 1001, false), // `a` is a member
            (100, 1002, false),  // the primary group of `d` too
            (1000, 1001, false),
            (7, 1000, false),
            (8, 8, false), // nothing is known of it
        ] {
            assert_eq!(is_private_in(passwd, groups, group, user), expected, "group {group}, user {user}");
        }
    }
}
