"""Decode, measure, limit, join and encode audio."""
