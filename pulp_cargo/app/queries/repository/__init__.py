"""Repository versions and what is in them."""
