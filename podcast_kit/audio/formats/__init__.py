"""How each format is laid out: its frames or boxes, its tags and its chapters."""
