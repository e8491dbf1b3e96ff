"""TODO shop/application/jobs."""
