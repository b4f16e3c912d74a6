"""Trees of outputs such as a build makes, without building: for tests of what happens to them."""

import hashlib
import re
import urllib.error
import urllib.request
from pathlib import Path

from podcast_kit.model import Output, PublishSettings, Wave, public_url
from podcast_kit.plan import make
from podcast_kit.publish import publish, read
from podcast_kit.stores import Upload, open_store

YEAR, MINUTES = "public, max-age=31536000, immutable", "public, max-age=300"
KINDS = {".mp3": "audio/mpeg", ".html": "text/html; charset=utf-8", ".xml": "application/rss+xml; charset=utf-8"}


def output(folder: Path, key: str, content: bytes, *, cache: str = "") -> Output:
    """A file of the build, really there."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    wave = Wave.MEDIA if key.startswith("media/") else Wave.FEED if key.startswith("feed") else Wave.PAGES
    return Output(
        key=key,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_type=KINDS[path.suffix],
        cache_control=cache or (YEAR if wave is Wave.MEDIA else MINUTES),
        wave=wave,
        path=path,
    )


def upload(key: str, content: bytes) -> Upload:
    """Bytes for a key, whatever they are."""
    sha256 = hashlib.sha256(content).hexdigest()
    kind = "application/octet-stream"
    return Upload(key=key, content=content, size=len(content), content_type=kind, cache_control="", sha256=sha256)


def tree(folder: Path, url: str, episodes: dict[str, bytes]) -> dict[str, Output]:
    """A small show: for each episode a file and a page, an index, and the feed that names them all."""
    found, items, links = [], [], []
    for slug, sound in episodes.items():
        media = output(folder, f"media/{hashlib.sha256(sound).hexdigest()[:16]}/{slug}.mp3", sound)
        page = output(folder, f"episodes/{slug}/index.html", f"<h1>{slug}</h1>".encode())
        found += [media, page]
        enclosure = f'<enclosure url="{public_url(url, media.key)}" length="{media.size}" type="audio/mpeg"/>'
        link = public_url(url, page.key)
        items.append(f"<item><title>{slug}</title><guid>{slug}</guid><link>{link}</link>{enclosure}</item>")
        links.append(f"<a href='{page.key}'>{slug}</a>")
    index = output(folder, "index.html", "\n".join(links).encode())
    feed = output(folder, "feed.xml", f"<rss><channel>{''.join(items)}</channel></rss>\n".encode())
    return {each.key: each for each in [*found, index, feed]}


def store_of(bucket, *, endpoint="", prefix=""):
    """The bucket as the toolkit opens it."""
    to = f"s3://{bucket.name}/{prefix}".rstrip("/")
    return open_store(PublishSettings(url=bucket.url, to=to, endpoint=endpoint or bucket.endpoint), Path())


def carry_out(outputs, store, *, now, url="", before_feed=lambda: None):
    """Read, plan, publish; the outcomes."""
    plan = make(outputs, read(store, outputs.values()))
    return list(publish(plan, store, now=now, url=url, before_feed=before_feed))


def fetch(url: str) -> bytes:
    """As anybody would."""
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read()


def broken_promises(url: str) -> list[str]:
    """What the live feed names that does not answer with the right length; no feed yet breaks none."""
    try:
        feed = fetch(f"{url}feed.xml").decode()
    except urllib.error.HTTPError as error:
        return [] if error.code == 404 else [str(error)]
    broken = [] if feed.endswith("</rss>\n") else ["the feed is cut short"]
    named = re.findall(r'<enclosure url="([^"]+)" length="(\d+)"', feed)
    named += [(link, "") for link in re.findall(r"<link>([^<]+)</link>", feed)]
    for link, length in named:
        request = urllib.request.Request(link, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                if length and reply.headers["Content-Length"] != length:
                    broken.append(f"{link} has {reply.headers['Content-Length']} bytes, not {length}")
        except urllib.error.HTTPError as error:
            broken.append(f"{link} answers {error.code}")
    return broken


def guids(url: str) -> list[str]:
    """Of the live feed, in its order."""
    return re.findall(r"<guid[^>]*>([^<]+)</guid>", fetch(f"{url}feed.xml").decode())
