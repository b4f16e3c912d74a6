"""What Jinja makes of the default templates, kept from run to run: to compile them takes longer than to render pages.

What is kept is code, so it is only read from a folder of the user's own, where no show and no one else can write, and
only for templates that are this program's own.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from pathlib import Path
from types import CodeType

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from podcast_kit import __version__
from podcast_kit.io.consent import read_private_file, write_private_file

COMPILED_FOLDER = "compiled-templates"
MAX_COMPILED_BYTES = 4_000_000
_DIGEST_LEN = 64


class CompiledTemplates(BytecodeCache):
    """Compiled templates in the user's state folder, a file for each; without it they are compiled each time."""

    def __init__(self, settings: str) -> None:
        """`settings` identifies how templates are compiled."""
        versions = (__version__, jinja2.__version__, sys.version, sys.implementation.cache_tag, settings)
        self._identity = repr(versions)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take the code from its file, if that is whole, and was made of the same template in the same way."""
        data = read_private_file(COMPILED_FOLDER, bucket.key, MAX_COMPILED_BYTES)
        if data is None or data[:_DIGEST_LEN] != self._sign(bucket, data[_DIGEST_LEN:]):
            return
        code = marshal.loads(data[_DIGEST_LEN:])  # noqa: S302  # only this user can have written it
        if isinstance(code, CodeType):
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template that was compiled just now, where that is possible."""
        data = marshal.dumps(bucket.code)
        write_private_file(COMPILED_FOLDER, bucket.key, self._sign(bucket, data) + data)

    def _sign(self, bucket: Bucket, data: bytes) -> bytes:
        """A digest of the code, of the template, and of everything else that the code depends on."""
        digest = hashlib.sha256(f"{self._identity} {bucket.checksum} ".encode() + data)
        return digest.hexdigest().encode("ascii")


def identify_compiler(*paths: str) -> str:
    """A digest of the source files that say how templates are compiled."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()
