//! What a picture of two megabytes costs us at a market: submission, three looks and the download through the real adapter, one after
//! another; with `storing` the object store behind it.

use crate::{
    Options, Result, report,
    simulated::{LATENCY, Simulated},
    usage::{Meter, round},
};
use futures_util::TryStreamExt;
use palitra::clock::SystemClock;
use palitra_domain::{
    Clock,
    market::{Market, OutputFile, Outputs, Polled, RemoteRef, Request, Submitted},
    objects::Objects,
    secret::Secret,
};
use palitra_markets::{
    fal::{Fal, FalSettings},
    kie::{Kie, KieSettings},
    wavespeed::{WaveSpeed, WaveSpeedSettings},
};
use palitra_objects::Disk;
use serde_json::{Value, json};
use std::time::Duration;

const KEY: &str = "main";
const WARM: usize = 20;

pub(crate) async fn adapter(options: &Options) -> Result<()> {
    let far = Simulated::start(&options.market)?;
    let run = Run {
        market: market(&options.market, &far.url)?,
        objects: options.storing.then(|| Disk::open(&options.folder.join("objects"))).transpose()?,
        clock: SystemClock::new(1),
    };
    let mut meter = Meter::start(options)?;
    let (mut looks, mut bytes) = (0, 0);
    for number in 0..WARM + options.count {
        if number == WARM {
            meter = Meter::start(options)?;
            (looks, bytes) = (0, 0);
        }
        let (looked, read) = run.picture(options, number).await?;
        looks += looked;
        bytes += read;
    }
    let mut line = meter.stop()?.per(options.count)?;
    let count = f64::from(u32::try_from(options.count)?);
    line["count"] = json!(options.count);
    line["looks_each"] = json!(round(f64::from(looks) / count));
    line["mb_each"] = json!(round(f64::from(u32::try_from(bytes)?) / count / 1e6));
    line["market"] = json!(options.market);
    line["storing"] = json!(options.storing);
    report(line, options)
}

struct Run {
    market: Box<dyn Market>,
    objects: Option<Disk>,
    clock: SystemClock,
}

impl Run {
    /// One from the submission to its last byte: how often it was looked at, and its length.
    async fn picture(&self, options: &Options, number: usize) -> Result<(u32, u64)> {
        let remote = match self.market.submit(KEY, &request(&options.market, number)?).await {
            Submitted::Accepted(remote) => remote,
            other => return Err(format!("not accepted: {other:?}").into()),
        };
        // Two looks find it at work, the third its result.
        let mut looks = 2;
        for _ in 0..2 {
            if !matches!(self.market.poll(KEY, &remote).await, Polled::Pending { .. }) {
                return Err("it was done too soon: the machine is too busy to measure".into());
            }
        }
        self.clock.sleep(LATENCY + Duration::from_millis(5)).await;
        let outputs = self.result(&remote, &mut looks).await?;
        let [OutputFile::Link(link)] = outputs.files.as_slice() else {
            return Err(format!("not one link: {outputs:?}").into());
        };
        let mut body = self.market.fetch(link).await?;
        if let Some(objects) = &self.objects {
            let stored = objects.put(&format!("images/{number}.png"), body).await?;
            return Ok((looks, stored.bytes));
        }
        let mut bytes = 0;
        while let Some(piece) = body.try_next().await? {
            bytes += u64::try_from(piece.len())?;
        }
        Ok((looks, bytes))
    }

    async fn result(&self, remote: &RemoteRef, looks: &mut u32) -> Result<Outputs> {
        loop {
            *looks += 1;
            match self.market.poll(KEY, remote).await {
                Polled::Done(outputs) => return Ok(outputs),
                Polled::Pending { .. } => self.clock.sleep(Duration::from_millis(5)).await,
                other => return Err(format!("no result: {other:?}").into()),
            }
        }
    }
}

fn market(name: &str, url: &str) -> Result<Box<dyn Market>> {
    let keys = vec![(KEY.to_owned(), Secret::new("id:secret"))];
    let url = url.to_owned();
    Ok(match name {
        "fal" => Box::new(Fal::new(FalSettings {
            keys,
            queue_url: url.clone(),
            run_url: url.clone(),
            rest_url: url.clone(),
            platform_url: url,
            ..FalSettings::default()
        })?),
        "kie" => Box::new(Kie::new(KieSettings {
            keys,
            base_url: url.clone(),
            upload_url: url,
            ..KieSettings::default()
        })?),
        "wavespeed" => Box::new(WaveSpeed::new(WaveSpeedSettings {
            keys,
            base_url: url,
            ..WaveSpeedSettings::default()
        })?),
        other => return Err(format!("`{other}` has no adapter here").into()),
    })
}

fn request(market: &str, number: usize) -> Result<Request> {
    let prompt = format!("a cat on a warm roof, number {number}");
    let (model, input): (_, Value) = match market {
        "fal" => (
            "fal-ai/flux/dev",
            json!({"prompt": prompt, "image_size": {"width": 1024, "height": 672}, "seed": 7}),
        ),
        "kie" => {
            ("google/nano-banana", json!({"prompt": prompt, "aspect_ratio": "4:3", "output_format": "png"}))
        }
        "wavespeed" => ("wavespeed-ai/flux-dev", json!({"prompt": prompt, "size": "1024*672", "seed": 7})),
        other => return Err(format!("`{other}` has no request here").into()),
    };
    Ok(Request {
        generation: format!("gen_{number}"),
        attempt: 1,
        model: model.to_owned(),
        mode: "create".to_owned(),
        input,
        files: Vec::new(),
        spool: None,
        early: None,
        longest_run: Duration::from_secs(300),
        webhook: None,
    })
}
