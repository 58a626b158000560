"""The Cargo plugin of Pulp as pulp-glue contexts."""

__version__ = "0.1.0"
