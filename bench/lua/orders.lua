-- One order for one product per request, each with its own key; the customers take turns.

require "statistics"

payment = '{"method":"account"}'
details = ""

function init(args)
  cookies = lines_of(args[1])
  products = tonumber(args[2])
  run = args[3]
  number = 0
  math.randomseed(os.time())
end

function request()
  number = number + 1
  return wrk.format("POST", "/api/v1/orders", {
    ["Cookie"] = cookies[number % #cookies + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. number,
  }, string.format(
    '{"lines":[{"sku":"BENCH-%07d","quantity":1}],"payment":%s%s}',
    math.random(products), payment, details
  ))
end
