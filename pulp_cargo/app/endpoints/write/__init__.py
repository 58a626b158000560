"""The endpoints that make changes: publish, yank, owners, and a user's tokens."""
