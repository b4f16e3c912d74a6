"""What the podcaster wrote: YAML with places, notes, chapters, transcripts, the lock."""
