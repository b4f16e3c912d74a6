"""Every code of a problem, with why it matters and how to fix it."""
