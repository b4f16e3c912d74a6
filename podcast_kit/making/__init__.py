"""The steps of a build: recordings, pictures, notes, chapters and transcripts become outputs and items."""
