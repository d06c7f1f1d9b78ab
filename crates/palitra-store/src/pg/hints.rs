//! The connection that carries hints: it listens, and sends what waits at most once in a while. When it breaks it is made again, and then
//! everybody looks at everything.

use super::{server::Server, tls::Connector};
use crate::hints::{self, Hint, Hints};
use futures_util::{StreamExt, stream};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, NoTls, Socket, tls::MakeTlsConnect};

/// Between two notifications of a process: what is told meanwhile travels together.
const BETWEEN: Duration = Duration::from_millis(50);

/// Between two tries to connect.
const AGAIN: Duration = Duration::from_millis(500);

/// Runs until the hints are closed.
pub(super) fn carry(server: &Arc<Server>, hints: &Hints) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        tokio::select! {
            () = hints.closed() => {}
            () = connected_again_and_again(server, hints) => {}
        }
    });
}

async fn connected_again_and_again(server: &Arc<Server>, hints: &Hints) {
    loop {
        // Whatever it was: nothing is lost but time.
        serve(server, hints).await.ok();
        server.clock.sleep(AGAIN).await;
    }
}

async fn serve(server: &Server, hints: &Hints) -> Result<(), tokio_postgres::Error> {
    let (client, driver) = match &server.connector {
        None => dial(server, NoTls, hints).await?,
        Some(connector) => dial::<Connector>(server, connector.clone(), hints).await?,
    };
    client.batch_execute("listen palitra").await?;
    hints.hear(Hint::Everything);
    let sending = async {
        loop {
            hints.changed().await;
            let waiting = hints.take();
            if !waiting.is_empty() {
                client.batch_execute(&format!("notify palitra, '{}'", hints::written(&waiting))).await?;
                server.clock.sleep(BETWEEN).await;
            }
        }
    };
    tokio::select! {
        ended = sending => ended,
        _ = driver => Ok(()),
    }
}

/// A session, and the task that hears what the others say until the session ends.
async fn dial<T>(
    server: &Server,
    tls: T,
    hints: &Hints,
) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let mut config = server.config.clone();
    config.application_name("palitra hints");
    let (client, mut connection) = config.connect(tls).await?;
    let (told, our_id) = tokio::sync::oneshot::channel::<i32>();
    let hints = hints.clone();
    let driver = tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        let mut our_id = our_id;
        let mut us = None;
        while let Some(Ok(message)) = messages.next().await {
            if us.is_none() {
                us = our_id.try_recv().ok();
            }
            if let AsyncMessage::Notification(said) = message
                && Some(said.process_id()) != us
            {
                hints::read(said.payload()).for_each(|hint| hints.hear(hint));
            }
        }
    });
    let row = client.query_one("select pg_backend_pid()", &[]).await?;
    told.send(row.get(0)).ok();
    Ok((client, driver))
}
