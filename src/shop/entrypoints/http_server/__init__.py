"""HTTP below the app: what a connection may do before, during and after a request."""
