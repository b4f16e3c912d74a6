"""Posts on Bluesky, and on other servers of the AT Protocol."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from podcast_kit.announce.api import ApiCaller, PostError
from podcast_kit.announce.networks import Draft, Network, SentPost, require_secure_server
from podcast_kit.model import PostRecord
from podcast_kit.text.fit import fit_text
from podcast_kit.text.graphemes import count_graphemes

PASSWORD_VARIABLE = "PODCAST_KIT_BLUESKY_PASSWORD"  # noqa: S105 - the variable's name
DEFAULT_SERVER = "https://bsky.social"
COLLECTION = "app.bsky.feed.post"
MAX_POST_GRAPHEMES = 300
MAX_POST_BYTES = 3_000
"""Both hold (https://github.com/bluesky-social/atproto, lexicons/app/bsky/feed/post.json)."""
MAX_THUMB_BYTES = 1_000_000
MAX_TAG_GRAPHEMES = 64
MAX_CARD_DESCRIPTION_LEN = 300
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_LINK_OR_TAG = re.compile(r"(?P<link>https?://[^\s<>\"]+)|(?<!\S)#(?P<tag>[^\s#]+)")
_LINK_END = re.compile(r"[.,;:!?'\")\]]+$")
_TAG_END = re.compile(r"[^\w]+$")
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


class BlueskyNetwork(Network):
    """The account `bluesky: account:`; a post has a key of our own, so sending it twice gives one post."""

    name: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    secret_variables: ClassVar[tuple[str, ...]] = (PASSWORD_VARIABLE,)
    secret_fix: ClassVar[str] = (
        f"create an app password under Settings > Privacy and security > App passwords, and set {PASSWORD_VARIABLE} "
        "to it"
    )
    can_repeat: ClassVar[bool] = True
    can_withdraw: ClassVar[bool] = True

    _session: dict[str, str] | None = None

    @property
    def max_len(self) -> int:
        """Graphemes of a post."""
        return MAX_POST_GRAPHEMES

    def accepts(self, text: str) -> bool:
        """Whether a text has at most 300 graphemes and 3,000 bytes."""
        return len(text.encode()) <= MAX_POST_BYTES and count_graphemes(text) <= MAX_POST_GRAPHEMES

    @property
    def _server(self) -> str:
        return self.settings.options.get("pds") or DEFAULT_SERVER

    @property
    def _host(self) -> str:
        return urlsplit(self._server).netloc

    def check_access(self) -> None:
        """Sign in, once in a run: servers allow only few sign-ins."""
        self._sign_in()

    def _sign_in(self) -> dict[str, str]:
        if self._session is None:
            require_secure_server(self._server, "the password")
            body = {"identifier": self.place.removeprefix("@"), "password": self.secret(PASSWORD_VARIABLE)}
            try:
                answer = ApiCaller(self.http, self._server, {}, secrets=(body["password"],)).call(
                    "/xrpc/com.atproto.server.createSession", method="POST", **_json_body(body)
                )
            except PostError as error:
                raise self._sign_in_error(error) from None
            values = answer if isinstance(answer, dict) else {}
            session = {
                key: value for key in ("accessJwt", "did", "handle") if isinstance(value := values.get(key), str)
            }
            if not session.get("accessJwt") or not session.get("did"):
                raise PostError(f"{self._host} does not answer as a server of Bluesky", "check announce: bluesky: pds:")
            self._session = {"handle": session["did"]} | session
        return self._session

    def _sign_in_error(self, error: PostError) -> PostError:
        """Why signing in failed; nothing was posted."""
        if error.reason.startswith("AuthFactorTokenRequired"):
            text = f"{PASSWORD_VARIABLE} is the account's password, and {self._host} asks for a code with it"
            return PostError(text, self.secret_fix, status=error.status)
        if error.status == _UNAUTHORIZED:
            text = f"{self._host} does not accept {PASSWORD_VARIABLE} for {self.place}: it is wrong, or was revoked"
            return PostError(text, self.secret_fix, status=error.status)
        return PostError(error.text, error.fix, status=error.status, reason=error.reason)

    def _call(self, method_name: str, body: dict[str, Any] | None = None, **query: str) -> Any:  # noqa: ANN401
        """Call a method: POST with a body, else GET; signs in again once if the session has expired."""
        path = f"/xrpc/{method_name}" + (f"?{urlencode(query)}" if query else "")
        settings = {"method": "POST", **_json_body(body)} if body is not None else {}
        try:
            return self._caller().call(path, **settings, needs_json=False)
        except PostError as error:
            if not error.reason.startswith("ExpiredToken"):
                raise
        self._session = None
        return self._caller().call(path, **settings, needs_json=False)

    def _caller(self) -> ApiCaller:
        return ApiCaller(self.http, self._server, {"Authorization": f"Bearer {self._sign_in()['accessJwt']}"})

    def choose_id(self, draft: Draft) -> str:
        """The record key of a post, a TID: the same for an episode and attempt, and different for any other."""
        return make_tid(draft.date, f"{draft.show_guid}\0{draft.guid}\0{draft.attempt}")

    def send(self, draft: Draft) -> SentPost:
        """Post it with a card that links to the page."""
        session = self._sign_in()
        record = {
            "$type": COLLECTION,
            "text": draft.text,
            "createdAt": _format_moment(draft.intended_at or draft.date),
            "langs": [draft.language],
            "facets": find_facets(draft.text),
            "embed": {"$type": "app.bsky.embed.external", "external": self._make_card(draft)},
        }
        body = {"repo": session["did"], "collection": COLLECTION, "rkey": draft.post_id, "record": record}
        try:
            answer = self._call("com.atproto.repo.putRecord", body)
        except PostError as error:
            if error.status == _BAD_REQUEST and not error.is_doubtful:
                fix = "change the text under announce: bluesky:, or the episode's title or summary"
                raise PostError(error.text, fix, status=error.status, reason=error.reason) from None
            raise
        uri = answer.get("uri") if isinstance(answer, dict) else None
        if not isinstance(uri, str) or not uri.startswith("at://"):
            raise PostError(f"{self._host} does not say which post it made", "look at the account", is_doubtful=True)
        return self._to_post(draft.post_id, uri)

    def _to_post(self, post_id: str, uri: str = "") -> SentPost:
        session = self._sign_in()
        uri = uri or f"at://{session['did']}/{COLLECTION}/{post_id}"
        return SentPost(id=post_id, uri=uri[:2000], url=f"https://bsky.app/profile/{session['handle']}/post/{post_id}")

    def _make_card(self, draft: Draft) -> dict[str, Any]:
        """The preview of the page; without a picture if that is too large."""
        card = {
            "uri": draft.url,
            "title": draft.title,
            "description": fit_text(draft.summary, MAX_CARD_DESCRIPTION_LEN),
        }
        picture = draft.card.read_bytes() if draft.card and draft.card.is_file() else b""
        if not 0 < len(picture) <= MAX_THUMB_BYTES:
            return card
        try:
            answer = self._caller().call(
                "/xrpc/com.atproto.repo.uploadBlob",
                method="POST",
                content=picture,
                headers={"Content-Type": "image/jpeg"},
            )
        except PostError as error:  # nothing was posted yet
            raise PostError(error.text, error.fix, status=error.status, reason=error.reason) from None
        blob = answer.get("blob") if isinstance(answer, dict) else None
        return card | ({"thumb": blob} if isinstance(blob, dict) else {})

    def find_sent(self, draft: Draft) -> SentPost | None:
        """The post with our key."""
        try:
            self._call(
                "com.atproto.repo.getRecord",
                repo=self._sign_in()["did"],
                collection=COLLECTION,
                rkey=draft.post_id,
            )
        except PostError as error:
            if error.reason.startswith("RecordNotFound") or "Could not locate record" in error.reason:
                return None
            raise
        return self._to_post(draft.post_id)

    def withdraw(self, record: PostRecord) -> None:
        """Delete the post; one that does not exist is none the less deleted."""
        body = {"repo": self._sign_in()["did"], "collection": COLLECTION, "rkey": record.id}
        self._call("com.atproto.repo.deleteRecord", body)


def find_facets(text: str) -> list[dict[str, Any]]:
    """Where links and hashtags are in a text, in bytes of UTF-8: without a facet, an address cannot be clicked.

    >>> find_facets("é https://pod.example/ #RSS")[0]["index"]
    {'byteStart': 3, 'byteEnd': 23}
    """
    facets = []
    for match in _LINK_OR_TAG.finditer(text):
        is_link = match["link"] is not None
        value = (_LINK_END if is_link else _TAG_END).sub("", match["link"] or match["tag"])
        if not value or (not is_link and (value.isdecimal() or count_graphemes(value) > MAX_TAG_GRAPHEMES)):
            continue
        start = len(text[: match.start()].encode())
        end = start + len(value.encode()) + (not is_link)  # with the #
        feature = {"uri": value} if is_link else {"tag": value}
        kind = "app.bsky.richtext.facet#link" if is_link else "app.bsky.richtext.facet#tag"
        facets.append({"index": {"byteStart": start, "byteEnd": end}, "features": [{"$type": kind, **feature}]})
    return facets


def make_tid(date: datetime, seed: str) -> str:
    """A record key of the AT Protocol: the second of a date, and a digest of the seed instead of its fraction.

    >>> make_tid(datetime(2026, 1, 1, tzinfo=UTC), "episode 1")
    '3mbd354ev24hm'
    """
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    fraction, clock = divmod(digest, 1 << 10)
    number = ((int(date.timestamp()) * 1_000_000 + fraction % 1_000_000) << 10) | clock
    letters = []
    for _ in range(13):
        number, index = divmod(number, len(TID_LETTERS))
        letters.append(TID_LETTERS[index])
    return "".join(reversed(letters))


def _format_moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _json_body(body: dict[str, Any] | None) -> dict[str, Any]:
    return {"content": json.dumps(body).encode(), "headers": {"Content-Type": "application/json"}}
