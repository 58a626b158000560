"""Crates and their files, as they are read and stored."""
