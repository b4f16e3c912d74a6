"""Output trees as a build makes them, without building: for tests of publishing."""

import hashlib
import re
import urllib.error
import urllib.request
from pathlib import Path

from podcast_kit.model import Output, PublishSettings, Wave, public_url
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.stores import Upload, open_store
from podcast_kit.stores.state import read_store_state

IMMUTABLE, FIVE_MINUTES = "public, max-age=31536000, immutable", "public, max-age=300"
CONTENT_TYPES = {
    ".mp3": "audio/mpeg",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/rss+xml; charset=utf-8",
}


def write_output(folder: Path, key: str, content: bytes, *, cache: str = "") -> Output:
    """Write a file of the build."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    wave = Wave.MEDIA if key.startswith("media/") else Wave.FEED if key.startswith("feed") else Wave.PAGES
    return Output(
        key=key,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_type=CONTENT_TYPES[path.suffix],
        cache_control=cache or (IMMUTABLE if wave is Wave.MEDIA else FIVE_MINUTES),
        wave=wave,
        path=path,
    )


def make_upload(key: str, content: bytes) -> Upload:
    """An upload of any bytes to a key."""
    sha256 = hashlib.sha256(content).hexdigest()
    content_type = "application/octet-stream"
    return Upload(
        key=key, content=content, size=len(content), content_type=content_type, cache_control="", sha256=sha256
    )


def write_tree(folder: Path, url: str, episodes: dict[str, bytes]) -> dict[str, Output]:
    """Write a small show: a file and a page per episode, an index, and the feed that names them all."""
    outputs, items, links = [], [], []
    for slug, sound in episodes.items():
        media = write_output(folder, f"media/{hashlib.sha256(sound).hexdigest()[:16]}/{slug}.mp3", sound)
        page = write_output(folder, f"episodes/{slug}/index.html", f"<h1>{slug}</h1>".encode())
        outputs += [media, page]
        enclosure = f'<enclosure url="{public_url(url, media.key)}" length="{media.size}" type="audio/mpeg"/>'
        link = public_url(url, page.key)
        items.append(f"<item><title>{slug}</title><guid>{slug}</guid><link>{link}</link>{enclosure}</item>")
        links.append(f"<a href='{page.key}'>{slug}</a>")
    index = write_output(folder, "index.html", "\n".join(links).encode())
    feed = write_output(folder, "feed.xml", f"<rss><channel>{''.join(items)}</channel></rss>\n".encode())
    return {output.key: output for output in [*outputs, index, feed]}


def open_bucket_store(bucket, *, endpoint="", prefix=""):
    """Open a bucket as the toolkit does."""
    to = f"s3://{bucket.name}/{prefix}".rstrip("/")
    return open_store(PublishSettings(url=bucket.url, to=to, endpoint=endpoint or bucket.endpoint), Path())


def publish_outputs(outputs, store, *, now, url="", before_feed=lambda: None):
    """Read, plan and publish; returns the outcomes."""
    plan = plan_changes(outputs, read_state(store, outputs))
    return list(publish_plan(plan, store, now=now, url=url, before_feed=before_feed))


def read_state(store, outputs=None):
    """The store state, reconciled with outputs by key."""
    return read_store_state(store, "feed.xml", (outputs or {}).values())


def download(url: str) -> bytes:
    """GET without credentials."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read()


def find_broken_links(url: str) -> list[str]:
    """What the live feed names that does not answer with the right length; empty without a feed."""
    try:
        feed = download(f"{url}feed.xml").decode()
    except urllib.error.HTTPError as error:
        return [] if error.code == 404 else [str(error)]
    broken = [] if feed.endswith("</rss>\n") else ["the feed is incomplete"]
    links = re.findall(r'<enclosure url="([^"]+)" length="(\d+)"', feed)
    links += [(link, "") for link in re.findall(r"<link>([^<]+)</link>", feed)]
    for link, length in links:
        request = urllib.request.Request(link, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                if length and reply.headers["Content-Length"] != length:
                    broken.append(f"{link} has {reply.headers['Content-Length']} bytes, not {length}")
        except urllib.error.HTTPError as error:
            broken.append(f"{link} answers {error.code}")
    return broken


def live_guids(url: str) -> list[str]:
    """The guids of the live feed, in its order."""
    return re.findall(r"<guid[^>]*>([^<]+)</guid>", download(f"{url}feed.xml").decode())
