"""Each address of an invitation stands exactly once on each surface, whatever was written by hand, and where."""

import html
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.builder import description
from podcast_kit.builder.cache import SCHEMA, Cache
from podcast_kit.model import ListenLink, Media, Placement, Project, PromptSet, LockEntry
from tests.support.site_factories import APPLE, BASE, SPOTIFY, make_episode, make_show, make_transcript

FOLLOW = f"{BASE}follow/index.html"
LONG = make_transcript(*["A sentence of some length that somebody says."] * 600)
SURFACES = ("content", "description", "page", "comment", "transcript")
CLUB = ListenLink(service="custom", value="https://club.example/join?a=1&b=2", label="Club")
SERVICES = (APPLE, SPOTIFY, CLUB)
LINKS = {site.normalize_url(link.url): link for link in site.build_listen_links(make_show(listen=SERVICES)) if link.declared}


def surfaces(folder, show, notes):
    """Every surface of an episode with these notes."""
    episode = make_episode(notes=notes, date=datetime(2026, 1, 1, tzinfo=UTC))
    project = Project(folder=folder, show=show, episodes=(episode,))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(SCHEMA)
        said = description.text(project, episode, {}, "", description.Setting.of(project), Cache(database))
    media = Media(key="media/x.mp3", sha256="", bytes=1, mime="audio/mpeg", seconds=60)
    entry = LockEntry(slug=episode.slug, guid=episode.guid, date=episode.date, source_sha256="", media=media)
    item = description.item(project, episode, said, entry, artwork=None, chapters=(), transcripts=(LONG,))
    pages = site.render_site(show, [item], folder=folder)
    return said | {"transcript": pages["episodes/001-one/transcript/index.html"].decode()}


def counted(surface):
    """How often each address stands there: as a link in HTML, as it is in plain text."""
    found = re.findall(r'<a [^>]*href="(https?://[^"]+)"', surface)
    if "<" not in surface:
        found = re.findall(r"https?://[^\s<>()]+", surface)
    return Counter(site.normalize_url(html.unescape(address)) for address in found)


@settings(max_examples=100)
@given(
    chosen=st.builds(PromptSet, follow=st.booleans(), review=st.booleans(), placement=st.sampled_from(Placement)),
    by_hand=st.sets(st.sampled_from(sorted(LINKS))),
    bare=st.booleans(),
    at=st.sampled_from(["first", "last"]),
    marked=st.booleans(),
    long=st.booleans(),
)
@example(chosen=PromptSet(), by_hand=set(LINKS), bare=False, at="last", marked=False, long=True)
@example(chosen=PromptSet(), by_hand=set(LINKS), bare=True, at="first", marked=False, long=False)
def test_each_address_stands_exactly_once(tmp_path_factory, chosen, by_hand, bare, at, marked, long):
    show = make_show(listen=SERVICES, prompts={"default": chosen})
    urls = [LINKS[known].url for known in sorted(by_hand)]
    written = " and ".join(f"<{url}>" if bare else f"[this]({url})" for url in urls) or "Nothing."
    words = ["It is about this.", *(["A paragraph of ordinary words, one after another. " * 5] * (30 if long else 1))]
    parts = [written, *words] if at == "first" else [*words, written]
    if marked:
        parts.insert(len(parts) // 2, "{{ prompts }}")
    said = surfaces(tmp_path_factory.getbasetemp(), show, "\n\n".join(parts) + "\n")
    invites = chosen.placement is Placement.END or (chosen.placement is Placement.MARKER and marked)
    asked = {known for known, link in LINKS.items() if invites and getattr(chosen, link.kind.value)}
    for surface in SURFACES:
        found = counted(said[surface])
        assert all(found[known] == 1 for known in asked), (surface, found)
        assert all(found[known] <= 1 for known in LINKS), (surface, found)
        if surface != "transcript":
            assert found[site.normalize_url(FOLLOW)] == (1 if invites and chosen.follow else 0), (surface, found)
    assert len(said["description"].encode()) <= description.DESCRIPTION
