"""What a process is made of: threads, loops and caches, which know no feature."""
