"""MP4 and M4A: boxes, tags, chapters, fragments."""
