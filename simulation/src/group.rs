//! Groups: what lives, crashes and is started again together.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use hosting::{Outside, Protections};

use crate::clock::SimClock;
use crate::network::SimHttp;
use crate::random::{SimEntropy, SimIds};
use crate::sim::{State, lock};
use crate::task::{Doomed, GroupSpawner, Task};
use crate::{Random, Sim};

/// What dies together: one service, or the buyers, or the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(pub(crate) u32);

/// The group of what carries requests; nothing kills it.
pub(crate) const NETWORK: Group = Group(0);

pub(crate) struct GroupState {
    name: String,
    /// How often it was killed. Handles of an earlier life spawn nothing any more.
    life: u32,
    crashes: bool,
    ids: Arc<Mutex<Random>>,
    entropy: Arc<Mutex<Random>>,
}

/// Groups.
impl Sim {
    /// The group called `name`, made if there is none yet. It does not crash by itself: see [`Sim::let_crash`].
    pub fn group(&self, name: &str) -> Group {
        let mut state = self.state();
        if let Some(index) = state.groups.iter().position(|group| group.name == name) {
            return Group(u32::try_from(index).unwrap_or(u32::MAX));
        }
        let stream = |kind: &str| Arc::new(Mutex::new(Random::labelled(self.shared.seed, &format!("{kind} {name}"))));
        let (ids, entropy) = (stream("ids"), stream("entropy"));
        state.groups.push(GroupState { name: name.to_owned(), life: 0, crashes: false, ids, entropy });
        Group(u32::try_from(state.groups.len() - 1).unwrap_or(u32::MAX))
    }

    /// The group's name.
    #[must_use]
    pub fn name(&self, group: Group) -> String {
        self.state().group(group).name.clone()
    }

    /// From now on `group` may crash between any two steps.
    pub fn let_crash(&self, group: Group) {
        self.state().group_mut(group).crashes = true;
    }

    pub(crate) fn may_crash(&self, group: Group) -> bool {
        self.state().group(group).crashes
    }

    pub(crate) fn life(&self, group: Group) -> u32 {
        self.state().group(group).life
    }

    /// The outside world of `group` in its present life. Its random streams go on where an earlier life left them; its
    /// spawner is dead once the group is killed.
    #[must_use]
    pub fn outside(&self, group: Group, protections: Protections) -> Outside {
        let state = self.state();
        let GroupState { life, ids, entropy, .. } = state.group(group);
        Outside {
            clock: Arc::new(SimClock(self.clone())),
            ids: Arc::new(SimIds::new(Arc::clone(ids))),
            entropy: Arc::new(SimEntropy(Arc::clone(entropy))),
            spawner: Arc::new(GroupSpawner { sim: self.clone(), group, life: *life }),
            http: Arc::new(SimHttp { sim: self.clone() }),
            protections,
        }
    }

    /// Drops every task and route of `group`, without a word to anyone. Inside a poll the dropping waits for its end.
    /// What is spawned for the group afterwards belongs to its next life.
    pub fn kill(&self, group: Group) {
        let routes = lock(&self.shared.network).take_routes_of(group);
        let mut state = self.state();
        state.group_mut(group).life += 1;
        let tasks: Vec<Task> = state.tasks.extract_if(.., |_, task| task.group == group).map(|(_, task)| task).collect();
        state.graveyard.extend(tasks.into_iter().map(Doomed::Task));
        state.graveyard.extend(routes.into_values().map(Doomed::Route));
        drop(state);
        self.bury();
    }

    /// Kills `group` and reports it to [`Sim::take_crashed`].
    pub fn crash(&self, group: Group) {
        self.record("crash", &self.name(group), &[]);
        self.kill(group);
        let mut state = self.state();
        state.crashed.push_back(group);
        let waker = state.crash_waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The groups that crashed since the last call, in that order: the world starts them again.
    #[must_use]
    pub fn take_crashed(&self) -> Vec<Group> {
        self.state().crashed.drain(..).collect()
    }

    /// Ends with the next crashed group, which [`Sim::take_crashed`] then does not report. One task at a time may wait.
    pub fn next_crashed(&self) -> impl Future<Output = Group> + Send + 'static {
        let sim = self.clone();
        std::future::poll_fn(move |context| {
            let mut state = sim.state();
            if let Some(group) = state.crashed.pop_front() {
                return Poll::Ready(group);
            }
            let before = state.crash_waker.replace(context.waker().clone());
            drop(state);
            drop(before);
            Poll::Pending
        })
    }
}

impl State {
    /// # Panics
    /// On a group of another world.
    fn group(&self, group: Group) -> &GroupState {
        &self.groups[group.0 as usize]
    }

    fn group_mut(&mut self, group: Group) -> &mut GroupState {
        &mut self.groups[group.0 as usize]
    }
}
