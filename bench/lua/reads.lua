-- GET requests for the paths of a file in turn, each with its cookie.

require "statistics"

function init(args)
  requests = {}
  for _, line in ipairs(lines_of(args[1])) do
    local path, cookie = line:match("^(%S+)%s*(.*)$")
    local headers = cookie ~= "" and { ["Cookie"] = cookie } or {}
    table.insert(requests, wrk.format("GET", path, headers))
  end
  number = 0
end

function request()
  number = number + 1
  return requests[number % #requests + 1]
end
