"""Objects on the server and in the page that call each other (the Athena model)."""
