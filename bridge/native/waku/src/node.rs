//! The handle of a running node.

use std::collections::HashSet;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;

use prost::Message as _;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::config::NodeConfig;
use crate::driver::{Driver, Publish};
use crate::error::{PublishError, StartError};
use crate::inbox::{Bounded, Waker};
use crate::message::{MAX_PUBLISHED, WakuMessage, well_formed_content_topic};
use crate::status::{Counters, Status};

/// Outcome of the publish with this token.
pub type Outcome = (u64, Result<(), PublishError>);

/// What the node's thread and the handle share.
pub(crate) struct Shared {
    pub inbox: Bounded<WakuMessage>,
    pub outcomes: Mutex<Vec<Outcome>>,
    pub waker: Waker,
    pub counters: Counters,
    pub wanted: RwLock<HashSet<String>>,
    pub status: Mutex<Status>,
    running: AtomicBool,
}

impl Shared {
    /// Report an outcome to the application.
    pub fn answer(&self, token: u64, outcome: Result<(), PublishError>) {
        self.outcomes
            .lock()
            .expect("no panic while locked")
            .push((token, outcome));
        self.waker.wake();
    }

    /// The node's thread has ended, for whatever reason.
    pub fn ended(&self) {
        self.running.store(false, Ordering::Release);
        self.waker.wake();
    }
}

/// A running node. Dropping it stops it without waiting; `stop` waits.
pub struct Node {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Publish>,
    shutdown: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    peer_id: String,
    next_token: AtomicU64,
    in_flight: AtomicUsize,
    max_in_flight: usize,
}

impl Node {
    /// Open the listening socket and start the node's thread. Returns when it listens; connecting to peers
    /// goes on by itself.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub fn start(config: NodeConfig) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            inbox: Bounded::new(config.max_waiting, config.max_waiting_bytes),
            outcomes: Mutex::default(),
            waker: Waker::new()?,
            counters: Counters::default(),
            wanted: RwLock::default(),
            status: Mutex::default(),
            running: AtomicBool::new(true),
        });
        let (commands, queue) = mpsc::channel(config.max_in_flight.max(1));
        let (shutdown, stopped) = watch::channel(false);
        let peer_id = config.identity.keypair().public().to_peer_id().to_string();
        let max_in_flight = config.max_in_flight.max(1);
        let runtime = runtime()?;
        let driver = runtime.block_on(Driver::listen(config, Arc::clone(&shared), queue))?;
        let thread = std::thread::Builder::new()
            .name("waku-node".into())
            .spawn(move || runtime.block_on(driver.run(stopped)))?;
        Ok(Self {
            shared,
            commands,
            shutdown,
            thread: Mutex::new(Some(thread)),
            peer_id,
            next_token: AtomicU64::new(1),
            in_flight: AtomicUsize::new(0),
            max_in_flight,
        })
    }

    /// Hand a message over for publishing; the outcome comes through [`Self::take_outcomes`] under the
    /// returned token.
    ///
    /// # Errors
    /// What can be said at once: too large, not well-formed, too many in flight, not running.
    pub fn publish(&self, message: WakuMessage) -> Result<u64, PublishError> {
        let size = message.encoded_len();
        if size > MAX_PUBLISHED {
            return Err(PublishError::TooLarge {
                size,
                limit: MAX_PUBLISHED,
            });
        }
        if !well_formed_content_topic(&message.content_topic) {
            return Err(PublishError::BadContentTopic);
        }
        if !self.running() {
            return Err(PublishError::Down);
        }
        if self.in_flight.fetch_add(1, Ordering::AcqRel) >= self.max_in_flight {
            self.in_flight.fetch_sub(1, Ordering::AcqRel);
            return Err(PublishError::Busy);
        }
        let token = self.next_token.fetch_add(1, Ordering::Relaxed);
        self.commands
            .try_send(Publish { token, message })
            .map_err(|error| {
                self.in_flight.fetch_sub(1, Ordering::AcqRel);
                match error {
                    mpsc::error::TrySendError::Full(_) => PublishError::Busy,
                    mpsc::error::TrySendError::Closed(_) => PublishError::Down,
                }
            })?;
        Ok(token)
    }

    /// Outcomes of publishes since the last call.
    #[must_use]
    pub fn take_outcomes(&self) -> Vec<Outcome> {
        let taken =
            std::mem::take(&mut *self.shared.outcomes.lock().expect("no panic while locked"));
        self.in_flight.fetch_sub(taken.len(), Ordering::AcqRel);
        taken
    }

    /// Up to `count` received messages, in the order of arrival.
    #[must_use]
    pub fn take_messages(&self, count: usize) -> Vec<WakuMessage> {
        self.shared.inbox.take(count)
    }

    /// Also deliver messages with these content topics. The relay carries the whole shard anyway; the
    /// filter keeps foreign traffic out of the application's queue.
    pub fn subscribe(&self, content_topics: impl IntoIterator<Item = String>) {
        self.shared
            .wanted
            .write()
            .expect("no panic while locked")
            .extend(content_topics);
    }

    /// A descriptor that is readable when messages or outcomes wait. Open as long as the node lives.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.shared.waker.descriptor()
    }

    /// Make the descriptor unreadable again; take messages and outcomes after this.
    pub fn acknowledge(&self) {
        self.shared.waker.acknowledge();
    }

    /// Whether the node's thread runs.
    #[must_use]
    pub fn running(&self) -> bool {
        self.shared.running.load(Ordering::Acquire)
    }

    /// The node's peer id.
    #[must_use]
    pub fn peer_id(&self) -> &str {
        &self.peer_id
    }

    /// Peers, mesh and addresses.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = self
            .shared
            .status
            .lock()
            .expect("no panic while locked")
            .clone();
        Status {
            running: self.running(),
            ..status
        }
    }

    /// Counters since the start; `waiting` is the length of the inbound queue now.
    #[must_use]
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let mut counters = self.shared.counters.snapshot();
        counters.push(("waiting", self.shared.inbox.len() as u64));
        counters
    }

    /// Publish what was handed over, hang up, close the sockets, end the thread. Blocks, about a second at
    /// most; a second call does nothing.
    pub fn stop(&self) {
        self.shutdown.send_replace(true);
        let thread = self.thread.lock().expect("no panic while locked").take();
        if let Some(thread) = thread {
            // An error means that the thread panicked; `running` has told so already.
            let _ = thread.join();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.shutdown.send_replace(true);
    }
}

fn runtime() -> std::io::Result<Runtime> {
    // The swarm runs on the thread that blocks on it; connections run on the workers.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("waku-io")
        .enable_all()
        .build()
}
