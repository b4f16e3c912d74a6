"""Pages and prompts. The only home of jinja2."""
