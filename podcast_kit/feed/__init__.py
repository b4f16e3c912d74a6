"""Items to RSS. The only home of feedgen and lxml."""
