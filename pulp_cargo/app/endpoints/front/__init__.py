"""What every request for a registry passes: the middleware, the routes, and what watches them."""
