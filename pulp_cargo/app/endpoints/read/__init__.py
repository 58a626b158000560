"""The endpoints that only read: index, downloads, configuration, search, feeds and the web API."""
