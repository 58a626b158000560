"""Registries: what they serve, who may read them, and the URLs that mean them."""
