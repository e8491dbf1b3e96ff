-- pgbench scripts identify customers by number.
UPDATE sessions SET token_hash = lpad(numbered.number::text, 64, '0')
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM sessions) AS numbered
WHERE sessions.id = numbered.id;
VACUUM ANALYZE sessions;
