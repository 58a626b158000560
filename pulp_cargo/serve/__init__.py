"""The launcher: starts a complete Pulp on one machine with one command, and keeps it running.

It starts Pulp as processes and imports nothing of `pulp_cargo.app`.
"""
