"""Object storage providers and their endpoints, from their own documentation.

How each handles conditional writes is not listed here: a probe finds it out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from podcast_kit.errors import InvalidInput, Problem, SourceLocation
from podcast_kit.model import PublishSettings
from podcast_kit.stores.s3 import S3Store

BUCKET = re.compile(r"(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:/(?P<prefix>.*))?")

NEW_BUCKET = re.compile(r"(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?![.-])|-(?!\.)){1,61}[a-z0-9]")
"""What every provider takes for a new bucket; some old buckets have capitals or underscores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider; `endpoint` is a template for the show's region and account."""

    title: str
    endpoint: str = ""
    default_region: str = ""
    """The region to sign with when publish.region is not set."""
    example_region: str = ""
    """An example of a region, for messages."""
    has_website_redirects: bool = False
    """Whether its websites redirect by the header of Amazon S3, per its documentation."""


PROVIDERS = {
    "s3": Provider(title="Amazon S3, or any store with publish.endpoint", has_website_redirects=True),
    "aws": Provider(title="Amazon S3", has_website_redirects=True),
    "r2": Provider(title="Cloudflare R2", endpoint="https://{account}.r2.cloudflarestorage.com", default_region="auto"),
    "b2": Provider(title="Backblaze B2", endpoint="https://s3.{region}.backblazeb2.com", example_region="us-west-004"),
    "gs": Provider(title="Google Cloud Storage", endpoint="https://storage.googleapis.com", default_region="auto"),
    "spaces": Provider(
        title="DigitalOcean Spaces", endpoint="https://{region}.digitaloceanspaces.com", example_region="fra1"
    ),
    "hetzner": Provider(
        title="Hetzner Object Storage", endpoint="https://{region}.your-objectstorage.com", example_region="fsn1"
    ),
    "wasabi": Provider(title="Wasabi", endpoint="https://s3.{region}.wasabisys.com", example_region="eu-central-1"),
    "minio": Provider(title="MinIO", endpoint="{endpoint}", default_region="us-east-1"),
    "garage": Provider(title="Garage", endpoint="{endpoint}", default_region="garage", has_website_redirects=True),
}


def missing_settings(to: str, endpoint: str) -> tuple[str, ...]:
    """The settings besides `to` that its provider needs: of `account`, `region` and `endpoint`."""
    provider = PROVIDERS.get(to.partition("://")[0])
    names = ("account", "region", "endpoint") if provider and not endpoint else ()
    return tuple(name for name in names if provider and f"{{{name}}}" in provider.endpoint)


def refuse_new_bucket_name(to: str) -> None:
    """Raise InvalidInput for a bucket that cannot be created."""
    scheme, separator, location = to.partition("://")
    bucket = location.partition("/")[0]
    if separator and scheme in PROVIDERS and not NEW_BUCKET.fullmatch(bucket):
        fix = "a bucket name has 3 to 63 lower-case letters, digits and hyphens"
        raise InvalidInput([_setting_problem(f"{bucket!r} can't be the name of a bucket", fix, "to")])


def open_bucket(
    publishing: PublishSettings, scheme: str, location: str, journal_folder: Path, on_waiting: Callable[[str], None]
) -> S3Store:
    """Open the store `scheme://location`; raises InvalidInput with every missing setting."""
    provider = PROVIDERS[scheme]
    bucket_match = BUCKET.fullmatch(location)
    problems = [
        _setting_problem(f"publish.{name} is missing for {provider.title}", f"set {name}: {hint}", name)
        for name, value, hint in (
            ("account", publishing.account, "the id in the address of your dashboard"),
            ("region", publishing.region, f"such as {provider.example_region}"),
            ("endpoint", publishing.endpoint, "https://..."),
        )
        if f"{{{name}}}" in provider.endpoint and not value and not publishing.endpoint
    ]
    if bucket_match is None:
        text = f"publish.to: {publishing.to!r} does not name a bucket"
        fix = f"use {scheme}://bucket or {scheme}://bucket/prefix; a bucket name has 3 to 63 letters, digits, . and -"
        problems.append(_setting_problem(text, fix, "to"))
    elif ".." in (bucket_match["prefix"] or "").split("/"):
        text = f"publish.to: the prefix in {publishing.to!r} contains '..'"
        problems.append(_setting_problem(text, "write the prefix without '..'", "to"))
    if publishing.website_redirects and not provider.has_website_redirects:
        text = f"publish.website_redirects: {provider.title} does not redirect by a header"
        fix = "remove it: moved pages redirect without it, too"
        problems.append(_setting_problem(text, fix, "website_redirects"))
    if problems or bucket_match is None:
        raise InvalidInput(problems)
    settings = {"account": publishing.account, "region": publishing.region, "endpoint": publishing.endpoint}
    env_endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    endpoint = (
        publishing.endpoint
        or provider.endpoint.format_map(settings)
        or (env_endpoint if scheme in {"s3", "aws"} else "")
    )
    bucket = bucket_match["bucket"]
    return S3Store(
        bucket=bucket,
        prefix=(bucket_match["prefix"] or "").strip("/"),
        endpoint=endpoint,
        region=publishing.region or provider.default_region,
        virtual=not endpoint and "." not in bucket,  # dots in the name do not match the wildcard certificate of AWS
        journal_folder=journal_folder,
        scheme=scheme,
        on_waiting=on_waiting,
    )


def open_named_bucket(address: str, publishing: PublishSettings, on_waiting: Callable[[str], None]) -> S3Store:
    """The bucket of an address such as `s3://bucket`, with the show's region, endpoint and account.

    These are used only where the show is published to the same provider. Raises InvalidInput where one is missing.
    """
    scheme, _, location = address.partition("://")
    own_scheme = publishing.to.partition("://")[0] if "://" in publishing.to else publishing.provider
    settings = publishing if own_scheme == scheme else PublishSettings(url=publishing.url)
    settings = replace(settings, to=address, website_redirects=False)
    return open_bucket(settings, scheme, location.rstrip("/"), Path(), on_waiting)


def _setting_problem(text: str, fix: str, setting: str) -> Problem:
    return Problem(SourceLocation("podcast.yaml"), text, fix, f"pb.{setting}")
