"""What a content process remembers, and the notices that keep it true."""
