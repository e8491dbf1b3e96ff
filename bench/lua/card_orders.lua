-- The same orders, paid by a card that the gateway approves.

require "orders"

payment = '{"method":"card","token":"tok_visa"}'
