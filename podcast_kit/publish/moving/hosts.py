"""Hosts of podcasts, how their feeds are recognized, and where each of them redirects a feed, as far as documented.

`source` names the document or the program that a host's steps are from; a host without one has none that could be
read, so its steps only say what to look for.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from podcast_kit.model import FeedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class HostGuide:
    """A host, and how a show leaves it."""

    name: str
    domains: tuple[str, ...] = ()
    """Of feeds and audio."""
    generators: tuple[str, ...] = ()
    """How `<generator>` begins, in lower case."""
    steps: tuple[str, ...] = ()
    """What to do there; `{new}` is the new feed's URL."""
    source: str = ""


_UNDOCUMENTED = (
    "look in the settings of the show or the feed for “redirect”, “301” or “move my podcast”",
    "set the redirect to {new}; if there is no such setting, ask the host's support for a 301 redirect to it",
)
_SPOTIFY_ARTICLE = (
    "https://support.spotify.com/creators/article/switching-away-from-spotify-for-podcasters-with-a-301-redirect"
)
OWN_SERVER = HostGuide(
    name="a server of your own",
    steps=("add one of the redirects below to the server that answers at the old address",),
    source="the server's own documentation",
)
HOST_GUIDES = (
    HostGuide(
        name="Spotify for Creators",
        domains=("anchor.fm", "spotify.com"),
        generators=("anchor podcasts", "spotify for"),
        steps=(
            "open the settings of the show in a browser: the mobile app cannot do it",
            "turn off subscriptions and listener support, if the show has them",
            "under “Redirect your podcast”, paste {new} and press “Redirect”",
            "it may take 7 days; delete the account a week later at the earliest",
        ),
        source=_SPOTIFY_ARTICLE,
    ),
    HostGuide(
        name="Castopod",
        generators=("castopod",),
        steps=(
            "edit the podcast, and under “Advanced Parameters” set “New feed URL” to {new}",
            "then redirect the old address on the server, with one of the redirects below",
        ),
        source="ad-aures/castopod, modules/Admin/Language/en/Podcast.php",
    ),
    HostGuide(
        name="Podlove Publisher",
        generators=("podlove podcast publisher",),
        steps=(
            "in WordPress, open Podlove > Podcast Feeds, and edit each feed",
            "under “Redirect”, choose the permanent one (301), and paste {new}",
        ),
        source="podlove/podlove-publisher, settings of a feed (redirect_http_status, redirect_url)",
    ),
    HostGuide(
        name="Blubrry PowerPress",
        domains=("blubrry.com", "blubrry.net"),
        generators=("blubrry", "powerpress", "https://blubrry.com"),
        steps=(
            "in WordPress, open the feed's settings of PowerPress, and set “iTunes New Feed URL” to {new}",
            "then redirect the old address on the server, with one of the redirects below",
        ),
        source="the settings page of the plug-in PowerPress",
    ),
    HostGuide(
        name="Podigee",
        domains=("podigee.io", "podigee.com"),
        generators=("podigee",),
        steps=(
            "in the podcast's settings, open “More options” (“Mehr Optionen”)",
            "paste {new} into the field of the new feed URL and into that of each format",
            "keep it for 4 to 5 weeks",
        ),
        source="https://hilfe.podigee.com/article/165-subdomain-andern",
    ),
    HostGuide(name="Buzzsprout", domains=("buzzsprout.com",), generators=("buzzsprout",), steps=_UNDOCUMENTED),
    HostGuide(name="Libsyn", domains=("libsyn.com", "libsynpro.com"), generators=("libsyn",), steps=_UNDOCUMENTED),
    HostGuide(
        name="Podbean",
        domains=("podbean.com",),
        generators=("https://podbean.com", "podbean"),
        steps=_UNDOCUMENTED,
    ),
    HostGuide(name="Transistor", domains=("transistor.fm",), generators=("transistor",), steps=_UNDOCUMENTED),
    HostGuide(name="Acast", domains=("acast.com",), generators=("acast",), steps=_UNDOCUMENTED),
    HostGuide(name="Captivate", domains=("captivate.fm",), generators=("captivate",), steps=_UNDOCUMENTED),
    HostGuide(
        name="Simplecast",
        domains=("simplecast.com", "simplecastaudio.com"),
        generators=("https://simplecast.com", "simplecast"),
        steps=_UNDOCUMENTED,
    ),
    HostGuide(
        name="SoundCloud",
        domains=("soundcloud.com", "sndcdn.com"),
        generators=("soundcloud",),
        steps=_UNDOCUMENTED,
    ),
)


def recognize_host(url: str, document: FeedDocument | None = None) -> HostGuide:
    """The host of a feed: by its own address, else by the program that wrote it, else by where its audio is."""
    if guide := _guide_of_domain(url):
        return guide
    channel = document.channel if document else None
    if channel is None:
        return OWN_SERVER
    generator = channel.child_text("generator").casefold()
    for guide in HOST_GUIDES:
        if generator.startswith(guide.generators):
            return guide
    enclosures = [item.child("enclosure") for item in channel.children_named("item")[:1]]
    recording_urls = [enclosure.attributes.get("url", "") for enclosure in enclosures if enclosure]
    return next((guide for guide in map(_guide_of_domain, recording_urls) if guide), OWN_SERVER)


def _guide_of_domain(url: str) -> HostGuide | None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    for guide in HOST_GUIDES:
        if any(host == domain or host.endswith(f".{domain}") for domain in guide.domains):
            return guide
    return None
