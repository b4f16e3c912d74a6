"""Each URL of the prompts occurs exactly once on each surface, whatever links the notes have.

On pages, a URL that is there to follow and to review has a button for each.
"""

import html
import re
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from podcast_kit import site
from podcast_kit.builder import description
from podcast_kit.builder.cache import open_cache
from podcast_kit.model import ListenLink, Placement, Project, PromptSet
from tests.support.site_factories import APPLE, BASE, SPOTIFY, make_episode, make_item, make_show, make_transcript

FOLLOW = f"{BASE}follow/index.html"
SHARE = f"{BASE}episodes/001-one/index.html#share"
LONG = make_transcript(*["A sentence of some length that a guest speaks."] * 600)
SURFACES = ("content", "description", "page", "comment", "transcript")
CLUB = ListenLink(service="custom", value="https://club.example/join?a=1&b=2", label="Club")
SERVICES = (APPLE, SPOTIFY, CLUB)
LINKS = {
    site.normalize_url(link.url): link for link in site.build_listen_links(make_show(listen=SERVICES)) if link.declared
}

FOLLOW_AND_REVIEW = {
    site.normalize_url(link.url) for link in site.build_listen_links(make_show(listen=(SPOTIFY,))) if link.declared
}
"""Spotify's page is there to follow the show and to rate it."""


def render_surfaces(folder, show, notes):
    """Every surface of an episode with these notes, by name."""
    episode = make_episode(notes=notes, date=datetime(2026, 1, 1, tzinfo=UTC))
    project = Project(folder=folder, show=show, episodes=(episode,))
    with open_cache(folder / "cache") as cache:
        context = description.DescriptionContext.from_project(project)
        text = description.render_description(project, episode, {}, (), 0.0, context, cache)
    item = make_item(episode=episode, page=text.page, transcripts=(LONG,))
    pages = site.render_site(show, [item], folder=folder)
    return asdict(text) | {"transcript": pages["episodes/001-one/transcript/index.html"].decode()}


def count_urls(surface):
    """How often each URL occurs, as a link in HTML or as plain text."""
    urls = re.findall(r'<a [^>]*href="(https?://[^"]+)"', surface)
    if "<" not in surface:
        urls = re.findall(r"https?://[^\s<>()]+", surface)
    return Counter(site.normalize_url(html.unescape(url)) for url in urls)


@settings(max_examples=100)
@given(
    prompt_set=st.builds(
        PromptSet, follow=st.booleans(), review=st.booleans(), share=st.booleans(), placement=st.sampled_from(Placement)
    ),
    linked=st.sets(st.sampled_from(sorted(LINKS))),
    bare=st.booleans(),
    at=st.sampled_from(["first", "last"]),
    marked=st.booleans(),
    long=st.booleans(),
)
@example(prompt_set=PromptSet(), linked=set(LINKS), bare=False, at="last", marked=False, long=True)
@example(prompt_set=PromptSet(), linked=set(LINKS), bare=True, at="first", marked=False, long=False)
def test_each_url_occurs_exactly_once_for_each_purpose(tmp_path_factory, prompt_set, linked, bare, at, marked, long):
    show = make_show(listen=SERVICES, prompts={"default": prompt_set})
    urls = [LINKS[url].url for url in sorted(linked)]
    links = " and ".join(f"<{url}>" if bare else f"[this]({url})" for url in urls) or "Nothing."
    words = ["It is about this.", *(["A paragraph of ordinary words, one after another. " * 5] * (30 if long else 1))]
    parts = [links, *words] if at == "first" else [*words, links]
    if marked:
        parts.insert(len(parts) // 2, "{{ prompts }}")
    surfaces = render_surfaces(tmp_path_factory.getbasetemp(), show, "\n\n".join(parts) + "\n")
    has_prompts = prompt_set.placement is Placement.END or (prompt_set.placement is Placement.MARKER and marked)
    expected = {url for url, link in LINKS.items() if has_prompts and getattr(prompt_set, link.kind.value)}
    for surface in SURFACES:
        counts = count_urls(surfaces[surface])
        in_notes = linked if surface == "page" else set()
        has_both = surface in {"page", "transcript"} and has_prompts and prompt_set.follow and prompt_set.review
        twice = FOLLOW_AND_REVIEW - in_notes if has_both else set()
        assert all(counts[url] == 1 + (url in twice) for url in expected), (surface, counts)
        assert all(counts[url] <= 1 + (url in twice) for url in LINKS), (surface, counts)
        if surface != "transcript":
            assert counts[site.normalize_url(FOLLOW)] == (has_prompts and prompt_set.follow), (surface, counts)
            assert counts[site.normalize_url(SHARE)] == (has_prompts and prompt_set.share), (surface, counts)
    assert len(surfaces["description"].encode()) <= description.MAX_ITEM_DESCRIPTION_BYTES
