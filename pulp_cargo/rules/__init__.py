"""What this plugin decides, without Django, a database or the network."""
