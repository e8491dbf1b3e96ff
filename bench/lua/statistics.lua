-- Counts responses by status and prints the statistics of a run as one line of JSON.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function lines_of(file)
  local lines = {}
  for line in io.lines(file) do
    table.insert(lines, line)
  end
  return lines
end

statuses = {}

function count(status)
  statuses[status] = (statuses[status] or 0) + 1
end

-- Scripts that depend on the responses replace this function and count themselves.
function response(status)
  count(status)
end

function done(summary, latency, requests)
  local totals = {}
  for _, thread in ipairs(threads) do
    for status, responses in pairs(thread:get("statuses")) do
      totals[status] = (totals[status] or 0) + responses
    end
  end
  local members = {}
  for status, responses in pairs(totals) do
    table.insert(members, string.format('"%d": %d', status, responses))
  end
  local errors = summary.errors
  print(string.format(
    '{"seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "broken": %d, "statuses": {%s}}',
    summary.duration / 1e6,
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout,
    table.concat(members, ", ")
  ))
end
