"""The catalogs of repositories: what they have, crate by crate."""
