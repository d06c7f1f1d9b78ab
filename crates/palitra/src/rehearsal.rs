//! For rehearsals only: a Unix socket on which `cargo xtask soak` asks a service for work, cancels it, and fills its disk.
//!
//! `PALITRA_REHEARSAL_SOCKET=FILE` opens it; it is never set in normal operation. One JSON document a line, one answer a line. Doors for
//! people are elsewhere; this one checks nothing but what the engine checks, and whoever can write to the file is let in (mode 0600).

use palitra_domain::{AccountId, GenerationId, Livemode, state::Priority};
use palitra_engine::{
    Engine,
    generations::{Asked as Beside, Once, Wish},
    markets::Target,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
};

#[derive(Deserialize)]
struct New {
    account: String,
    key: String,
    model: String,
    prompt: String,
    priority: Option<Priority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    Create(New),
    Cancel(String),
    /// A market or a key: `fal`, `fal/main`.
    Resume(String),
    /// The database (SQLite) may grow by so many pages; `null` takes the bound away.
    Pages(Option<i64>),
}

/// Serves until the process ends. The file of a process that was killed is replaced.
pub(crate) fn listen(engine: Engine, file: &Path) -> io::Result<()> {
    fs::remove_file(file).ok();
    let listener = UnixListener::bind(file)?;
    fs::set_permissions(file, Permissions::from_mode(0o600))?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(engine.clone(), stream));
        }
    });
    Ok(())
}

async fn serve(engine: Engine, stream: UnixStream) {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match serde_json::from_str(&line) {
            Ok(asked) => answer(&engine, asked).await,
            Err(error) => json!({ "error": "protocol", "why": error.to_string() }),
        };
        if to.write_all(format!("{answer}\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn answer(engine: &Engine, asked: Asked) -> Value {
    let done = match asked {
        Asked::Create(new) => create(engine, new).await,
        Asked::Cancel(id) => cancel(engine, &id).await,
        Asked::Resume(target) => resume(engine, &target).await,
        Asked::Pages(more) => pages(engine, more).await,
    };
    done.unwrap_or_else(|error| json!({ "error": error.code, "why": error.to_string() }))
}

async fn create(engine: &Engine, new: New) -> palitra_engine::Result<Value> {
    let account: AccountId = engine.account(&new.account).await?.id;
    let wish = Wish {
        account,
        livemode: Livemode::Live,
        model: new.model,
        mode: "create".to_owned(),
        input: json!({ "prompt": new.prompt, "width": 64, "height": 64, "seed": 1 }),
        priority: new.priority.unwrap_or(Priority::Standard),
        key: None,
        webhook: None,
        is_own: false,
    };
    // A key never stands for another request here.
    let once = Once { key: new.key, fingerprint: [0; 32], repeats: None };
    let beside = Beside { once: Some(once), ..Beside::default() };
    Ok(json!({ "id": engine.create_asked(wish, None, beside).await?.id }))
}

async fn cancel(engine: &Engine, id: &str) -> palitra_engine::Result<Value> {
    let id = GenerationId::parse(id)
        .map_err(|_| palitra_engine::Error::new(palitra_domain::ErrorCode::NotFound))?;
    engine.cancel(&id).await.map(|outcome| json!({ "cancel": format!("{outcome:?}") }))
}

async fn resume(engine: &Engine, target: &str) -> palitra_engine::Result<Value> {
    Ok(json!({ "resumed": engine.resume(&Target::parse(target)).await? }))
}

async fn pages(engine: &Engine, more: Option<i64>) -> palitra_engine::Result<Value> {
    engine.store.write(move |tx| palitra_store::rehearsal::bound_growth(tx, more)).await?;
    Ok(json!({ "pages": more }))
}
