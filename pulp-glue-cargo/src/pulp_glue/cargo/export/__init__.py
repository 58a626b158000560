"""Writes registries into folders, in the formats that cargo reads without a registry server.

It uses the standard library only: `pulp cargo export` feeds it over HTTP, and the plugin's exporter
from its database and storage.
"""
