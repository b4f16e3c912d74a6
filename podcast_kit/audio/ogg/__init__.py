"""Ogg: pages, and the tags of Vorbis and Opus."""
