"""Signature Version 4 for requests to object storage, without botocore.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from podcast_kit.text.dates import format_basic_iso

ALGORITHM = "AWS4-HMAC-SHA256"
UNQUOTED_CHARS = "/~"
"""Characters of a key that stay unquoted in a URL, besides letters, digits and `-._` (Signature Version 4)."""
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""In place of the sha256 of a body that a signed Content-MD5 protects."""
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class RequestSigner:
    """Signs requests below one URL."""

    netloc: str
    region: str
    credentials: Any
    """As botocore has them."""

    def signed_lines(
        self, method: str, path: str, sha256: str, headers: Mapping[str, str], query: str = ""
    ) -> list[str]:
        """The header lines of a request, with the signature.

        `path` is quoted, `headers` have names in lower case, and `query` is as `canonical_query` makes it.
        """
        credentials = self.credentials.get_frozen_credentials()
        timestamp = format_basic_iso(datetime.fromtimestamp(time.time(), UTC))
        signed = {**headers, "host": self.netloc, "x-amz-content-sha256": sha256, "x-amz-date": timestamp}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        names = ";".join(sorted(signed))
        canonical_request = "\n".join([method, path, query, *lines, "", names, sha256])
        scope = [timestamp[:8], self.region, "s3", "aws4_request"]
        key = _signing_key(credentials.secret_key, *scope)
        digest = hashlib.sha256(canonical_request.encode()).hexdigest()
        string_to_sign = "\n".join([ALGORITHM, timestamp, "/".join(scope), digest])
        signature = hmac.digest(key, string_to_sign.encode(), "sha256").hex()
        credential = "/".join([credentials.access_key, *scope])
        lines += [
            f"Authorization:{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
            "User-Agent:podcast-kit",
        ]
        return lines


def canonical_query(parameters: Mapping[str, str]) -> str:
    """The query of a URL in the one form that is signed: sorted, and quoted with `%20` for a space."""
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(parameters.items()))


@lru_cache(1)
def _signing_key(secret: str, *scope: str) -> bytes:
    """The key for one day."""
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key
