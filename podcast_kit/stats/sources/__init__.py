"""Access logs: their formats, how they are recognized and how they are read."""
