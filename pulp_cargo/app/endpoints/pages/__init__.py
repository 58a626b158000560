"""The web pages of a registry."""
