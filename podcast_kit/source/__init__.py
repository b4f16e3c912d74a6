"""What the podcaster wrote: YAML with places, notes, the lock."""
