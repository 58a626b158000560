"""Importing .crate files, alone or in archives."""
