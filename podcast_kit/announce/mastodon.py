"""Posts on Mastodon, and on servers with its API."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from podcast_kit.announce.api import ApiCaller, PostError, parse_moment
from podcast_kit.announce.networks import Draft, Network, SentPost, require_secure_server
from podcast_kit.model import PostRecord
from podcast_kit.text.graphemes import count_graphemes

TOKEN_VARIABLE = "PODCAST_KIT_MASTODON_TOKEN"  # noqa: S105 - the variable's name
DEFAULT_MAX_LEN = 500
DEFAULT_URL_LEN = 23
"""What any URL counts as (https://docs.joinmastodon.org/entities/Instance/)."""
SEARCHED_STATUSES = 40
PRIVATE_VISIBILITIES = frozenset({"private", "direct"})
"""Of posts that listeners cannot open, so that the feed does not name them."""
MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)
"""Between this computer and the server, in telling a second post about an episode from the first."""
_POST_URL = re.compile(r"https?://[^\s<>\"]+")
_MENTION = re.compile(r"(?<![\w/])@([\w.-]*\w)@[\w.-]+\w")
_FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _UNPROCESSABLE = 401, 403, 404, 422


class MastodonNetwork(Network):
    """The account `mastodon: account:`; a repeated request within an hour gives the post of the first one."""

    name: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    secret_variables: ClassVar[tuple[str, ...]] = (TOKEN_VARIABLE,)
    secret_fix: ClassVar[str] = (
        "create an application under Preferences > Development on your server, with the scopes write:statuses and "
        f"profile, and set {TOKEN_VARIABLE} to its access token"
    )
    can_repeat: ClassVar[bool] = True
    can_update: ClassVar[bool] = True
    can_withdraw: ClassVar[bool] = True

    _max_len = DEFAULT_MAX_LEN
    _url_len = DEFAULT_URL_LEN
    _account_id = ""

    @property
    def max_len(self) -> int:
        """The limit of the server."""
        return self._max_len

    @property
    def _server(self) -> str:
        return self.settings.options.get("server") or f"https://{self.place.rpartition('@')[2]}"

    def _caller(self, *, with_token: bool = True) -> ApiCaller:
        require_secure_server(self._server, "the token")
        headers = {"Authorization": f"Bearer {self.secret(TOKEN_VARIABLE)}"} if with_token else {}
        return ApiCaller(self.http, self._server, headers)

    def read_limits(self) -> None:
        """Ask the server for the length of a post, and what a URL counts as."""
        try:
            answer = self._caller(with_token=False).call("/api/v2/instance")
            statuses = answer["configuration"]["statuses"]
            max_len, url_len = statuses["max_characters"], statuses["characters_reserved_per_url"]
        except (PostError, KeyError, TypeError):
            return
        if isinstance(max_len, int) and isinstance(url_len, int) and max_len > url_len > 0:
            self._max_len, self._url_len = max_len, url_len

    def measure(self, text: str) -> int:
        """Graphemes, where any URL counts alike, and of a mention only the user's name."""
        shortened = _MENTION.sub(r"@\1", _POST_URL.sub("x" * self._url_len, text))
        return count_graphemes(shortened)

    def check_access(self) -> None:
        """Ask the server whose token it is; one that may not ask that is taken as it is."""
        if not self._account_id:
            self._account_id = self._read_account_id()

    def _read_account_id(self) -> str:
        """The id of the token's account; empty where the token may not ask for it."""
        try:
            answer = self._caller().call("/api/v1/accounts/verify_credentials")
        except PostError as error:
            if error.status == _UNAUTHORIZED:
                raise self._token_error() from None
            if error.status != _FORBIDDEN:
                raise
            return ""
        user = _text_of(answer, "username") or _text_of(answer, "acct").partition("@")[0]
        expected = self.place.strip("@").partition("@")[0]
        if user.lower() != expected.lower():
            text = f"{TOKEN_VARIABLE} is for @{user[:100]} on {urlsplit(self._server).netloc}, not for {self.place}"
            raise PostError(text, "set the token of that account, or correct announce: mastodon: account:")
        return _text_of(answer, "id")

    def _look_up_account_id(self) -> str:
        user = self.place.strip("@").partition("@")[0]
        answer = self._caller(with_token=False).call(f"/api/v1/accounts/lookup?acct={quote(user, safe='')}")
        return _text_of(answer, "id")

    def _token_error(self) -> PostError:
        text = f"{urlsplit(self._server).netloc} does not accept {TOKEN_VARIABLE}: it is wrong, or was revoked"
        return PostError(text, self.secret_fix, status=_UNAUTHORIZED)

    def send(self, draft: Draft) -> SentPost:
        """Post it without media: the server makes the card from the page."""
        fields = {
            "status": draft.text,
            "language": draft.language.lower().split("-")[0],
            "visibility": self.settings.options.get("visibility", "public"),
        }
        key = hashlib.sha256("\0".join((draft.show_guid, draft.guid, self.place, str(draft.attempt))).encode())
        answer = self._write("/api/v1/statuses", "POST", fields, {"Idempotency-Key": key.hexdigest()})
        return _parse_status(answer, self._server)

    def find_sent(self, draft: Draft) -> SentPost | None:
        """The newest of our latest posts that links to the episode; a later attempt is not taken for an earlier one."""
        self._account_id = self._account_id or self._look_up_account_id()
        account_id = self._account_id
        path = f"/api/v1/accounts/{quote(account_id, safe='')}/statuses?exclude_reblogs=true&limit={SEARCHED_STATUSES}"
        try:
            answer = self._caller().call(path)
        except PostError as error:
            if error.status != _FORBIDDEN:
                raise
            if self.settings.options.get("visibility") in PRIVATE_VISIBILITIES:
                text = f"{TOKEN_VARIABLE} lacks the scope read:statuses, so it is not known whether it was posted"
                fix = f"look there; if it is missing, run `podcast-kit announce {draft.slug} --to mastodon --again`"
                raise PostError(text, f"{fix}, and if it is there, with --posted", is_final=True) from None
            answer = self._caller(with_token=False).call(path)
        for status in (row for row in answer if isinstance(row, dict)) if isinstance(answer, list) else ():
            content = html.unescape(_text_of(status, "content"))
            links = re.findall(r"https?://[^\s<>\"']+", content)
            if draft.url in links and not status.get("in_reply_to_id") and _is_of_attempt(status, draft):
                return _parse_status(status, self._server)
        return None

    def update(self, record: PostRecord, draft: Draft) -> SentPost:
        """Edit the post; those who boosted it get a notification."""
        fields = {"status": draft.text, "language": draft.language.lower().split("-")[0]}
        answer = self._write(f"/api/v1/statuses/{quote(record.id, safe='')}", "PUT", fields, {})
        return _parse_status(answer, self._server)

    def withdraw(self, record: PostRecord) -> None:
        """Delete the post."""
        try:
            self._write(f"/api/v1/statuses/{quote(record.id, safe='')}", "DELETE", None, {})
        except PostError as error:
            if error.status != _NOT_FOUND:
                raise

    def _write(self, path: str, method: str, fields: dict[str, str] | None, headers: dict[str, str]) -> Any:  # noqa: ANN401
        content = urlencode(fields).encode() if fields is not None else None
        headers = headers | (_FORM_HEADERS if fields is not None else {})
        try:
            return self._caller().call(path, method=method, content=content, headers=headers)
        except PostError as error:
            if error.status == _UNAUTHORIZED:
                raise self._token_error() from None
            if error.status == _FORBIDDEN:
                text = f"{urlsplit(self._server).netloc} does not allow it with {TOKEN_VARIABLE}: {error.reason}"
                raise PostError(text.removesuffix(": "), self.secret_fix, status=error.status) from None
            if error.status == _UNPROCESSABLE:
                fix = "change the text under announce: mastodon:, or the episode's title or summary"
                raise PostError(error.text, fix, status=error.status, reason=error.reason) from None
            raise


def _is_of_attempt(status: Mapping[str, Any], draft: Draft) -> bool:
    """Whether a post can be this attempt's: the first one has any post, a later one only those that came after it."""
    created_at = parse_moment(_text_of(status, "created_at"))
    if draft.attempt == 1 or draft.intended_at is None or created_at is None:
        return True
    return created_at >= draft.intended_at - MAX_CLOCK_DIFFERENCE


def _parse_status(answer: Any, server: str) -> SentPost:  # noqa: ANN401
    """The post in an answer; raises PostError if there is none."""
    post_id, uri = _text_of(answer, "id"), _text_of(answer, "uri")
    if not post_id:
        raise PostError(
            f"{urlsplit(server).netloc} does not say which post it made", "look at the account", is_doubtful=True
        )
    url = _text_of(answer, "url")
    is_web_url = url.startswith(("https://", "http://"))
    if _text_of(answer, "visibility") in PRIVATE_VISIBILITIES:
        uri = ""
    return SentPost(id=post_id[:200], uri=uri[:2000], url=url[:2000] if is_web_url else "")


def _text_of(answer: Any, key: str) -> str:  # noqa: ANN401
    value = answer.get(key) if isinstance(answer, dict) else None
    return value if isinstance(value, str) else ""
