"""Which upstreams have a name: claims, collisions, and the explanation of who answers."""
