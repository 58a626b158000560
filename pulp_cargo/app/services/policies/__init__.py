"""Evaluating crate policies, and recording what they refused."""
