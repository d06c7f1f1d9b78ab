-- For wrk: the same POST again and again, `@N` in its body being another number each time: what is asked twice at once is made once. From the
-- environment: KEY, ROUTE, BODY.
wrk.method = "POST"
wrk.path = os.getenv("ROUTE")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")

local before, behind, count = "", "", 0

function init()
  before, behind = os.getenv("BODY"):match("^(.*)@N(.*)$")
  count = os.time() % 1000000 * 1000000
end

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, before .. string.format("%d", count) .. behind)
end

-- One JSON line for `cargo xtask bench http`.
function done(summary, latency)
  local seconds = summary.duration / 1e6
  local errors = summary.errors
  io.write(string.format(
    '{"per_s":%.1f,"count":%d,"p50_ms":%.2f,"p99_ms":%.2f,"max_ms":%.1f,"refused":%d,"broken":%d}\n',
    summary.requests / seconds, summary.requests, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
