"""The one-command launcher: brings up a whole Pulp on one machine and keeps it running.

It starts Pulp as processes and imports nothing of `pulp_cargo.app`.
"""
