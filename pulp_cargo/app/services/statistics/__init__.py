"""Download counts of registries."""
