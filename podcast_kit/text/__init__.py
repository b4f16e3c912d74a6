"""Text as other formats need it: the one home of each conversion."""
