//! `palitra jobs`: its words, and the filters of its list, which are the query parameters of the same list over HTTP.

use super::{Moment, values};
use clap::{Args, Subcommand};
use palitra_domain::{BatchId, GenerationId, catalogue::Lane, state::GenerationState};
use serde::{Deserialize, Serialize};

pub(super) const JOBS_EXAMPLES: &str = "\
Examples:
  palitra jobs ls --status running
  palitra jobs ls --account ann --model fal-ai/flux/dev --since 2h
  palitra jobs ls --status failed --since 2026-11-20 --until 2026-11-21
  palitra jobs show gen_…
  palitra jobs watch gen_…
  palitra jobs cancel gen_… --yes";

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List generations, newest first
    Ls(Box<JobsLs>),
    /// Show one generation with its attempts, its money and its place in the line
    Show(JobId),
    /// Follow one generation until it ends
    Watch(JobId),
    /// Cancel one generation; the money on hold goes back
    Cancel(JobId),
}

/// All that are given have to be met.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobsLs {
    /// Only those in this state: queued, submitting, running, storing, succeeded, failed, cancelled, timed_out
    #[arg(long, value_name = "STATE", value_parser = values::state)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<GenerationState>,
    /// Only those of this account
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only those of this model; an alias stands for its model
    #[arg(long, value_name = "MODEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Only those of this market, such as `fal`
    #[arg(long, value_name = "MARKET")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// Only those of this lane: image, video, audio, text
    #[arg(long, value_name = "LANE", value_parser = values::lane)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// Only those of this batch
    #[arg(long, value_name = "BATCH", value_parser = BatchId::parse)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Asked for at this time or later: `2h` or `3d` ago, a day, or `2026-11-20T08:30:00Z`
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Asked for before this time; a day counts to its end
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Only those with these words in what was asked, letter by letter
    #[arg(long, value_name = "WORDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The next page: only those older than this one, the last of the page before
    #[arg(long, value_name = "ID", value_parser = GenerationId::parse)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<GenerationId>,
    /// At most this many [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl JobsLs {
    /// Rows of a page; whoever asks over HTTP is bounded, too.
    pub fn page(&self) -> u32 {
        self.limit.unwrap_or(20).clamp(1, 1000)
    }
}

#[derive(Debug, Args)]
pub struct JobId {
    /// Generation or batch, `gen_…` or `bat_…`
    #[arg(value_name = "ID")]
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_are_query_parameters_of_the_same_names() {
        let typed = json!({ "status": "timed_out", "lane": "image", "since": "2h", "until": "2026-11-20", "limit": 7 });
        let filters: JobsLs = serde_json::from_value(typed.clone()).unwrap();
        assert_eq!(filters.status, Some(GenerationState::TimedOut));
        assert_eq!(serde_json::to_value(&filters).unwrap(), typed, "what is not set is not sent");
        for wrong in [json!({ "status": "done" }), json!({ "state": "failed" }), json!({ "since": "soon" })] {
            assert!(serde_json::from_value::<JobsLs>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
