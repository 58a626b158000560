"""Messages to all content processes about changes, and waiting for their acknowledgements."""
