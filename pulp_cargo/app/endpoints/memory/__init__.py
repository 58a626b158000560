"""What a content process caches of registries, and the messages that invalidate it."""
