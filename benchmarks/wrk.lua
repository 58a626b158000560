-- Requests from a file that has a path and, after a tab, an ETag on each line. The second argument
-- says whether they are taken at "random" or in "order", the rest are headers, "name: value".
-- The last line printed is JSON.

local requests = {}
local in_order = false
local last = 0

function init(args)
  math.randomseed(1)
  in_order = args[2] == "order"
  for line in io.lines(args[1]) do
    local path, etag = line:match("^([^\t]+)\t?(.*)$")
    local headers = {}
    for i = 3, #args do
      local name, value = args[i]:match("^([^:]+): (.*)$")
      headers[name] = value
    end
    if etag ~= "" then headers["if-none-match"] = etag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
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
