"""Requests and responses of the registries, and what of aiohttp and pulpcore they need."""
