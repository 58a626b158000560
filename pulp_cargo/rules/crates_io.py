def complaints(manifest): return []
