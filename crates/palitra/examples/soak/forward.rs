//! The address that the market calls: each connection goes on to a service that runs, as in front of several machines.

use std::{
    io::copy,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

#[derive(Clone)]
pub(crate) struct Forward {
    pub(crate) address: SocketAddr,
    to: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Forward {
    pub(crate) fn start() -> Forward {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
        let (address, addresses) = (listener.local_addr().unwrap(), to.clone());
        let turn = AtomicUsize::new(0);
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let addresses = addresses.lock().unwrap().clone();
                let n = turn.fetch_add(1, Ordering::Relaxed);
                thread::spawn(move || pass(caller, &addresses, n));
            }
        });
        Forward { address, to }
    }

    /// Those that may be called from now on.
    pub(crate) fn set(&self, addresses: Vec<SocketAddr>) {
        *self.to.lock().unwrap() = addresses;
    }
}

/// To the first that answers, beginning with the n-th.
fn pass(caller: TcpStream, addresses: &[SocketAddr], n: usize) -> Option<()> {
    let tried = (0..addresses.len()).map(|i| addresses[(n + i) % addresses.len()]);
    let service = tried
        .filter_map(|address| TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok())
        .next()?;
    // A service that was stopped takes connections and says nothing.
    caller.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    service.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let (mut from, mut to) = (caller.try_clone().ok()?, service.try_clone().ok()?);
    let there = thread::spawn(move || {
        copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    let (mut from, mut to) = (service, caller);
    copy(&mut from, &mut to).ok();
    to.shutdown(Shutdown::Both).ok();
    from.shutdown(Shutdown::Both).ok();
    there.join().ok();
    Some(())
}
