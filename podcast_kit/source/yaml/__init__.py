"""YAML with the location of every value, and converters from text to what a key needs."""

from __future__ import annotations

from podcast_kit.source.yaml.document import (
    MAX_SOURCE_BYTES,
    ForeignKey,
    InvalidValue,
    Table,
    Value,
    decode_source,
    parse_front_matter,
    parse_yaml_table,
    read_source_file,
    suggest_name,
)

__all__ = [
    "MAX_SOURCE_BYTES",
    "ForeignKey",
    "InvalidValue",
    "Table",
    "Value",
    "decode_source",
    "parse_front_matter",
    "parse_yaml_table",
    "read_source_file",
    "suggest_name",
]
