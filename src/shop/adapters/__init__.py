"""Adapters: what implements the ports, one package a technology."""
