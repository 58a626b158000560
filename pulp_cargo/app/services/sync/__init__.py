"""Synchronizing a repository with a registry of another Pulp."""
