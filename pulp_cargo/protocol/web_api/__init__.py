"""crates.io's web API beyond what cargo needs: parameters and answers."""
