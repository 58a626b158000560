"""Downloading .crate files from upstreams, each once for all who ask, and storing them."""
