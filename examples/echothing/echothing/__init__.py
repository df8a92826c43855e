"""An echo of live elements. See README.md beside this package."""
