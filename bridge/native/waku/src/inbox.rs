//! Queues from the node's thread to the application, and the socket that wakes it.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Wakes an event loop through a readable file descriptor. Signals between two acknowledgements are one.
#[derive(Debug)]
pub struct Waker {
    near: UnixStream,
    far: UnixStream,
    signalled: AtomicBool,
}

impl Waker {
    /// A pair of connected, non-blocking sockets.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn new() -> std::io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        Ok(Self {
            near,
            far,
            signalled: AtomicBool::new(false),
        })
    }

    /// The descriptor to wait on; it stays open as long as `self`.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.near.as_raw_fd()
    }

    /// Make the descriptor readable. Call it after the work was queued.
    pub fn wake(&self) {
        if !self.signalled.swap(true, Ordering::AcqRel) {
            // A full socket is readable already; any other error means that nobody listens any more.
            let _ = (&self.far).write(&[1]);
        }
    }

    /// Make it unreadable again. Call it before taking the queued work.
    pub fn acknowledge(&self) {
        let mut bytes = [0; 16];
        while matches!((&self.near).read(&mut bytes), Ok(count) if count > 0) {}
        self.signalled.store(false, Ordering::Release);
    }
}

/// A FIFO bounded in items and bytes. What does not fit is refused, never replaced.
#[derive(Debug)]
pub struct Bounded<T> {
    state: Mutex<Items<T>>,
    max_items: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Items<T> {
    queue: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Bounded<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(max_items: usize, max_bytes: usize) -> Self {
        Self {
            state: Mutex::new(Items {
                queue: VecDeque::new(),
                bytes: 0,
            }),
            max_items,
            max_bytes,
        }
    }

    /// Append an item of `size` bytes; false when it does not fit.
    #[must_use]
    pub fn push(&self, item: T, size: usize) -> bool {
        let mut state = self.state.lock().expect("no panic while locked");
        if state.queue.len() >= self.max_items || state.bytes + size > self.max_bytes {
            return false;
        }
        state.bytes += size;
        state.queue.push_back((item, size));
        true
    }

    /// Take up to `count` items, oldest first.
    #[must_use]
    pub fn take(&self, count: usize) -> Vec<T> {
        let mut state = self.state.lock().expect("no panic while locked");
        let count = count.min(state.queue.len());
        let taken: Vec<_> = state.queue.drain(..count).collect();
        state.bytes -= taken.iter().map(|(_, size)| size).sum::<usize>();
        taken.into_iter().map(|(item, _)| item).collect()
    }

    /// Items waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state
            .lock()
            .expect("no panic while locked")
            .queue
            .len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable(waker: &Waker) -> bool {
        let mut byte = [0];
        matches!((&waker.near).read(&mut byte), Ok(1))
    }

    #[test]
    fn the_queue_is_bounded_both_ways_and_keeps_order() {
        let queue = Bounded::new(3, 10);
        assert!(queue.push('a', 4) && queue.push('b', 4));
        assert!(!queue.push('c', 4), "too many bytes");
        assert!(queue.push('d', 2));
        assert!(!queue.push('e', 0), "too many items");
        assert_eq!(queue.take(2), ['a', 'b']);
        assert!(queue.push('f', 8), "taking frees bytes");
        assert_eq!(queue.take(9), ['d', 'f']);
        assert!(queue.is_empty());
    }

    #[test]
    fn signals_coalesce_until_acknowledged() {
        let waker = Waker::new().unwrap();
        assert!(!readable(&waker));
        for _ in 0..10 {
            waker.wake();
        }
        assert!(readable(&waker));
        assert!(!readable(&waker), "ten signals are one byte");
        waker.acknowledge();
        waker.wake();
        assert!(readable(&waker));
    }
}
