"""JSON with a line for each value, as people read it."""

from __future__ import annotations

import json
from json.encoder import encode_basestring

_encode = json.JSONEncoder(ensure_ascii=False).encode


def render_json(value: object, indent: int, line: str = "\n") -> str:
    """A value as by `json.dumps` without escapes; `line` is what its own lines begin with.

    With an indent, json takes several times as long and leaves reference cycles, in builds thousands of them.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value and isinstance(value, dict):
        inner = f"{line}{indent * ' '}"
        members = (f"{_encode(name)}: {render_json(member, indent, inner)}" for name, member in value.items())
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}"
    if value and isinstance(value, list | tuple):
        inner = f"{line}{indent * ' '}"
        return f"[{inner}{f',{inner}'.join(render_json(member, indent, inner) for member in value)}{line}]"
    return repr(value) if type(value) is int else _encode(value)
