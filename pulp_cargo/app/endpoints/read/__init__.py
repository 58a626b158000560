"""The endpoints that cargo reads: the index, .crate files and the configuration."""
