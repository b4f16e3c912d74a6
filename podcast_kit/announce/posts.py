"""What to post about which episode: the texts, within the limits of each network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from podcast_kit import builder, site
from podcast_kit.announce.networks import Draft, Network
from podcast_kit.announce.newsletter import compose_newsletter, find_mail_picture, mail_text
from podcast_kit.errors import InvalidInput, Problem
from podcast_kit.model import Item, PostRecord, show_guid
from podcast_kit.site.announcement import describe_announced, fit_announcement
from podcast_kit.source.yaml import InvalidValue

MAX_ANNOUNCED_AGE = timedelta(hours=48)
"""Older episodes are not announced unless they are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost:
    """A post as the plan shows it, before anything is sent."""

    draft: Draft
    network: str
    """The key under `announce:`."""
    label: str
    """The network's name for people."""
    place: str
    """Such as `@show@social.example`; empty if that is a secret."""
    length: int
    """Of the text, as the network counts it."""
    max_len: int
    """0 for no limit."""
    missing_variables: tuple[str, ...] = ()
    """Environment variables without which it is not posted."""
    record: PostRecord | None = None
    """What the store's state says of it."""
    is_mail: bool = False
    """Whether the text is a subject and a body in HTML."""

    @property
    def key(self) -> str:
        """Names the post in outcomes."""
        return f"{self.network}:{self.draft.slug}"

    @property
    def where(self) -> str:
        """The network and the account."""
        return f"{self.label} ({self.place})" if self.place else self.label


def is_recent(date: datetime, now: datetime) -> bool:
    """Whether an episode of this date is announced without being named."""
    return now - date <= MAX_ANNOUNCED_AGE


def compose_post(build: builder.Build, item: Item, network: Network, record: PostRecord | None = None) -> PlannedPost:
    """The post about an episode on a network. Raises InvalidInput where the template of the text is wrong."""
    show = build.project.show
    translations = site.load_translations(
        show.language, show.timezone, build.project.folder, shared=build.project.shared_folder
    )
    episode = describe_announced(show, item)
    settings = network.settings
    if network.is_mail:
        mail = compose_newsletter(
            show,
            item,
            folder=build.project.folder,
            shared=build.project.shared_folder,
            picture=find_mail_picture(build, item),
        )
        text = mail_text(mail)
    else:
        template = settings.text or network.default_text
        text = fit_announcement(
            template, settings.text_location, episode, translations, network.accepts, network.escape
        )
        require_valid_post(network, text)
    card = build.outputs.get(f"episodes/{item.episode.slug}/card.jpg")
    draft = Draft(
        guid=item.guid,
        slug=item.episode.slug,
        title=item.episode.title,
        summary=item.summary,
        url=item.url,
        show_guid=show.guid or show_guid(show.feed_url),
        language=show.language,
        date=item.date,
        text=text,
        card=card.path if card else None,
    )
    return PlannedPost(
        draft=replace(draft, attempt=record.attempt, post_id=record.id) if record else draft,
        network=network.name,
        label=network.label,
        place=network.place,
        length=network.measure(text),
        max_len=network.max_len,
        missing_variables=network.missing_variables,
        record=record,
        is_mail=network.is_mail,
    )


def require_valid_post(network: Network, text: str) -> None:
    """Raise InvalidInput for a text that the network could not read."""
    try:
        network.require_valid_text(text)
    except InvalidValue as error:
        raise InvalidInput([Problem(network.settings.text_location, str(error), error.fix, error.code)]) from None


def digest_text(text: str) -> str:
    """The digest by which a record knows the text of a post."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
