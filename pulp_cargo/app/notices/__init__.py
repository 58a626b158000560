"""Telling every content process what changed, and waiting until it knows."""
