"""Requirements that no look at a feed can verify, with the reason, and those that are verified elsewhere."""

from __future__ import annotations

NOT_CHECKABLE = {
    "art.rename": "The check sees the current image, not the one that had the same URL before. Images that "
    "`podcast-kit build` publishes have the digest of their bytes in their URL, so a new image has a new URL.",
    "http.order": "Once everything is uploaded, the order of the uploads is no longer visible. `podcast-kit publish` "
    "uploads media, then pages, then the feed, and stops at the first failure.",
    "det.rebuild": "One build cannot show whether the next one gives the same bytes. podcast-kit's own tests build "
    "twice, with another time zone, locale, folder and hash seed.",
    "det.write": "A file does not show how it was written. podcast-kit writes a temporary file and renames it.",
    "sp.limits": "Spotify's delivery specification, with its limits of size and length, is not public.",
    "am.claim": "Amazon publishes no limits; hosts report that it reads feeds as Apple does. "
    "`--platform amazon` runs the rules that hosts name.",
}
CHECKED_ELSEWHERE = {
    "det.lastbuild": "ch.lastBuildDate, and the build, which writes the newest date of the episodes",
}
