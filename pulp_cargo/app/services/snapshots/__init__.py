"""Making, signing and verifying snapshots of repository versions (pulp_glue.cargo.snapshot)."""
