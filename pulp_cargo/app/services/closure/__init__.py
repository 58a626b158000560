"""The dependencies of a repository's crates: whether they are there, and which a promotion needs."""
