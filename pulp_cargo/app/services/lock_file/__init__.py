"""Checking lock files against a registry, and prefetching what they name."""
