-- Requests from a file that has a path and, after a tab, an ETag on each line. The second argument
-- says whether they are taken at "random" or in "order", the third how many are sent per second,
-- 0 for as many as possible, the fourth after how many the run ends, 0 for its whole duration; the
-- rest are headers, "name: value". The last line printed is JSON.

local ffi = require("ffi")
ffi.cdef("struct timespec { long s, ns; }; int clock_gettime(int, struct timespec *);")
ffi.cdef("void *signal(int, void *); int kill(int, int); int getpid(void);")
local SIGINT, SIG_IGN = 2, ffi.cast("void *", 1)

local requests = {}
local in_order = false
local last = 0
local sent, most = 0, math.huge

function init(args)
  math.randomseed(1)
  in_order = args[2] == "order"
  local rate = tonumber(args[3])
  -- wrk asks before each request for a function of this name, if there is one.
  if rate > 0 then delay = pause_of(rate) end
  if args[4] ~= "0" then
    most = tonumber(args[4])
    -- Until wrk handles it, which ends the run.
    ffi.C.signal(SIGINT, SIG_IGN)
  end
  for line in io.lines(args[1]) do
    local path, etag = line:match("^([^\t]+)\t?(.*)$")
    local headers = {}
    for i = 5, #args do
      local name, value = args[i]:match("^([^:]+): (.*)$")
      headers[name] = value
    end
    if etag ~= "" then headers["if-none-match"] = etag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

-- Arrivals are random, as those of independent clients. What could not be sent in time, because all
-- connections were busy, is sent as soon as one is free.
function pause_of(rate)
  local next_at = now_ms()
  return function()
    next_at = next_at - math.log(1 - math.random()) * 1000 / rate
    return math.max(0, math.floor(next_at - now_ms() + 0.5))
  end
end

function now_ms()
  local now = ffi.new("struct timespec")
  ffi.C.clock_gettime(1, now)
  return tonumber(now.s) * 1e3 + tonumber(now.ns) / 1e6
end

function request()
  sent = sent + 1
  if sent > most then ffi.C.kill(ffi.C.getpid(), SIGINT) end
  if in_order then
    last = last % #requests + 1
    return requests[last]
  end
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"bytes":%d,"p50_ms":%f,"p99_ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
