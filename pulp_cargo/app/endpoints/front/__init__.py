"""The entry of all requests: the middleware, the routes, the health page and the metrics."""
