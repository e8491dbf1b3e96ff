"""Reads files of products: the shop's own, Shopify's and WooCommerce's; and writes its own."""
