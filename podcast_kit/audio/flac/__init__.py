"""FLAC: metadata blocks and tags."""
