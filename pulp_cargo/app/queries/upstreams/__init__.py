"""The upstreams of a registry, and what is stored from them."""
