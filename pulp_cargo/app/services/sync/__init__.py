"""Synchronizing a repository with another registry: by its index, or by the listing of a Pulp."""
