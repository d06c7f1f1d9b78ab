//! The other role: a simulated market whose pictures have two megabytes, in a process of its own, so that only our side is counted.

use crate::{Options, Result};
use palitra::clock::SystemClock;
use palitra_domain::Clock;
use palitra_sim::{
    fal::{FalScript, FalSim, Painter},
    kie::{KieScript, KieSim},
    wavespeed::{WaveSpeedScript, WaveSpeedSim},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

/// Each run takes so long.
pub(crate) const LATENCY: Duration = Duration::from_millis(25);

/// No limit of the market's is meant to be met.
const PLENTY: u32 = 1_000_000;

/// Says its address and works until standard input ends.
pub(crate) async fn simulated(options: &Options) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(1));
    let picture = noise()?;
    let painter: Option<Painter> = Some(Arc::new(move |_| picture.clone()));
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let latency_ms = u64::try_from(LATENCY.as_millis())?;
    match options.market.as_str() {
        "fal" => {
            let script = FalScript { latency_ms, concurrency: PLENTY, ..FalScript::default() };
            let sim = FalSim::start_painted(script, listen, clock, painter).await?;
            until_the_end(&sim.url()).await
        }
        "kie" => {
            let script = KieScript {
                latency_ms,
                concurrency: PLENTY,
                creates_per_10s: PLENTY,
                looks_per_s: PLENTY,
                credits: PLENTY,
                ..KieScript::default()
            };
            let sim = KieSim::start_painted(script, listen, clock, painter).await?;
            until_the_end(&sim.url()).await
        }
        "wavespeed" => {
            let script = WaveSpeedScript {
                latency_ms,
                concurrency: Some(PLENTY),
                images_per_minute: Some(PLENTY),
                balance_micros: i64::MAX / 2,
                ..WaveSpeedScript::default()
            };
            let sim = WaveSpeedSim::start_painted(script, listen, clock, painter).await?;
            until_the_end(&sim.url()).await
        }
        other => Err(format!("`{other}` has no simulator here").into()),
    }
}

async fn until_the_end(url: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{url}")?;
    out.flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// A PNG that cannot be made smaller.
fn noise() -> Result<Vec<u8>> {
    let (width, height) = (1000, 667);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let pixels: Vec<u8> = (0..width * height * 3).map(|_| next()).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// The process; stopped when dropped.
pub(crate) struct Simulated {
    child: Child,
    pub(crate) url: String,
}

impl Simulated {
    pub(crate) fn start(market: &str) -> Result<Simulated> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["simulated", &format!("market={market}")]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("no pipe")?).read_line(&mut url)?;
        Ok(Simulated { child, url: url.trim().to_owned() })
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
