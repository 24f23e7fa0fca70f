//! Whom a process trusts with its files.

/// Whom a process trusts with its state beside root: its effective user, and on request the members of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    group: Option<u32>,
}

impl Trust {
    /// The effective user alone.
    pub const OWNER: Self = Self { group: None };

    /// The effective user, and everybody in this group: they can read and change the state, and so become its owner.
    ///
    /// It is meant for volumes that Kubernetes gives to the group of a pod (`fsGroup`), of which nobody else on the node is a member.
    pub const fn owner_and_group(group: u32) -> Self {
        Self { group: Some(group) }
    }

    pub(crate) fn includes_group(self, group: u32) -> bool {
        self.group == Some(group)
    }
}
