"""Raw AAC (ADTS)."""
