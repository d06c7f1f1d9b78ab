//! Paths of fal's queue: `{app}` to submit, `{owner}/{alias}/requests/{id}[/status[/stream]|/cancel]` for the rest.

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked<'a> {
    Submit { app: &'a str },
    Status { app: &'a str, id: &'a str },
    Stream { app: &'a str, id: &'a str },
    Result { app: &'a str, id: &'a str },
    Cancel { app: &'a str, id: &'a str },
}

pub(super) fn parse(path: &str) -> Asked<'_> {
    let path = path.trim_matches('/');
    let Some((app, rest)) = path.split_once("/requests/") else { return Asked::Submit { app: path } };
    match rest.split_once('/') {
        None => Asked::Result { app, id: rest },
        Some((id, "status")) => Asked::Status { app, id },
        Some((id, "status/stream")) => Asked::Stream { app, id },
        Some((id, "cancel")) => Asked::Cancel { app, id },
        Some((id, _)) => Asked::Result { app, id },
    }
}

/// The part of an app that addresses of its requests begin with: sub-paths are dropped, a namespace is not.
pub(super) fn stem(app: &str) -> String {
    let parts: Vec<&str> = app.split('/').collect();
    let kept = if matches!(parts.first(), Some(&"workflows" | &"comfy")) { 3 } else { 2 };
    parts.iter().take(kept).copied().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_fals_clients_build_them() {
        let (app, id) = ("fal-ai/flux", "gen_1");
        for (path, asked) in [
            ("fal-ai/flux-pro/v1.1-ultra", Asked::Submit { app: "fal-ai/flux-pro/v1.1-ultra" }),
            ("fal-ai/flux/requests/gen_1", Asked::Result { app, id }),
            ("fal-ai/flux/requests/gen_1/status", Asked::Status { app, id }),
            ("fal-ai/flux/requests/gen_1/status/stream", Asked::Stream { app, id }),
            ("fal-ai/flux/requests/gen_1/cancel", Asked::Cancel { app, id }),
        ] {
            assert_eq!(parse(path), asked, "{path}");
        }
        assert_eq!(stem("fal-ai/flux-pro/v1.1-ultra"), "fal-ai/flux-pro");
        assert_eq!(stem("workflows/a/b/c"), "workflows/a/b");
        assert_eq!(stem("text"), "text");
    }
}
