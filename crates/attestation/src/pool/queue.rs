//! What waits for the pool: each provider has a queue, and its turn.
//!
//! Policies in force, drafts and policies that are to be set are three classes that take turns: drafts, which anybody can send,
//! never take more than half of the pool from policies in force, and attesters never keep a provider from a new policy. Within a
//! class the providers take turns. A provider waits for at most one evaluation of each other provider, however many of theirs
//! wait.

use std::collections::{HashMap, VecDeque};

use crate::provider::ProviderName;

/// Evaluations of one provider that may wait, in each class.
pub(super) const MAX_WAITING: usize = 32;
/// Evaluations that may wait altogether. Beyond it the longest queue gives way to shorter ones.
pub(super) const MAX_WAITING_TOGETHER: usize = 512;

/// Whose time an evaluation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A policy in force: its provider's.
    InForce,
    /// A draft: a stranger's.
    Draft,
    /// A policy that is to be set: its provider's administrators'.
    Change,
}

impl Class {
    const COUNT: usize = 3;
}

/// Evaluations that wait.
pub(super) struct Queue<J> {
    classes: [Providers<J>; Class::COUNT],
    /// The class whose turn it is.
    turn: usize,
}

impl<J> Queue<J> {
    pub(super) fn new() -> Self {
        Self { classes: std::array::from_fn(|_| Providers::new()), turn: 0 }
    }

    /// Puts it at the end of its provider's queue. Gives back what cannot wait: this one where its own queue is full or is the
    /// longest of a full pool, otherwise the last of the longest queue.
    pub(super) fn push(&mut self, provider: &ProviderName, class: Class, job: J) -> Option<J> {
        let waiting = self.class(class).waiting(provider);
        if waiting >= MAX_WAITING {
            return Some(job);
        }
        let mut displaced = None;
        if self.classes.iter().map(|class| class.count).fold(0, usize::saturating_add) >= MAX_WAITING_TOGETHER {
            // Of queues of one length those of drafts give way first.
            let (longest, length) = [Class::Draft, Class::InForce, Class::Change]
                .map(|class| (class, self.class(class).longest()))
                .into_iter()
                .fold((Class::Draft, 0), |most, (class, length)| if length > most.1 { (class, length) } else { most });
            if length <= waiting.saturating_add(1) {
                return Some(job);
            }
            displaced = self.class(longest).take_last_of_longest();
        }
        self.class(class).push(provider, job);
        displaced
    }

    /// The next one, and the turn goes on.
    pub(super) fn pop(&mut self) -> Option<J> {
        let order = (0..Class::COUNT).cycle().skip(self.turn).take(Class::COUNT);
        for class in order {
            if let Some(job) = self.classes.get_mut(class).and_then(Providers::pop) {
                // One past the last is the first again.
                self.turn = class.saturating_add(1) % Class::COUNT;
                return Some(job);
            }
        }
        None
    }

    /// Everything that waits.
    pub(super) fn drain(&mut self) -> Vec<J> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    const fn class(&mut self, class: Class) -> &mut Providers<J> {
        let [in_force, drafts, changes] = &mut self.classes;
        match class {
            Class::InForce => in_force,
            Class::Draft => drafts,
            Class::Change => changes,
        }
    }
}

/// A queue for each provider of which something waits.
struct Providers<J> {
    queues: HashMap<ProviderName, VecDeque<J>>,
    /// Each of them once, the next one first.
    turns: VecDeque<ProviderName>,
    count: usize,
}

impl<J> Providers<J> {
    fn new() -> Self {
        Self { queues: HashMap::new(), turns: VecDeque::new(), count: 0 }
    }

    fn waiting(&self, provider: &ProviderName) -> usize {
        self.queues.get(provider).map_or(0, VecDeque::len)
    }

    fn push(&mut self, provider: &ProviderName, job: J) {
        let queue = self.queues.entry(provider.clone()).or_default();
        if queue.is_empty() {
            self.turns.push_back(provider.clone());
        }
        queue.push_back(job);
        self.count = self.count.saturating_add(1);
    }

    fn pop(&mut self) -> Option<J> {
        let provider = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&provider)?;
        let job = queue.pop_front()?;
        self.count = self.count.saturating_sub(1);
        if queue.is_empty() {
            self.queues.remove(&provider);
        } else {
            self.turns.push_back(provider);
        }
        Some(job)
    }

    fn longest(&self) -> usize {
        self.queues.values().map(VecDeque::len).max().unwrap_or_default()
    }

    /// Takes one of several: a queue of one is never emptied.
    fn take_last_of_longest(&mut self) -> Option<J> {
        let longest = self.queues.values_mut().max_by_key(|queue| queue.len()).filter(|queue| queue.len() > 1)?;
        self.count = self.count.saturating_sub(1);
        longest.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProviderName {
        ProviderName::parse(text).unwrap()
    }

    #[test]
    fn providers_take_turns_however_much_of_one_waits() {
        let mut queue = Queue::new();
        for number in 0..10 {
            assert_eq!(queue.push(&name("greedy"), Class::InForce, format!("greedy {number}")), None);
        }
        assert_eq!(queue.push(&name("modest"), Class::InForce, "modest 0".to_owned()), None);
        let order: Vec<String> = queue.drain().into_iter().take(4).collect();
        assert_eq!(order, ["greedy 0", "modest 0", "greedy 1", "greedy 2"]);
    }

    #[test]
    fn drafts_of_many_providers_take_turns_with_policies_in_force() {
        let mut queue = Queue::new();
        for number in 0..20 {
            queue.push(&name(&format!("provider-{number}")), Class::Draft, "draft");
        }
        for _ in 0..3 {
            queue.push(&name("tenant"), Class::InForce, "in force");
        }
        let order: Vec<&str> = queue.drain().into_iter().take(7).collect();
        assert_eq!(order, ["in force", "draft", "in force", "draft", "in force", "draft", "draft"]);
    }

    #[test]
    fn attesters_and_drafts_do_not_keep_a_provider_from_a_new_policy() {
        let mut queue = Queue::new();
        for class in [Class::InForce, Class::Draft] {
            for _ in 0..MAX_WAITING {
                assert_eq!(queue.push(&name("tenant"), class, "evaluation"), None);
            }
            assert_eq!(queue.push(&name("tenant"), class, "evaluation"), Some("evaluation"));
        }
        assert_eq!(queue.push(&name("tenant"), Class::Change, "new policy"), None);
        let order: Vec<&str> = queue.drain().into_iter().take(4).collect();
        assert_eq!(order, ["evaluation", "evaluation", "new policy", "evaluation"]);
    }

    #[test]
    fn a_queue_that_is_full_takes_no_more_and_others_do() {
        let mut queue = Queue::new();
        for number in 0..MAX_WAITING {
            assert_eq!(queue.push(&name("greedy"), Class::InForce, number), None);
        }
        assert_eq!(queue.push(&name("greedy"), Class::InForce, 99), Some(99));
        assert_eq!(queue.push(&name("greedy"), Class::Draft, 100), None);
        assert_eq!(queue.push(&name("modest"), Class::InForce, 101), None);
        assert_eq!(queue.drain().len(), MAX_WAITING + 2);
    }

    #[test]
    fn a_full_pool_gives_a_newcomer_the_place_of_the_longest_queue() {
        let mut queue = Queue::new();
        let full = MAX_WAITING_TOGETHER / MAX_WAITING;
        for provider in 0..full {
            for number in 0..MAX_WAITING {
                assert_eq!(queue.push(&name(&format!("greedy-{provider}")), Class::InForce, (provider, number)), None);
            }
        }
        let displaced = queue.push(&name("modest"), Class::InForce, (99, 0)).unwrap();
        assert_eq!(displaced.1, MAX_WAITING - 1);
        assert_ne!(displaced.0, 99);
        let waiting = queue.drain();
        assert_eq!((waiting.len(), waiting.contains(&(99, 0))), (MAX_WAITING_TOGETHER, true));
    }

    #[test]
    fn memory_of_providers_that_wait_no_longer_is_given_back() {
        let mut queue = Queue::new();
        for number in 0..100 {
            queue.push(&name(&format!("provider-{number}")), Class::InForce, number);
            queue.pop();
        }
        assert!(
            queue.pop().is_none()
                && queue.class(Class::InForce).queues.is_empty()
                && queue.class(Class::InForce).turns.is_empty()
        );
    }
}
