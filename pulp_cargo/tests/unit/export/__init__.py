"""Writing registries into folders, without a server."""
