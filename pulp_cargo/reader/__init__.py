"""Programs that read .crate files and render web pages for a server, in processes of their own.

Parsing a megabyte of TOML holds the interpreter lock for a second, and unpacking a large crate for
several. In a separate process, other requests to the server are not delayed. They import no Django.
"""
