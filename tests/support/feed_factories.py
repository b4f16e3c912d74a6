"""Shows and items with every field set, for the tests of the feed."""

from datetime import UTC, datetime, timedelta

from podcast_kit.model import Category, Element, Episode, Image, Item, LocalFile, Media, Person, PublishSettings, Show

SITE = "https://pod.example/"
START = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
ARTWORK = Image(url=f"{SITE}media/0a1b2c/cover.jpeg?v=2", width=3000, height=3000, mime="image/jpeg")


def make_show(**settings):
    defaults = {
        "title": "More Social, Less Media",
        "description": "How shows & listeners talk with each other.",
        "author": "Ann Lee",
        "language": "en",
        "publish": PublishSettings(url=SITE),
        "owner_name": "Ann Lee",
        "owner_email": "ann@pod.example",
        "guid": "9b024349-ccf0-5f69-a609-6b82873eab3c",
        "artwork": LocalFile("cover.jpg"),
        "categories": (Category("Business", "Marketing"), Category("Technology")),
        "copyright": "Ann Lee",
        "locked": True,
        "people": (Person(name="Ann Lee", url=f"{SITE}ann"),),
    }
    return Show(**defaults | settings)


def make_episode(number=1, **settings):
    defaults = {
        "slug": f"{number:03}",
        "path": f"episodes/{number:03}.md",
        "title": f"Episode {number}",
        "notes": "",
        "number": number,
        "season": 1,
    }
    return Episode(**defaults | settings)


def make_item(number=1, *, episode=None, **settings):
    episode = episode or make_episode(number)
    name = f"media/{number:012x}/{episode.slug}.mp3"
    defaults = {
        "episode": episode,
        "guid": f"guid-{number}",
        "date": START + timedelta(days=number),
        "url": f"{SITE}episodes/{episode.slug}/index.html",
        "enclosure": Media(key=name, sha256="", bytes=20_000 + number, mime="audio/mpeg", seconds=61.6),
        "enclosure_url": f"{SITE}{name}",
        "description": f"<p>About &amp; <b>around</b> {number}.</p>",
        "content": f"<p>About &amp; <b>around</b> {number}, in full.</p>",
    }
    return Item(**defaults | settings)


def to_element(node):
    """The Element that a parsed Node came from."""
    return Element(
        node.key, node.text.strip(), tuple(node.attributes.items()), tuple(to_element(child) for child in node.children)
    )
