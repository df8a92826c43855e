"""A chat room of live elements. See docs/tutorial-live.md."""
