"""The web API of crates.io beyond what cargo itself uses."""
