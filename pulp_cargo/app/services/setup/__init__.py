"""How registries come to be, and who may put what beside whose crates."""
