"""Creating the first registry and cache, and the conflicts between uses of a repository."""
