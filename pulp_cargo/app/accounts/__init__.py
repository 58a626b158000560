"""The account page, where people see, create and revoke their tokens in a browser."""
