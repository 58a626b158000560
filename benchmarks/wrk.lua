-- Requests taken at random from a file: a path and, after a tab, an ETag on each line.
-- The rest of the arguments are headers, "name: value". The last line printed is JSON.

local requests = {}

function init(args)
  math.randomseed(1)
  for line in io.lines(args[1]) do
    local path, etag = line:match("^([^\t]+)\t?(.*)$")
    local headers = {}
    for i = 2, #args do
      local name, value = args[i]:match("^([^:]+): (.*)$")
      headers[name] = value
    end
    if etag ~= "" then headers["if-none-match"] = etag end
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
end

function request()
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
