//! The control socket: the API on `DATA/control.sock` while `serve` runs, for commands in the same data directory. Whoever may open the
//! file has the rights of the operator (mode 0600).

mod client;
mod service;

pub(crate) use client::{
    AS_LONG_AS_MARKETS_TAKE, ask, look, look_at_all, query, segment, stream, tell, tell_within,
};
pub(crate) use service::Service;

use axum::Router;
use palitra_domain::Clock;
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

pub(crate) fn file(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// The open socket; it goes with this.
pub(crate) struct Control {
    file: PathBuf,
    /// Which file that is: where several services share a data directory, the last one's stays.
    inode: u64,
    stop: CancellationToken,
}

/// Opens it. On SQLite whoever calls has the data directory to itself, so what is there was left by a process that was killed. A path that is too
/// long for a socket (some 100 bytes), or a file system without sockets, is said and no reason not to serve.
pub(crate) fn open(router: Router, clock: Arc<dyn Clock>, data: &Path) -> Option<Control> {
    let file = file(data);
    match listen(&file) {
        Ok(listener) => {
            let stop = CancellationToken::new();
            let stopped = stop.clone().cancelled_owned();
            tokio::spawn(palitra_api::server::serve_unix(listener, router, clock, stopped));
            let inode = fs::metadata(&file).map_or(0, |socket| socket.ino());
            Some(Control { file, inode, stop })
        }
        Err(error) => {
            tracing::warn!(
                file = %file.display(), bytes = file.as_os_str().len(), %error,
                "no control socket: commands cannot change anything in this data directory while the service runs; a shorter \
                 path for `--data` may help"
            );
            None
        }
    }
}

/// It gets its name when its mode is right.
fn listen(file: &Path) -> io::Result<UnixListener> {
    let new = file.with_extension("new");
    for old in [file, &new] {
        match fs::remove_file(old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, file)?;
    Ok(listener)
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stop.cancel();
        if fs::metadata(&self.file).is_ok_and(|socket| socket.ino() == self.inode) {
            drop(fs::remove_file(&self.file));
        }
    }
}
