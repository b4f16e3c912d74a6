"""The commands, one file each, named after the command: parse, call one function, print what it returns."""
