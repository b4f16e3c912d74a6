"""The places that sell object storage: what to call them, and where they answer.

From their own documentation. What they make of conditional writes is not here: that is found out by trying.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.errors import InvalidInput, SourceLocation, Problem
from podcast_kit.model import PublishSettings
from podcast_kit.stores.s3 import S3

BUCKET = re.compile(r"(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:/(?P<prefix>.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One of them; `endpoint` is made with the show's region and account."""

    title: str
    endpoint: str = ""
    region: str = ""
    """What to sign with when the show names none."""
    regions: str = ""
    """What a region looks like there, for the mend."""


PROVIDERS = {
    "s3": Provider(title="Amazon S3, or any store with publish.endpoint"),
    "aws": Provider(title="Amazon S3"),
    "r2": Provider(title="Cloudflare R2", endpoint="https://{account}.r2.cloudflarestorage.com", region="auto"),
    "b2": Provider(title="Backblaze B2", endpoint="https://s3.{region}.backblazeb2.com", regions="us-west-004"),
    "gs": Provider(title="Google Cloud Storage", endpoint="https://storage.googleapis.com", region="auto"),
    "spaces": Provider(title="DigitalOcean Spaces", endpoint="https://{region}.digitaloceanspaces.com", regions="fra1"),
    "hetzner": Provider(
        title="Hetzner Object Storage", endpoint="https://{region}.your-objectstorage.com", regions="fsn1"
    ),
    "wasabi": Provider(title="Wasabi", endpoint="https://s3.{region}.wasabisys.com", regions="eu-central-1"),
    "minio": Provider(title="MinIO", endpoint="{endpoint}", region="us-east-1"),
    "garage": Provider(title="Garage", endpoint="{endpoint}", region="garage"),
}


def at(publishing: PublishSettings, scheme: str, rest: str, journals: Path, waiting: Callable[[str], None]) -> S3:
    """The store that `scheme://rest` names; raises `InvalidInput` with all that is missing."""
    provider = PROVIDERS[scheme]
    found = BUCKET.fullmatch(rest)
    problems = [
        _problem(f"publish.{name} is missing for {provider.title}", f"write {name}: {hint}", name)
        for name, value, hint in (
            ("account", publishing.account, "the id in the address of your dashboard"),
            ("region", publishing.region, f"such as {provider.regions}"),
            ("endpoint", publishing.endpoint, "https://..."),
        )
        if f"{{{name}}}" in provider.endpoint and not value and not publishing.endpoint
    ]
    if found is None:
        text = f"publish.to: {publishing.to!r} names no bucket"
        hint = (
            f"write {scheme}://bucket or {scheme}://bucket/prefix; a bucket's name has 3 to 63 letters, digits, . and -"
        )
        problems.append(_problem(text, hint, "to"))
    elif ".." in (found["prefix"] or "").split("/"):
        problems.append(_problem(f"publish.to: {publishing.to!r} has a '..' in it", "write the prefix out", "to"))
    if problems or found is None:
        raise InvalidInput(problems)
    named = {"account": publishing.account, "region": publishing.region, "endpoint": publishing.endpoint}
    elsewhere = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    endpoint = (
        publishing.endpoint or provider.endpoint.format_map(named) or (elsewhere if scheme in {"s3", "aws"} else "")
    )
    bucket = found["bucket"]
    return S3(
        bucket=bucket,
        prefix=(found["prefix"] or "").strip("/"),
        endpoint=endpoint,
        region=publishing.region or provider.region,
        virtual=not endpoint and "." not in bucket,  # a name with dots breaks the certificate of AWS
        journals=journals,
        scheme=scheme,
        waiting=waiting,
    )


def _problem(text: str, hint: str, name: str) -> Problem:
    return Problem(SourceLocation("podcast.yaml"), text, hint, f"pb.{name}")
