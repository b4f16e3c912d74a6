"""A local web server that rebuilds the show when a source file changes."""
