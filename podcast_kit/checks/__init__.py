"""The rules of directories and apps, one small function a rule."""
