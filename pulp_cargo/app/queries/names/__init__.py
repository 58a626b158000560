"""Who has a name: claims, collisions, and why a registry answers as it does."""
