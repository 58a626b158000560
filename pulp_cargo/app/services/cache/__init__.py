"""Caching upstream registries: resolving crates, index files, downloads, and storing both."""
