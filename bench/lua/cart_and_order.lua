-- Each customer puts two products into the cart and orders it. There are as many customers as
-- connections. Each customer has products of its own, so a response identifies its customer.

require "statistics"

local STEPS = 3

function init(args)
  cookies = lines_of(args[1])
  run = args[3]
  number = 0
  started = false
  steps, waiting, first, last = {}, {}, 1, 0
  for customer = 1, tonumber(args[4]) do
    steps[customer] = 0
    wait(customer)
  end
end

function wait(customer)
  last = last + 1
  waiting[last] = customer
end

local function put(customer, number_in_cart)
  local path = string.format("/api/v1/cart/lines/BENCH-%07d", 2 * customer - 2 + number_in_cart)
  return wrk.format("PUT", path, {
    ["Cookie"] = cookies[customer],
    ["Content-Type"] = "application/json",
  }, '{"quantity":1}')
end

local function order(customer)
  number = number + 1
  return wrk.format("POST", "/api/v1/orders", {
    ["Cookie"] = cookies[customer],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. number,
  }, '{"payment":{"method":"account"}}')
end

function request()
  if not started then
    -- wrk calls this once before the run and does not send the request.
    started = true
    return put(1, 1)
  end
  local customer = waiting[first]
  waiting[first] = nil
  first = first + 1
  local step = steps[customer] % STEPS + 1
  steps[customer] = step
  return step < STEPS and put(customer, step) or order(customer)
end

function response(status, headers, body)
  count(status)
  local product = tonumber(body:match('"sku":"BENCH%-(%d+)"'))
  if product == nil then
    error("no product in the response: " .. status .. " " .. body)
  end
  wait(math.floor((product + 1) / 2))
end
