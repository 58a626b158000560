"""A cache of upstream registries: index files, downloads, and what is stored of them."""
