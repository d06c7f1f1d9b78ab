//! A throwaway PostgreSQL: found on this machine, started in a temporary folder on a port of its own, gone
//! with its owner. It never touches a cluster that is already here, such as the one of Debian's package.
//!
//! What runs is `postgres.sh`, as a user that PostgreSQL accepts (it refuses root). The server listens on
//! 127.0.0.1 and on a socket in its folder, keeps `fsync` on, and sorts text by another rule than by bytes,
//! so that tests prove what we say about sorting.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Older ones lack `create database .. icu_locale`, and their end of support has come.
pub const OLDEST: u32 = 15;

const KEEPER: &str = include_str!("postgres.sh");

/// A running server. Dropping it stops the server and removes its files.
pub struct Cluster {
    keeper: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    url: String,
    home: PathBuf,
}

impl Cluster {
    /// Needs some two seconds. The error is a sentence for people.
    pub fn start() -> Result<Cluster, String> {
        let programs = programs().ok_or_else(|| {
            format!(
                "there is no PostgreSQL {OLDEST} or newer on this machine (`initdb`, `pg_ctl`, `postgres`)"
            )
        })?;
        let port = free_port().map_err(|error| format!("no free port on 127.0.0.1: {error}"))?;
        let password = password().map_err(|error| format!("no randomness: {error}"))?;
        let mut command = unprivileged("sh")?;
        command.args(["-c", KEEPER, "postgres.sh"]).arg(programs).arg(port.to_string());
        command.args(locale()).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper =
            command.spawn().map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
        let (Some(words), Some(answers)) = (keeper.stdin.take(), keeper.stdout.take()) else {
            return Err("a started process has no pipes".to_owned());
        };
        let url = format!("postgres://palitra:{password}@127.0.0.1:{port}/postgres");
        let answers = BufReader::new(answers);
        let mut cluster = Cluster { keeper, words: Some(words), answers, url, home: PathBuf::new() };
        cluster.home = PathBuf::from(cluster.say(&password, "ready ")?);
        Ok(cluster)
    }

    /// Of its superuser, over TCP, with a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of its socket, its files and its log.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Ends the server as a power cut would: open transactions are lost, committed ones are not.
    pub fn crash(&mut self) -> Result<(), String> {
        self.say("crash", "stopped").map(drop)
    }

    /// Ends the server in order: it tells its clients, and finishes no transaction.
    pub fn stop(&mut self) -> Result<(), String> {
        self.say("stop", "stopped").map(drop)
    }

    /// Starts a stopped server again, at the same address.
    pub fn start_again(&mut self) -> Result<(), String> {
        self.say("start", "ready ").map(drop)
    }

    /// Waits until the keeper ends by itself, which it does not: for `cargo xtask postgres`.
    pub fn wait(&mut self) {
        drop(self.answers.read_to_end(&mut Vec::new()));
    }

    fn say(&mut self, word: &str, wanted: &str) -> Result<String, String> {
        let words = self.words.as_mut().ok_or("PostgreSQL is gone")?;
        writeln!(words, "{word}").map_err(|error| format!("the keeper of PostgreSQL is gone: {error}"))?;
        self.answer(wanted)
    }

    fn answer(&mut self, wanted: &str) -> Result<String, String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        let answer = read.ok().and_then(|_| line.trim_end().strip_prefix(wanted));
        answer
            .map(str::to_owned)
            .ok_or_else(|| "PostgreSQL did not start; the lines above say why".to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.words.take()); // the keeper reads the end, stops the server and removes its files
        drop(self.keeper.wait());
    }
}

/// The folder of the programs: the first in `PATH` that is new enough, else the newest elsewhere.
pub fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut in_path = std::env::split_paths(&path).filter_map(|folder| {
        let real = fs::canonicalize(folder.join("postgres")).ok()?;
        real.parent().map(Path::to_owned)
    });
    in_path.find(|folder| version(folder) >= Some(OLDEST)).or_else(|| {
        let elsewhere = ["/usr/lib/postgresql", "/usr/local", "/usr", "/opt/homebrew/opt"];
        let folders = elsewhere.iter().flat_map(fs::read_dir).flatten().flatten();
        let versions = folders.filter_map(|entry| {
            let folder = entry.path().join("bin");
            version(&folder).filter(|major| *major >= OLDEST).map(|major| (major, folder))
        });
        versions.max().map(|(_, folder)| folder)
    })
}

/// The major version, when all three programs are there.
fn version(folder: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()) {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15, and so is `.. 15beta2`.
fn major(line: &str) -> Option<u32> {
    let number = line.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// `program` as it is, or, for root, as a user without rights.
fn unprivileged(program: &str) -> Result<Command, String> {
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if !root {
        return Ok(Command::new(program));
    }
    let users =
        fs::read_to_string("/etc/passwd").map_err(|error| format!("cannot read the users: {error}"))?;
    let (user, group) = ["postgres", "nobody"]
        .iter()
        .find_map(|name| ids(&users, name))
        .ok_or("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")?;
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).args(["--clear-groups", program]);
    Ok(command)
}

/// The numbers of a user and of its group, from the lines of `/etc/passwd`.
fn ids<'a>(users: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        Some((fields.nth(1)?, fields.next()?))
    })
}

/// Words for `initdb`: a rule that sorts `a` before `B`. Bytes sort `B` first.
fn locale() -> &'static [&'static str] {
    let known = Command::new("locale").arg("-a").output().map(|output| output.stdout).unwrap_or_default();
    let american =
        String::from_utf8_lossy(&known).lines().any(|line| line.eq_ignore_ascii_case("en_US.utf8"));
    if american {
        &["--locale=en_US.UTF-8"]
    } else {
        &["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=und"]
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// 128 bits as hexadecimal digits: others on this machine can reach the port.
fn password() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_users_are_read() {
        for (line, number) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("", None),
        ] {
            assert_eq!(major(line), number, "{line}");
        }
        let users =
            "root:x:0:0:root:/home:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(ids(users, "postgres"), Some(("101", "104")));
        assert_eq!(ids(users, "post"), None);
    }
}
