"""What no look at a feed can decide, with the reason; and what is decided elsewhere."""

from __future__ import annotations

UNDECIDED = {
    "art.rename": "A look sees the picture that is there, not the one that was there under the same address. "
    "Pictures that `podcast-kit build` publishes carry the digest of their bytes in their address.",
    "http.order": "Once everything is up, nobody can see what went up first. `podcast-kit publish` sends media, "
    "then pages, then the feed, and stops at the first failure.",
    "det.rebuild": "One build cannot tell whether the next would give the same bytes. The toolkit's own tests build "
    "twice, under another time zone, locale, folder and hash seed.",
    "det.write": "How a file was written does not show in it. The toolkit writes beside and renames.",
    "sp.limits": "Spotify's delivery specification, with its limits of size and length, is not public.",
    "am.claim": "Amazon publishes no numbers; hosts report that it reads a feed as Apple does. "
    "`--platform amazon` runs the rules that hosts name.",
}
COVERED_BY = {
    "det.lastbuild": "ch.lastBuildDate, and the build, which writes the newest date of the episodes",
}
