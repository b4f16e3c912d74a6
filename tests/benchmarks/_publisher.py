"""One publish of a benchmark's files, in a process of its own: FOLDER BUCKET ENDPOINT [--gate] [--memo FILE]."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def main(folder: Path, bucket: str, endpoint: str, *, gate: bool, memo: Path | None) -> None:
    """What `podcast-kit publish` does once the build is there."""
    from podcast_kit import plan, publish
    from podcast_kit.model import Output, PublishSettings, Wave
    from podcast_kit.publish import fast_path
    from podcast_kit.stores import open_store

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
    there = PublishSettings(url=f"{endpoint}/{bucket}/", to=f"s3://{bucket}", endpoint=endpoint, region="us-east-1")
    wanted = fast_path.digest(outputs, there)
    last = next(reversed(outputs))  # stands for the feed, which the others do not know
    if memo and fast_path.unchanged(memo, wanted, there, last):
        return
    store = open_store(there, folder.parent)
    state = publish.read(store, outputs.values())
    made = plan.make(outputs, state)
    list(publish.publish(made, store, now=NOW, url=there.url if gate else ""))
    if memo and not made:
        fast_path.remember(memo, wanted, state=state.etag, feed=state.objects[last].etag)


if __name__ == "__main__":
    what, options = sys.argv[1:4], sys.argv[4:]
    memo = Path(options[options.index("--memo") + 1]) if "--memo" in options else None
    main(Path(what[0]), *what[1:], gate="--gate" in options, memo=memo)
