"""Routes for operators, gateway events and documentation."""
