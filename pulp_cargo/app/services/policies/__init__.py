"""Crate policies: what they let through, and what they refused."""
