"""Real recordings of 2 s, and the tags that tests write into their copies."""

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path

from podcast_kit.model import Chapter, Cover, LocalFile, Tags

SAMPLES = Path(__file__).parents[1] / "samples"
SUFFIXES = {".mp3", ".m4a", ".opus", ".ogg", ".flac", ".wav", ".aiff", ".aac"}
RECORDINGS = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in SUFFIXES)
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
)
BERLIN = timezone(timedelta(hours=1))
CHAPTERS = (
    Chapter(start_ms=0, title="An introduction that is rather long", url="https://example.org/one"),
    Chapter(start_ms=500, title="Мир"),
    Chapter(start_ms=900, title="A silent mark", toc=False),
    Chapter(start_ms=1200, title="C", image=LocalFile("red.jpg")),
)


def sample(name):
    return SAMPLES / name


def make_tags(**kw):
    """Tags with every field set, each to a value that is easy to get wrong."""
    whole = {
        "title": "Wer hört zu? “Ω”",
        "show": "More Social",
        "author": "Ada Lovelace",
        "date": datetime(2026, 3, 1, 0, 5, tzinfo=BERLIN),
        "number": 7,
        "season": 2,
        "summary": "One plain paragraph.",
        "comment": "One plain paragraph.\n\nFollow us wherever you listen.",
        "description": "All that was said.\n\nIn two paragraphs.",
        "transcript": "Talk with us,\nand we will talk with you.",
        "link": "https://example.org/episodes/7/",
        "feed_url": "https://example.org/feed.xml",
        "guid": "0c2b6c0e-7a52-4c0f-8d5c-2a0d9f1a7e11",
        "language": "en-GB",
        "copyright": "2026 Ada Lovelace",
        "license_url": "https://creativecommons.org/licenses/by/4.0/",
        "explicit": False,
        "keywords": ("radio", "listening"),
        "category": "Society & Culture",
        "cover": Cover(data=JPEG, mime="image/jpeg", width=1, height=1),
        "chapters": CHAPTERS,
        "images": ((LocalFile("red.jpg"), Cover(data=JPEG, mime="image/jpeg", width=1, height=1)),),
    }
    return Tags(**(whole | kw))
