-- The same orders, all with one limited code.

require "orders"

details = ',"codes":["HOT"]'
