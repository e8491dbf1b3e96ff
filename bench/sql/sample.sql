-- A sample of orders of the first customers, from the whole table.
SELECT orders.id, users.number FROM orders JOIN (
    SELECT id, row_number() OVER (ORDER BY email) - 1 AS number FROM users
) AS users ON users.id = orders.user_id
WHERE users.number < :readers ORDER BY md5(orders.id::text) LIMIT :orders;
