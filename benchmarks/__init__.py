"""The benchmark: `python -m benchmarks` measures a registry of its own beside nginx."""
