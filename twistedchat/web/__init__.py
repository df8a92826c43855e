"""Pages and HTTP: everything that klein serves, and the front that bounds every request."""
