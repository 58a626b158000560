"""What a process consists of: threads, tasks, queues and caches, independent of any feature."""
