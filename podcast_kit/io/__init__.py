"""Reading and writing the outside world: files, HTTP, media types."""
