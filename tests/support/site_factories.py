"""Shows, episodes and finished items for the tests of pages, each with defaults."""

from datetime import UTC, datetime, timedelta

from podcast_kit.model import Cue, Episode, Item, ListenLink, Media, Person, Image, PublishSettings, Show, Transcript

BASE = "https://pod.example/show/"
APPLE = ListenLink(service="apple", value="1000000001")
SPOTIFY = ListenLink(service="spotify", value="0123456789abcdefABCDEF")
ART = Image(url=f"{BASE}media/aa/cover.jpg", key="media/aa/cover.jpg", width=1500, height=1500, mime="image/jpeg")


def make_show(**said):
    given = {
        "title": "Talking Back",
        "description": "How shows and listeners talk.",
        "author": "Ada Voice",
        "language": "en",
        "publish": PublishSettings(url=BASE),
        "listen": (APPLE, SPOTIFY),
    }
    return Show(**{**given, **said})


def make_episode(number=1, **said):
    slug = said.get("slug", f"{number:03}-one")
    given = {"slug": slug, "path": f"episodes/{slug}.md", "title": f"Number {number}", "notes": "", "number": number}
    return Episode(**{**given, **said})


def make_item(number=1, *, episode=None, **said):
    episode = episode or make_episode(number)
    given = {
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
    return Item(**{**given, **said})


def make_transcript(*lines, speaker="Ada"):
    cues = tuple(
        Cue(start_ms=at * 5000, end_ms=at * 5000 + 4900, text=line, speaker=speaker) for at, line in enumerate(lines)
    )
    return Transcript(url=f"{BASE}media/cc/one.vtt", mime="text/vtt", language="en", cues=cues)
