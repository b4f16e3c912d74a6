"""What a network's own page says of a show, taken from the build of the show."""

from __future__ import annotations

from podcast_kit.builder import Build
from podcast_kit.model import Item, ListedShow, NetworkEpisode, show_guid


def list_show(build: Build) -> ListedShow:
    """The show of a build, for the page of its network."""
    show = build.project.show
    return ListedShow(
        name=build.project.folder.name,
        title=show.title,
        description=show.description,
        author=show.author,
        language=show.language,
        url=show.page_url("index.html"),
        feed_url=show.feed_url,
        guid=show.guid or show_guid(show.feed_url),
        artwork=build.page_artwork or build.artwork,
        episodes=tuple(_list_episode(item) for item in build.items),
    )


def _list_episode(item: Item) -> NetworkEpisode:
    episode = item.episode
    words = [*episode.tags, *(person.name for person in item.people), str(episode.number or "")]
    return NetworkEpisode(
        guid=item.guid,
        title=episode.title,
        url=item.url,
        date=item.date,
        summary=item.summary,
        seconds=item.enclosure.seconds,
        words=" ".join(filter(None, words)),
    )
