//! A way to the server that can be cut at a chosen word.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use super::super::server::through;

/// What befalls the next connection that says the word.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Cut {
    /// The server never hears it.
    Before(&'static str),
    /// The server hears it and does it; its answer is lost.
    After(&'static str),
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    cut: Arc<Mutex<Option<Cut>>>,
    said: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Proxy {
    pub(crate) fn start(url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (proxied, server) = through(url, listener.local_addr().unwrap().port());
        let cut = Arc::new(Mutex::new(None));
        let said = Arc::new(Mutex::new(Vec::new()));
        let (shared, all_said) = (cut.clone(), said.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, cut) = (client.unwrap(), shared.clone());
                let server = TcpStream::connect(&server).unwrap();
                for socket in [&client, &server] {
                    socket.set_nodelay(true).unwrap();
                }
                let swallow = Arc::new(Mutex::new(false));
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let swallowing = swallow.clone();
                let said = all_said.clone();
                thread::spawn(move || upwards((from, to), &cut, &swallowing, &said));
                thread::spawn(move || downwards(server, client, &swallow));
            }
        });
        Proxy { url: proxied, cut, said }
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap() = Some(cut);
    }

    /// For each connection that says `word`, whether it also says `other`.
    pub(crate) fn who_says(&self, word: &str, other: &str) -> Vec<bool> {
        let said = self.said.lock().unwrap();
        said.iter().filter(|bytes| says(bytes, word)).map(|bytes| says(bytes, other)).collect()
    }

    /// The cut has happened.
    pub(crate) fn has_cut(&self) -> bool {
        self.cut.lock().unwrap().is_none()
    }
}

fn says(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

fn upwards(
    (mut client, mut server): (TcpStream, TcpStream),
    cut: &Mutex<Option<Cut>>,
    swallow: &Mutex<bool>,
    said: &Mutex<Vec<Vec<u8>>>,
) {
    let mut buffer = [0; 65_536];
    let this = {
        let mut said = said.lock().unwrap();
        said.push(Vec::new());
        said.len() - 1
    };
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..count];
        said.lock().unwrap()[this].extend_from_slice(bytes);
        let mut planned = cut.lock().unwrap();
        match *planned {
            Some(Cut::Before(word)) if says(bytes, word) => {
                *planned = None;
                break;
            }
            Some(Cut::After(word)) if says(bytes, word) => {
                *planned = None;
                *swallow.lock().unwrap() = true;
            }
            _ => {}
        }
        drop(planned);
        if server.write_all(bytes).is_err() {
            break;
        }
    }
    for socket in [&client, &server] {
        socket.shutdown(Shutdown::Both).ok();
    }
}

fn downwards(mut server: TcpStream, mut client: TcpStream, swallow: &Mutex<bool>) {
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        if *swallow.lock().unwrap() || client.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for socket in [&client, &server] {
        socket.shutdown(Shutdown::Both).ok();
    }
}
