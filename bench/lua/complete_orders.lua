-- The same orders with an address, shipping, and a limited code.

require "orders"

details = ',"codes":["HOT"],"email":"ada@example.com","shipping_method":"parcel",'
  .. '"shipping_address":{"name":"Ada Lovelace","line1":"Unter den Linden 1",'
  .. '"postal_code":"10117","city":"Berlin","country":"DE"}'
