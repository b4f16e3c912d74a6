"""The sources of the rules: documents, and programs whose behaviour was tested."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A document or program that a rule is based on."""

    name: str
    url: str


SOURCES = {
    "APRSS": Source("Apple, podcaster's guide to RSS", "https://help.apple.com/itc/podcasts_connect/#/itcb54353390"),
    "AP823": Source("Apple, podcast requirements", "https://podcasters.apple.com/support/823-podcast-requirements"),
    "AP896": Source("Apple, artwork requirements", "https://podcasters.apple.com/support/896-artwork-requirements"),
    "AP4115": Source(
        "Apple, technical updates for hosting providers",
        "https://podcasters.apple.com/support/4115-technical-updates-for-hosting-providers",
    ),
    "AP5316": Source("Apple, transcripts", "https://podcasters.apple.com/support/5316-transcripts-on-apple-podcasts"),
    "AP5482": Source("Apple, chapters", "https://podcasters.apple.com/support/5482-using-chapters-on-apple-podcasts"),
    "AP893": Source("Apple, audio requirements", "https://podcasters.apple.com/support/893-audio-requirements"),
    "AP1691": Source("Apple, categories", "https://podcasters.apple.com/support/1691-apple-podcasts-categories"),
    "AP5440": Source("Apple, explicit content", "https://podcasters.apple.com/support/5440"),
    "AP5497": Source("Apple, claiming a show", "https://podcasters.apple.com/support/5497"),
    "SPM": Source("Spotify, show metadata", "https://content-ops.atspotify.com/hc/en-us/articles/360050808931"),
    "SPC": Source("Spotify, chapters", "https://support.spotifyforpodcasters.com/hc/en-us/articles/360043932711"),
    "SPD": Source("Spotify, podcast delivery specification 1.9", "https://support.spotifyforpodcasters.com"),
    "YT": Source(
        "YouTube's errors for RSS feeds, reported to PeerTube", "https://github.com/Chocobozzz/PeerTube/issues/6201"
    ),
    "PSP": Source(
        "PSP-1, the Podcast RSS Specification",
        "https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification",
    ),
    "PSP13": Source(
        "PSP-1, issue 13",
        "https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification/issues/13",
    ),
    "PSP2": Source(
        "PSP-1, issue 2, on serving over HTTP",
        "https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification/issues/2",
    ),
    "PN": Source(
        "The podcast namespace", "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"
    ),
    "PNO": Source(
        "The podcast namespace, other recommendations",
        "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/other-recommendations.md",
    ),
    "RSS2": Source("RSS 2.0", "https://www.rssboard.org/rss-specification"),
    "RSSP": Source("RSS best practices profile", "https://www.rssboard.org/rss-profile"),
    "FV": Source("The W3C feed validator, tested", "https://github.com/w3c/feedvalidator"),
    "RFC5005": Source("RFC 5005, feed paging and archiving", "https://www.rfc-editor.org/rfc/rfc5005"),
    "WS": Source("WebSub", "https://www.w3.org/TR/websub/"),
    "AN": Source("AntennaPod's parser, tested", "https://github.com/AntennaPod/AntennaPod"),
    "GPO": Source("gPodder's podcastparser, tested", "https://github.com/gpodder/podcastparser"),
    "PT": Source("partytime, the Podcast Index's parser, tested", "https://github.com/RyanHirsch/partytime"),
    "JF": Source("JSON Feed 1.1", "https://www.jsonfeed.org/version/1.1/"),
    "OPML": Source("OPML 2.0", "http://opml.org/spec2.opml"),
    "XML": Source("XML 1.0", "https://www.w3.org/TR/xml/"),
    "HOUSE": Source("Experience: problems observed in apps", ""),
}
"""By the key that rules use."""
