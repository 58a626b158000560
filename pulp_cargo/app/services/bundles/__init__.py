"""Importing bundles, which carry a registry over an air gap."""
