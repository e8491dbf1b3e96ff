"""TODO shop/adapters/simulated_gateway/http."""
