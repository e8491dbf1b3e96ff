\set n :n + 1
\set customer (:client_id + :n * :clients) % :customers
\set product random(1, :products)
SELECT place_order(lpad(:customer::text, 64, '0'),
    :run::text || '-' || :client_id::text || '-' || :n::text, lpad(:product::text, 64, '0'),
    'BENCH-' || lpad(:product::text, 7, '0'), :sales::uuid);
