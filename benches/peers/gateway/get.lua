-- For wrk: GET of one path after the other, line by line from the file PATHS. From the environment: KEY, PATHS, and DONE, which prints.
dofile(os.getenv("DONE"))
wrk.method = "GET"

local requests, next_one = {}, 0

function init()
  for path in io.lines(os.getenv("PATHS")) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end
