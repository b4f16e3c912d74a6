"""WAV and AIFF: chunks and tags."""
