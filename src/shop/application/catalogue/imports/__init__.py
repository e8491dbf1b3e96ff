"""Imports of products from files: requested, checked as a whole, then applied by a job."""
