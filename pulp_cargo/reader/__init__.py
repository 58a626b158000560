"""A process that reads .crate files for a server, and nothing else: it imports no Django.

A megabyte of TOML keeps Python's interpreter for a second, and unpacking a large crate takes several;
meanwhile the server has to answer others. Here it costs nobody but who sent it.
"""
