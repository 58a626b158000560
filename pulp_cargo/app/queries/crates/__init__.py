"""Crates as a registry serves them: index files, .crate files and listings."""
