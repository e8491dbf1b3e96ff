-- One order for two products per request, in order of their numbers; the customers take turns.

require "statistics"

function init(args)
  cookies = lines_of(args[1])
  products = tonumber(args[2])
  run = args[3]
  number = 0
  math.randomseed(os.time())
end

function request()
  number = number + 1
  local first = math.random(products - 1)
  local second = math.random(first + 1, products)
  return wrk.format("POST", "/api/v1/orders", {
    ["Cookie"] = cookies[number % #cookies + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. number,
  }, string.format(
    '{"lines":[{"sku":"BENCH-%07d","quantity":1},{"sku":"BENCH-%07d","quantity":2}],'
    .. '"payment":{"method":"account"}}',
    first, second
  ))
end
