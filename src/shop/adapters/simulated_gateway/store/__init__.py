"""TODO shop/adapters/simulated_gateway/store."""
