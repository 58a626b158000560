"""Repository versions and their content."""
