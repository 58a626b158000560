"""The benchmark: `python -m benchmarks` measures a registry in comparison with nginx."""
