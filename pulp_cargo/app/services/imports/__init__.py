"""Importing .crate files, alone, from folders or in archives, and the indexes of other registries."""
