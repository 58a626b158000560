"""Fetching .crate files from upstreams, once for concurrent requests, and storing them."""
