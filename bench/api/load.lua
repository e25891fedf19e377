-- Sends the requests of a file, one a line: method, path, token, body, with tabs between them.
-- In turn, again and again; or, if "once" is said, each once at most.
local ffi = require("ffi")
ffi.cdef("int getpid(void); int kill(int, int);")
local SIGINT = 2 -- ends a run before its time
local requests, place, answered, enough = {}, 0, 0, nil

local function stop_in_time()
  answered = answered + 1
  if answered == enough then
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), SIGINT)
  end
end

function init(args)
  for line in io.lines(args[1]) do
    local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { Authorization = "Bearer " .. token }
    if body == "" then body = nil else headers["Content-Type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
  if args[2] then
    enough = #requests - tonumber(args[2]) -- what is on the way then is the rest
    response = stop_in_time
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  io.stderr:write(string.format(
    '{"requests": %d, "took_us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "failed": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status, summary.errors.connect + summary.errors.timeout))
end
