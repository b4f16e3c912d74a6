"""The commands, one file each, named after the command: parse, call one function, print what it returns.

A command is imported when it is run, or when something asks for all of them; `cli/app.py` lists their names.
"""
