"""Fetches the replies to an episode's posts on Mastodon and Bluesky, without an account: what anybody can read."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from podcast_kit.errors import OperationError
from podcast_kit.io.http_client import HttpClient
from podcast_kit.model import Comment, CommentSettings, CommentThread, Episode, SocialPost
from podcast_kit.source.comments import (
    MAX_COMMENT_NAME_LEN,
    MAX_COUNT,
    MAX_THREAD_COMMENTS,
    MAX_WARNING_LEN,
    clean_comment_html,
    clean_comment_text,
    clean_comment_url,
    remove_hidden_comments,
    sort_comments,
)
from podcast_kit.source.social_posts import AT_URI, add_social_elements, list_social_posts
from podcast_kit.text.dates import parse_iso_date

BLUESKY_API = "https://public.api.bsky.app"
"""Answers everybody, without an account; what its users hide from people who are not signed in is not shown."""
MASTODON_MAX_REPLIES = 60
"""Replies that Mastodon gives to those without an account (https://docs.joinmastodon.org/methods/statuses/#context)."""
BLUESKY_MAX_DEPTH = 100
"""Levels of replies that are asked for; the page shows two, and JSON that is nested deeper cannot be parsed safely."""
MAX_THREAD_BYTES = 64_000_000
MAX_FAVOURITE_REQUESTS = 500
"""Replies for which `only: favourited` asks who liked them, in one run."""
FAVOURITES_PAGE_LEN = 80
LIKES_PAGE_LEN = 100
_MASTODON_POST = re.compile(r"/(?:[^/]+/)*([A-Za-z0-9]{1,40})/?")
_BLUESKY_PAGE = re.compile(r"/profile/([^/]+)/post/([A-Za-z0-9._:~-]+)")
_FOLDED_LABELS = frozenset({"!warn", "porn", "sexual", "nudity", "graphic-media", "gore", "spam"})
_HIDING_LABELS = frozenset({"!hide", "!takedown", "!no-unauthenticated"})
"""The last one: the author shows posts only to people who are signed in."""


@dataclass(frozen=True, slots=True)
class ThreadProblem:
    """Why the replies to a post could not be fetched, or not all of them."""

    uri: str
    text: str
    fix: str
    is_kept: bool = False
    """Whether what was fetched before is kept."""


@dataclass(frozen=True, slots=True)
class FetchedComments:
    """The replies to the posts of an episode."""

    threads: tuple[CommentThread, ...]
    problems: tuple[ThreadProblem, ...]


class _PostGoneError(Exception):
    """The post was deleted, or is not public."""


def social_posts(episode: Episode, announced: Sequence[SocialPost] = ()) -> tuple[SocialPost, ...]:
    """The posts that an episode names, then those that podcast.lock has; none where one is `disabled`."""
    return list_social_posts(add_social_elements(episode.elements, announced))


def bluesky_web_url(uri: str) -> str:
    """The web address of an at:// URI of a post, or the URI itself if it is not one.

    >>> bluesky_web_url("at://did:plc:abc/app.bsky.feed.post/3k2")
    'https://bsky.app/profile/did:plc:abc/post/3k2'
    """
    match = AT_URI.fullmatch(uri)
    return f"https://bsky.app/profile/{match[1]}/post/{match[2]}" if match else uri


def fetch_comments(
    http: HttpClient,
    posts: Sequence[SocialPost],
    earlier: Sequence[CommentThread],
    settings: CommentSettings,
    *,
    bluesky_api: str = BLUESKY_API,
) -> FetchedComments:
    """The replies to these posts; of a post that cannot be reached, the replies in `earlier`."""
    earlier_by_uri = {thread.uri: thread for thread in earlier}
    threads: list[CommentThread] = []
    problems: list[ThreadProblem] = []
    for post in posts:
        network = _network_of(post)
        if network is None:
            continue
        fetcher = _Fetcher(http, settings, bluesky_api)
        try:
            thread = fetcher.fetch_mastodon(post) if network == "mastodon" else fetcher.fetch_bluesky(post)
            threads.append(remove_hidden_comments(thread, settings.hide))
        except _PostGoneError:
            fix = "remove it from `social:` if it was deleted on purpose"
            problems.append(ThreadProblem(post.uri, "the post does not exist any more, or is not public", fix))
        except OperationError as error:
            if kept := earlier_by_uri.get(post.uri):
                threads.append(remove_hidden_comments(kept, settings.hide))
            problems.append(ThreadProblem(post.uri, error.text, error.fix, is_kept=True))
        problems += [ThreadProblem(post.uri, text, fix) for text, fix in fetcher.notes]
    return FetchedComments(tuple(threads), tuple(problems))


def _network_of(post: SocialPost) -> str | None:
    if AT_URI.fullmatch(post.uri) or post.protocol == "atproto":
        return "bluesky"
    return "mastodon" if post.protocol == "activitypub" else None


@dataclass(slots=True)
class _Fetcher:
    """Fetches one thread."""

    http: HttpClient
    settings: CommentSettings
    bluesky_api: str
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What a reader of the result must know, each with what to do about it."""
    requests_left: int = MAX_FAVOURITE_REQUESTS

    def fetch_mastodon(self, post: SocialPost) -> CommentThread:
        parts = urlsplit(post.uri)
        match = _MASTODON_POST.fullmatch(parts.path)
        if parts.scheme not in {"http", "https"} or not match:
            fix = "write the address of the post on its own server, such as https://social.example/@ann/110123456789"
            raise OperationError("is not the address of a post on a Mastodon server", fix)
        status_url = f"{parts.scheme}://{parts.netloc}/api/v1/statuses/{match[1]}"
        status = self._get_json(status_url)
        context = self._get_json(f"{status_url}/context")
        replies = [row for row in _list_of(context, "descendants") if isinstance(row, dict)]
        host = parts.hostname or ""
        comments = [comment for row in replies[:MAX_THREAD_COMMENTS] if (comment := _parse_mastodon_reply(row, host))]
        is_complete = len(replies) < MASTODON_MAX_REPLIES and len(replies) <= MAX_THREAD_COMMENTS
        if not is_complete:
            text = f"the server gave {len(replies):,} replies, and may have more"
            self.notes.append((text, "nothing to do: the page links to the post, where all of them are"))
        if self.settings.only_favourited:
            account = _text_of(_dict_of(status, "account"), "acct").lower()
            comments = [
                comment for comment in comments if comment.likes and self._is_favourite(status_url, comment.id, account)
            ]
        web_url = clean_comment_url(_text_of(status, "url") or post.uri)
        return CommentThread(uri=post.uri, url=web_url, comments=sort_comments(comments), is_complete=is_complete)

    def _is_favourite(self, status_url: str, reply_id: str, account: str) -> bool:
        """Whether the account of the post has marked a reply as a favourite."""
        if not self._has_request_left():
            return False
        base = status_url.rpartition("/")[0]
        url = f"{base}/{quote(reply_id, safe='')}/favourited_by?limit={FAVOURITES_PAGE_LEN}"
        accounts = self._get_json(url)
        return isinstance(accounts, list) and any(
            isinstance(row, dict) and _text_of(row, "acct").lower() == account for row in accounts
        )

    def fetch_bluesky(self, post: SocialPost) -> CommentThread:
        uri = post.uri
        if page := _BLUESKY_PAGE.fullmatch(urlsplit(uri).path):
            uri = f"at://{page[1]}/app.bsky.feed.post/{page[2]}"
        if not AT_URI.fullmatch(uri):
            fix = "write its at:// address, or that of its page, such as https://bsky.app/profile/ann.example/post/3k2"
            raise OperationError("is not the address of a post on Bluesky", fix)
        answer = self._get_json(
            f"{self.bluesky_api}/xrpc/app.bsky.feed.getPostThread"
            f"?uri={quote(uri, safe='')}&depth={BLUESKY_MAX_DEPTH}&parentHeight=0"
        )
        root = _dict_of(answer, "thread")
        root_post = _dict_of(root, "post")
        if not root_post:
            raise _PostGoneError  # notFoundPost or blockedPost
        gate = _dict_of(_dict_of(root_post, "threadgate") or _dict_of(root, "threadgate"), "record")
        hidden_uris = {uri for uri in _list_of(gate, "hiddenReplies") if isinstance(uri, str)}
        rows = list(_iter_bluesky_replies(root, hidden_uris))
        if len(rows) > MAX_THREAD_COMMENTS:
            text = f"has more than {MAX_THREAD_COMMENTS:,} replies"
            self.notes.append((text, "nothing to do: the page links to the post, where all of them are"))
        comments = [comment for row in rows[:MAX_THREAD_COMMENTS] if (comment := _parse_bluesky_reply(row))]
        if self.settings.only_favourited:
            author = _text_of(_dict_of(root_post, "author"), "did")
            comments = [comment for comment in comments if comment.likes and self._is_liked(comment.id, author)]
        return CommentThread(
            uri=post.uri,
            url=bluesky_web_url(uri),
            comments=sort_comments(comments),
            is_complete=len(rows) <= MAX_THREAD_COMMENTS,
        )

    def _is_liked(self, uri: str, author: str) -> bool:
        """Whether the account of the post has liked a reply."""
        if not self._has_request_left():
            return False
        url = f"{self.bluesky_api}/xrpc/app.bsky.feed.getLikes?uri={quote(uri, safe='')}&limit={LIKES_PAGE_LEN}"
        likes = _list_of(self._get_json(url), "likes")
        return any(isinstance(like, dict) and _text_of(_dict_of(like, "actor"), "did") == author for like in likes)

    def _has_request_left(self) -> bool:
        if self.requests_left == 0:
            text = f"asked who liked {MAX_FAVOURITE_REQUESTS} replies; the others are left out"
            self.notes.append((text, "nothing to do, or remove only: favourited"))
        self.requests_left -= 1
        return self.requests_left >= 0

    def _get_json(self, url: str) -> Any:  # noqa: ANN401 - it is what a stranger's server sends
        response, body = self.http.request(url, headers={"Accept": "application/json"}, max_bytes=MAX_THREAD_BYTES)
        host = urlsplit(url).netloc
        retry_fix = "run `podcast-kit comments` again later; the comments stay as they are"
        if response.error:
            raise OperationError(f"{host} {response.error}", retry_fix)
        match response.status:
            case 401 | 403:
                text = f"{host} shows its posts only to people who are signed in (HTTP {response.status})"
                raise OperationError(text, "ask its administrators to allow public access, or link another post")
            case 404 | 410:
                raise _PostGoneError
            case 429:
                raise OperationError(f"{host} limits requests: {_retry_time(response.headers)}", retry_fix)
            case status if status != 200:  # noqa: PLR2004 - OK
                if status == 400 and b'"NotFound"' in body[:1000]:  # noqa: PLR2004 - as Bluesky says it
                    raise _PostGoneError
                raise OperationError(f"{host} answers with HTTP {status}", retry_fix)
        if len(body) >= MAX_THREAD_BYTES:
            raise OperationError(f"{host} sends more than {MAX_THREAD_BYTES:,} bytes", retry_fix)
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            text = f"{host} does not answer with JSON that can be read"
            raise OperationError(text, "check that the address is that of a post on such a server") from None


def _retry_time(headers: Mapping[str, str]) -> str:
    """When the server says to try again."""
    after = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,7}", after):
        return f"try again in {int(after)} s"
    reset = clean_comment_text(after or headers.get("x-ratelimit-reset", ""), 40)
    return f"try again after {reset}" if reset else "try again in some minutes"


def _parse_mastodon_reply(row: Mapping[str, Any], host: str) -> Comment | None:
    """A reply that everybody may read, and that has text; else None."""
    account = _dict_of(row, "account")
    is_public = row.get("visibility") in {"public", "unlisted"}
    markup = clean_comment_html(_text_of(row, "content"))
    if not is_public or not markup or not _text_of(row, "id") or account.get("suspended") is True:
        return None
    handle = _text_of(account, "acct")
    warning = clean_comment_text(_text_of(row, "spoiler_text"), MAX_WARNING_LEN)
    return Comment(
        id=_text_of(row, "id"),
        parent=_text_of(row, "in_reply_to_id"),
        name=clean_comment_text(_text_of(account, "display_name"), MAX_COMMENT_NAME_LEN),
        handle=clean_comment_text(f"@{handle}" if "@" in handle else f"@{handle}@{host}", 4 * MAX_COMMENT_NAME_LEN),
        profile_url=clean_comment_url(_text_of(account, "url")),
        url=clean_comment_url(_text_of(row, "url") or _text_of(row, "uri")),
        date=_date_of(row, "created_at"),
        html=markup,
        warning=warning,
        is_sensitive=row.get("sensitive") is True,
        likes=_count_of(row, "favourites_count"),
        boosts=_count_of(row, "reblogs_count"),
    )


def _iter_bluesky_replies(root: Mapping[str, Any], hidden_uris: set[str]) -> Iterator[Mapping[str, Any]]:
    """The posts below a thread's root, without those that its author hides, and without what is below them."""
    nodes = [root]
    while nodes:
        for node in _list_of(nodes.pop(), "replies"):
            post = _dict_of(node, "post") if isinstance(node, dict) else {}
            if post and _text_of(post, "uri") not in hidden_uris:
                yield post
                nodes.append(node)


def _parse_bluesky_reply(post: Mapping[str, Any]) -> Comment | None:
    """A reply that everybody may read, and that has text; else None."""
    author, record = _dict_of(post, "author"), _dict_of(post, "record")
    own_labels = _list_of(_dict_of(record, "labels"), "values")
    labels = {
        _text_of(label, "val")
        for label in (*_list_of(post, "labels"), *_list_of(author, "labels"), *own_labels)
        if isinstance(label, dict) and label.get("neg") is not True
    }
    markup = clean_comment_html(_bluesky_html(_text_of(record, "text"), _list_of(record, "facets")))
    if labels & _HIDING_LABELS or not markup:
        return None
    uri, handle = _text_of(post, "uri"), _text_of(author, "handle")
    profile = handle if handle and handle != "handle.invalid" else _text_of(author, "did")
    return Comment(
        id=uri,
        parent=_text_of(_dict_of(_dict_of(record, "reply"), "parent"), "uri"),
        name=clean_comment_text(_text_of(author, "displayName"), MAX_COMMENT_NAME_LEN),
        handle=clean_comment_text(f"@{handle}", 4 * MAX_COMMENT_NAME_LEN),
        profile_url=clean_comment_url(f"https://bsky.app/profile/{profile}"),
        url=clean_comment_url(bluesky_web_url(uri)),
        date=_date_of(record, "createdAt", _text_of(post, "indexedAt")),
        html=markup,
        is_sensitive=bool(labels & _FOLDED_LABELS),
        likes=_count_of(post, "likeCount"),
        boosts=_count_of(post, "repostCount"),
    )


def _bluesky_html(text: str, facets: Sequence[Any]) -> str:
    """A post's text as HTML, with the links of its facets, whose positions count bytes of UTF-8."""
    data = text.encode("utf-8", "replace")
    links = []
    for facet in facets:
        index = _dict_of(facet, "index") if isinstance(facet, dict) else {}
        start, end = index.get("byteStart"), index.get("byteEnd")
        features = _list_of(facet, "features") if index else []
        urls = [_text_of(feature, "uri") for feature in features if isinstance(feature, dict)]
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(data) and urls and urls[0]:
            links.append((start, end, urls[0]))
    parts, position = [], 0
    for start, end, url in sorted(links):
        if start >= position:
            label = _escape_bytes(data[start:end])
            parts += [_escape_bytes(data[position:start]), f'<a href="{html.escape(url)}">{label}</a>']
            position = end
    parts.append(_escape_bytes(data[position:]))
    paragraphs = re.split(r"\n{2,}", "".join(parts).strip())
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs if paragraph)


def _escape_bytes(data: bytes) -> str:
    return html.escape(data.decode("utf-8", "replace"), quote=False)


def _text_of(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _dict_of(row: Any, key: str) -> Mapping[str, Any]:  # noqa: ANN401 - it is what a stranger's server sends
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, dict) else {}


def _list_of(row: Any, key: str) -> list[Any]:  # noqa: ANN401 - it is what a stranger's server sends
    value = row.get(key) if isinstance(row, dict) else None
    return value if isinstance(value, list) else []


def _count_of(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    return min(max(value, 0), MAX_COUNT) if isinstance(value, int) and not isinstance(value, bool) else 0


def _date_of(row: Mapping[str, Any], key: str, fallback: str = "") -> datetime:
    """The date to the second; a reply without one is the oldest."""
    date = parse_iso_date(_text_of(row, key)) or parse_iso_date(fallback)
    try:
        return (date or datetime.fromtimestamp(0, UTC)).astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)
