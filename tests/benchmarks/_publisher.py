"""Publish a benchmark's files in a process of its own: FOLDER BUCKET ENDPOINT [--gate] [--memo FILE]."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def main(folder: Path, bucket: str, endpoint: str, *, gate: bool, memo: Path | None) -> None:
    """Do what `podcast-kit publish` does after the build."""
    from podcast_kit.model import Output, PublishSettings, Wave
    from podcast_kit.plan import plan_changes
    from podcast_kit.publish.fast_path import is_store_unchanged, publish_digest, record_published
    from podcast_kit.publish.waves import publish_plan
    from podcast_kit.stores import open_store
    from podcast_kit.stores.state import read_store_state

    outputs = {
        key: Output(
            key=key,
            size=size,
            sha256=sha256,
            content_type="audio/mpeg",
            cache_control="public, max-age=31536000, immutable",
            wave=Wave.MEDIA,
            path=folder / key,
        )
        for key, size, sha256 in json.loads(folder.with_suffix(".json").read_bytes())
    }
    settings = PublishSettings(url=f"{endpoint}/{bucket}/", to=f"s3://{bucket}", endpoint=endpoint, region="us-east-1")
    digest = publish_digest(outputs, settings)
    last_key = next(reversed(outputs))  # in place of the feed, which the other tools do not have
    if memo and is_store_unchanged(memo, digest, settings, last_key):
        return
    store = open_store(settings, folder.parent)
    state = read_store_state(store, "feed.xml", outputs.values())
    plan = plan_changes(outputs, state)
    list(publish_plan(plan, store, now=NOW, url=settings.url if gate else ""))
    if memo and not plan:
        record_published(memo, digest, "", state_etag=state.etag, feed_etag=state.objects[last_key].etag)


if __name__ == "__main__":
    positional, options = sys.argv[1:4], sys.argv[4:]
    memo = Path(options[options.index("--memo") + 1]) if "--memo" in options else None
    main(Path(positional[0]), *positional[1:], gate="--gate" in options, memo=memo)
