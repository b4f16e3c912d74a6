"""Reads and writes what the podcaster keeps: podcast.yaml, episodes, chapters, transcripts, podcast.lock."""
