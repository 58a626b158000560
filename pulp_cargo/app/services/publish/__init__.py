"""Publishing, yanking and every other change that becomes a repository version at once."""
