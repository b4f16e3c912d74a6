"""Telling the world about new episodes, and reading what it answers."""
