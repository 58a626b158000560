"""Writes registries into folders of the server, in the formats of `pulp_glue.cargo.export`."""
