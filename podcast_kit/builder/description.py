"""Notes and prompts become one text for each surface; with the media they become a finished Item."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from podcast_kit import __version__, site
from podcast_kit.builder.cache import Memory
from podcast_kit.builder.chapters import embedded
from podcast_kit.model import (
    Chapter,
    Element,
    Episode,
    RenderedNotes,
    Item,
    Image,
    Placement,
    Project,
    PromptSet,
    LockEntry,
    Tags,
    Transcript,
    public_url,
)
from podcast_kit.source import notes as markdown

VERSION = 2
"""Raised when the same notes would come out otherwise."""
HREF = re.compile(r'<a href="([^"]*)"')
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
CREATIVE_COMMONS = re.compile(r"CC-(BY(?:-NC)?(?:-ND|-SA)?)-(\d\.\d)", re.IGNORECASE)
DESCRIPTION = 4000
"""Bytes of UTF-8 that Apple and PSP-1 take in an item's description."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all notes of a show are made within; worked out once a build."""

    digest: str
    """Of the show and of its templates."""
    templates: str
    """Digest of the templates alone."""

    @classmethod
    def of(cls, project: Project) -> Setting:
        """The setting of a show as it is."""
        templates = site.templates_digest(project.folder)
        return cls(hashlib.sha256(repr((project.show, templates)).encode()).hexdigest(), templates)


def text(
    project: Project, episode: Episode, art: Mapping[str, Image], listing: str, setting: Setting, memory: Memory
) -> dict[str, str]:
    """What the notes become, invitations included: summary, description, content, page, comment, plain.

    `art` has the published picture for each local source in the notes; `listing` is feed HTML with the chapters that
    the notes do not show themselves. Asked again for the same, memory answers.
    """
    said = repr((VERSION, __version__, setting.digest, episode, sorted(art.items()), listing))
    key = hashlib.sha256(said.encode()).hexdigest()
    found: dict[str, str] | None = memory.recall("text", key)
    if found is None:
        found = _compose(project, episode, art, listing, setting)
        memory.keep("text", key, found)
    return found


def _compose(
    project: Project, episode: Episode, art: Mapping[str, Image], listing: str, setting: Setting
) -> dict[str, str]:
    url = page(project, episode)
    notes = markdown.render(site.expand(project.show, episode.notes), page_url=url, pictures=art)
    placement = project.show.prompts.get(episode.prompts, PromptSet()).placement
    wanted = placement is Placement.END or (placement is Placement.MARKER and notes.after is not None)

    def invited(written: Collection[str]) -> RenderedNotes:
        """The invitations of a surface that says these addresses already."""
        if not wanted:
            return RenderedNotes()
        show, digest = project.show, setting.templates
        return site.prompts(show, episode, folder=project.folder, page_url=url, written=written, digest=digest)

    prompts = invited(notes.links)
    before, after = notes.before, notes.after or RenderedNotes()
    if notes.after is None:
        before = replace(before, feed_html=before.feed_html + listing)
    else:
        after = replace(after, feed_html=after.feed_html + listing)
    whole = (before.feed_html + prompts.feed_html + after.feed_html).strip()
    summary = episode.summary or notes.summary
    return {
        "summary": summary,
        "content": whole,
        "description": _short(whole, before.feed_html + after.feed_html, invited, lambda: _more(project, url, setting)),
        "page": before.page_html + prompts.page_html + after.page_html,
        "comment": _paragraphs(summary, invited(_addresses(summary)).plain_text),
        "plain": _paragraphs(before.plain_text, after.plain_text),
    }


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(stripped for part in parts if (stripped := part.strip()))


def _more(project: Project, url: str, setting: Setting) -> str:
    words = site.words(project.show.language, project.show.timezone, project.folder, setting.templates)
    return f'<p><a href="{html.escape(url)}">{html.escape(words("all_notes"), quote=False)}</a></p>'


def _short(whole: str, notes: str, invited: Callable[[Collection[str]], RenderedNotes], leading: Callable[[], str]) -> str:
    """What fits; where the author's own link was cut off, the invitation has it."""
    if len(whole.encode()) <= DESCRIPTION:
        return whole
    more = leading()
    longest = more + invited(()).feed_html
    kept = markdown.shorten(notes, DESCRIPTION, longest).removesuffix(longest)
    return kept + more + invited([html.unescape(address) for address in HREF.findall(kept)]).feed_html


def _addresses(text: str) -> list[str]:
    return [found.rstrip(".,:;!?)") for found in ADDRESS.findall(text)]


def page(project: Project, episode: Episode) -> str:
    """The public address of an episode's page."""
    return project.show.page_url(f"episodes/{episode.slug}/index.html")


def tags(project: Project, episode: Episode, said: Mapping[str, str], chapters: Sequence[Chapter]) -> Tags:
    """What the audio file says about itself, for players that never saw the feed."""
    show = project.show
    people = [person.name for person in episode.people or show.people if person.role.lower() == "host"]
    category = show.categories[0].name if show.categories else ""
    return Tags(
        title=episode.title,
        show=show.title,
        author=", ".join(people) or show.author,
        date=episode.date.astimezone(UTC) if episode.date else None,
        number=episode.number,
        season=episode.season,
        summary=said["summary"],
        comment=said["comment"],
        description=said["plain"],
        link=page(project, episode),
        feed_url=show.feed_url,
        guid=episode.guid,
        language=show.language,
        copyright=show.copyright,
        license_url=_terms(project, episode),
        explicit=show.explicit if episode.explicit is None else episode.explicit,
        keywords=episode.tags,
        category=category,
        chapters=tuple(chapters),
        images=embedded(tuple(chapters), project.folder),
    )


def _terms(project: Project, episode: Episode) -> str:
    """The address of the licence: the one that is written, else that of a Creative Commons licence by its name."""
    said = [one for one in (*episode.elements, *project.show.elements) if one.name == "podcast:license"][:1]
    for one in said:
        known = CREATIVE_COMMONS.fullmatch(one.text)
        made = f"https://creativecommons.org/licenses/{known[1].lower()}/{known[2]}/" if known else ""
        return dict(one.attributes).get("url") or made
    return ""


def item(
    project: Project,
    episode: Episode,
    said: Mapping[str, str],
    entry: LockEntry,
    *,
    artwork: Image | None,
    chapters: tuple[Chapter, ...],
    chapters_url: str = "",
    transcripts: tuple[Transcript, ...] = (),
    elements: tuple[Element, ...] = (),
) -> Item:
    """The finished episode; `elements` are its own, at their moments in the enclosure."""
    enclosure, base = entry.media, project.show.publish.url
    assert episode.date is not None  # noqa: S101  # only a draft has none, and drafts are not built
    remote = enclosure.key.startswith(("https://", "http://"))
    return Item(
        episode=episode,
        guid=episode.guid,
        date=episode.date.astimezone(UTC),
        url=page(project, episode),
        enclosure=enclosure,
        enclosure_url=enclosure.key if remote else public_url(base, enclosure.key),
        alternate=entry.alternate,
        alternate_url=public_url(base, entry.alternate.key) if entry.alternate else "",
        soundbites=entry.soundbites,
        former_slugs=entry.former_slugs,
        artwork=artwork,
        summary=said["summary"],
        description=said["description"],
        content=said["content"],
        page=said["page"],
        chapters=chapters,
        chapters_url=chapters_url,
        transcripts=transcripts,
        people=episode.people or project.show.people,
        elements=elements,
    )
