-- One transfer to the next customer per request, each with its own key; the customers take turns.

require "statistics"

function init(args)
  cookies = lines_of(args[1])
  run = args[3]
  number = 0
end

function request()
  number = number + 1
  return wrk.format("POST", "/api/v1/transfers", {
    ["Cookie"] = cookies[number % #cookies + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. number,
  }, string.format(
    '{"to":"customer-%06d@example.com","amount":{"amount":1,"currency":"EUR"}}',
    (number + 1) % #cookies
  ))
end
