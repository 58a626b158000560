"""The in-memory cache of a content process, and the notices that keep it up to date."""
