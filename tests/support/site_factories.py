"""Shows, episodes and items with defaults, for the tests of pages."""

from datetime import UTC, datetime, timedelta

from podcast_kit.model import Cue, Episode, Image, Item, ListenLink, Media, Person, PublishSettings, Show, Transcript

BASE = "https://pod.example/show/"
APPLE = ListenLink(service="apple", value="1000000001")
SPOTIFY = ListenLink(service="spotify", value="0123456789abcdefABCDEF")
ART = Image(url=f"{BASE}media/aa/cover.jpg", key="media/aa/cover.jpg", width=1500, height=1500, mime="image/jpeg")


def make_show(**settings):
    defaults = {
        "title": "Talking Back",
        "description": "How shows and listeners talk.",
        "author": "Ada Voice",
        "language": "en",
        "publish": PublishSettings(url=BASE),
        "listen": (APPLE, SPOTIFY),
    }
    return Show(**{**defaults, **settings})


def make_episode(number=1, **settings):
    slug = settings.get("slug", f"{number:03}-one")
    defaults = {"slug": slug, "path": f"episodes/{slug}.md", "title": f"Number {number}", "notes": "", "number": number}
    return Episode(**{**defaults, **settings})


def make_item(number=1, *, episode=None, **settings):
    episode = episode or make_episode(number)
    defaults = {
        "episode": episode,
        "guid": f"guid-{number}",
        "date": datetime(2026, 1, 5, 7, tzinfo=UTC) + timedelta(weeks=number),
        "url": f"{BASE}episodes/{episode.slug}/index.html",
        "enclosure": Media(
            key=f"media/bb/{episode.slug}.mp3", sha256="", bytes=1_234_567, mime="audio/mpeg", seconds=75.5
        ),
        "enclosure_url": f"{BASE}media/bb/{episode.slug}.mp3",
        "summary": f"What number {number} is about.",
        "page": f"<p>Notes of {number}.</p>",
        "people": (Person(name="Ada Voice"),),
    }
    return Item(**{**defaults, **settings})


def make_transcript(*lines, speaker="Ada"):
    cues = tuple(
        Cue(start_ms=at * 5000, end_ms=at * 5000 + 4900, text=line, speaker=speaker) for at, line in enumerate(lines)
    )
    return Transcript(url=f"{BASE}media/cc/one.vtt", mime="text/vtt", language="en", cues=cues)
