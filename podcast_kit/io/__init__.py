"""Input and output: atomic writes, an HTTP client, media types."""
