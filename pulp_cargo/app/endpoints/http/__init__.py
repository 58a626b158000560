"""Requests and responses of the registries, and what they need of aiohttp and pulpcore."""
