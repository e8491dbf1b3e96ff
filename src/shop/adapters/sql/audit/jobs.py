"""Audit rules of jobs, and of orders, deposits and refunds that need one."""

PENDING_ORDERS_PAST_EXPIRY = """
    SELECT o.id AS order_id, p.expires_at FROM orders o
    JOIN payments p ON p.order_id = o.id
    WHERE o.status = 'pending' AND p.expires_at < :due_before
"""

DEPOSITS_PAST_EXPIRY = """
    SELECT id AS deposit_id, expires_at FROM deposits
    WHERE status = 'pending' AND expires_at < :due_before
"""

DEAD_JOBS = """
    SELECT kind AS job, subject_id, attempts, last_error FROM jobs WHERE is_dead
"""

OVERDUE_JOBS = """
    SELECT kind AS job, subject_id, attempts, due_at FROM jobs
    WHERE NOT is_dead AND due_at < :due_before
"""

# A closed order's reversal job is not checked: only the gateway knows whether it is still needed.
ORDERS_WITHOUT_JOB = """
    SELECT w.order_id, w.status, w.job FROM (
        SELECT o.id AS order_id, o.status,
               CASE WHEN o.status = 'pending' THEN 'resolve_payment'
                   ELSE 'capture_payment' END AS job
        FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE p.method = 'card'
          AND (o.status = 'pending'
               OR o.status IN ('paid', 'shipped', 'delivered') AND p.status = 'authorised')
    ) w LEFT JOIN jobs j ON j.subject_id = w.order_id AND j.kind = w.job
    WHERE j.subject_id IS NULL
"""

DEPOSITS_WITHOUT_JOB = """
    SELECT w.deposit_id, w.status, w.job FROM (
        SELECT id AS deposit_id, status,
               CASE status WHEN 'pending' THEN 'resolve_deposit' ELSE 'capture_deposit' END AS job
        FROM deposits WHERE status IN ('pending', 'authorised')
    ) w LEFT JOIN jobs j ON j.subject_id = w.deposit_id AND j.kind = w.job
    WHERE j.subject_id IS NULL
"""

REFUNDS_WITHOUT_JOB = """
    SELECT r.id AS refund_id, r.order_id FROM refunds r
    LEFT JOIN jobs j ON j.subject_id = r.id AND j.kind = 'refund_payment'
    WHERE r.status = 'pending' AND j.subject_id IS NULL
"""
