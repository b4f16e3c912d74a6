"""The commands, one file each, named after the command: parse, call one function, print what it returns.

A new command is also imported in `cli/__init__.py`, which registers it.
"""
