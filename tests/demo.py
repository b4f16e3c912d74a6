"""`make demo`: the sample show published for real, and fetched back as listeners would.

A real S3 server on loopback, started and stopped here; a folder served over HTTP where there is none for the platform.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from podcast_kit import builder
from podcast_kit.preview import server as serve
from podcast_kit.publish import verify
from podcast_kit.source import project
from tests.support.seaweed import PlatformUnsupported, Server

ROOT = Path(__file__).parents[1]
SHOW = ("podcast.yaml", "episodes")


def main() -> None:
    """Publish, fetch back, publish again."""
    arguments = argparse.ArgumentParser(prog="make demo", description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="leave the server running")
    keep = arguments.parse_args().keep
    folder = Path(tempfile.mkdtemp(prefix="podcast-kit-demo-"))
    show = folder / "show"
    show.mkdir()
    for name in SHOW:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, show / name)
    try:
        with _place(folder, keep=keep) as (options, url, environment, stop):
            _publish(show, options, environment)
            _fetch_back(show, url)
            _publish_again(show, options, environment)
            print(f"\nThe feed, for any podcast app on this machine:  {url}feed.xml")
            print(f"The pages, for a browser:                       {url}index.html")
            print(stop if keep else "Everything was stopped and removed again; `make demo KEEP=1` leaves it running.")
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _place(folder: Path, *, keep: bool) -> Iterator[tuple[list[str], str, dict[str, str], str]]:
    """Where to publish: the options that say so, the public address, the credentials, and how to stop it."""
    server = Server(folder / "server")
    try:
        server.start()
    except PlatformUnsupported as reason:
        print(f"{reason} Publishing to a folder, and serving that, instead.")
        yield from _folder(folder, keep=keep)
        return
    try:
        bucket = server.bucket("talking-back")
        options = ["--to", f"s3://{bucket.name}", "--endpoint", bucket.endpoint, "--url", bucket.url]
        print(f"A SeaweedFS server is up; publishing to s3://{bucket.name} at {bucket.endpoint}")
        pid = server.process.pid if server.process else 0
        yield options, bucket.url, server.environment(), f"To stop it:  kill -9 {pid} && rm -r {folder}"
    finally:
        if not keep:
            server.stop()


def _folder(folder: Path, *, keep: bool) -> Iterator[tuple[list[str], str, dict[str, str], str]]:
    public = folder / "public"
    public.mkdir()
    server = serve.make_preview(public)
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield ["--to", str(public), "--url", url], url, {}, f"It is being served; stop with Ctrl-C, then rm -r {folder}"
    if keep:
        input()
    server.shutdown()
    server.server_close()


def _podcast_kit(show: Path, options: list[str], environment: dict[str, str]) -> str:
    """The command itself, as a podcaster runs it; its stderr is shown."""
    command = [sys.executable, "-m", "podcast_kit", "publish", "-C", str(show), "--yes", *options]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"podcast-kit publish ended with {done.returncode}")
    return done.stdout


def _publish(show: Path, options: list[str], environment: dict[str, str]) -> None:
    print("\n$ podcast-kit publish", flush=True)
    print(_podcast_kit(show, options, environment), end="")


def _publish_again(show: Path, options: list[str], environment: dict[str, str]) -> None:
    import json

    said = json.loads(_podcast_kit(show, [*options, "--json"], environment))
    if said["uploaded"]:
        raise SystemExit(f"a second publish uploaded {said['uploaded']} objects; it must find nothing to do")
    print("Published again: nothing to upload.")


def _fetch_back(show: Path, url: str) -> None:
    """Every object anonymously over HTTP, byte for byte; every enclosure by HEAD and by Range."""
    from dataclasses import replace

    found = project.load_project(show)
    moved = replace(found.show, publish=replace(found.show.publish, url=url))
    made = builder.build(replace(found, show=moved), now=datetime.now(UTC))
    outputs = list(made.outputs.values())
    enclosures = [made.outputs[item.enclosure.key] for item in made.items]
    for outcome in (*verify.verify_contents(url, outputs), *verify.verify_outputs(url, enclosures)):
        if outcome.error:
            raise SystemExit(f"{outcome.error}")
    print(f"Fetched all {len(outputs)} objects back over HTTP: the same bytes.")
    print(f"Asked {len(enclosures)} enclosures for HEAD and for bytes 0-1: right length, 206.")


if __name__ == "__main__":
    main()
