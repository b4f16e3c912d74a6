"""What people type. The only home of click."""
