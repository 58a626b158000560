"""Publishing, yanking and other changes that create a repository version without a task."""
