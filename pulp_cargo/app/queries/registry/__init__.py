"""What a registry is, by whom it may be read, and the URLs that mean it."""
