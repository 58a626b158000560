"""The endpoints with which cargo makes changes: publish and yank."""
