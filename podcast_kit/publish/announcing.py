"""Announces episodes on the show's networks, each once.

What is about to be sent is recorded in the store's state before it is sent, and the post afterwards: so a run that was
killed, and another computer, know what may have been sent. State → network → state.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from podcast_kit import builder
from podcast_kit.announce.api import TOO_MANY_REQUESTS, PostError, parse_moment
from podcast_kit.announce.networks import Network, SentPost, load_network_class, open_networks, server_urls
from podcast_kit.announce.posts import PlannedPost, compose_post, digest_text, is_recent
from podcast_kit.announce.social_interact import POST_PROTOCOLS
from podcast_kit.errors import PodcastKitError
from podcast_kit.io.http_client import HttpClient
from podcast_kit.io.network_policy import NetworkPolicy
from podcast_kit.model import Item, NetworkSettings, Outcome, PostRecord, PostStatus, Response, Show
from podcast_kit.plan.subscriber_changes import ChangeKind, SubscriberChange
from podcast_kit.publish.state_writer import edit_state
from podcast_kit.stores import Store
from podcast_kit.stores.posts import with_post
from podcast_kit.stores.state import STATE_KEY, StoreState

MAX_ANNOUNCED_EPISODES = 5
"""More new episodes in one publish are an import; they are announced only when they are named."""
POSTED = "posted"
"""The actions of outcomes."""
UPDATED = "updated"
WITHDRAWN = "withdrawn"
CONFIRMED = "confirmed"
MAX_POST_CLOCK_SKEW = timedelta(days=1)
"""A publish may take hours; a clock that is off by more would let it post about old episodes."""
_PAGE_STATUS = 200


class PostAction(StrEnum):
    """What is done with the posts about an episode."""

    SEND = "send"
    SEND_AGAIN = "again"
    UPDATE = "update"
    WITHDRAW = "withdraw"
    CONFIRM = "posted"
    """Record that a post in doubt was sent."""


def list_unannounced(
    build: builder.Build, state: StoreState, changes: Sequence[SubscriberChange], now: datetime
) -> tuple[str, ...]:
    """The guids of the episodes to announce: those that become public now, and those that an earlier publish left.

    None on the first publish to a store, none of a rehearsal at another URL, none of an import, and none that is older
    than two days.
    """
    if not build.project.show.announce or build.project.show.publish.is_rehearsal:
        return ()
    new_guids = [change.guid for change in changes if change.kind is ChangeKind.NEW] if state.feed else []
    if len(new_guids) > MAX_ANNOUNCED_EPISODES:
        new_guids = []
    candidates = {*state.unannounced, *new_guids}
    items = sorted(build.items, key=lambda item: item.date)
    return tuple(item.guid for item in items if item.guid in candidates and is_recent(item.date, now))


def plan_posts(
    build: builder.Build,
    state: StoreState,
    guids: Collection[str],
    environment: Mapping[str, str],
    *,
    action: PostAction = PostAction.SEND,
    networks: Collection[str] = (),
) -> tuple[PlannedPost, ...]:
    """The posts about these episodes with their very texts; without those that are done. Asks networks for limits.

    `networks` are those to post to; empty for all. Raises InvalidInput where the template of a text is wrong.
    """
    settings = [row for row in build.project.show.announce if not networks or row.name in networks]
    if action is PostAction.UPDATE:
        settings = [row for row in settings if load_network_class(row.name).can_update]
    items = [item for item in build.items if item.guid in guids]
    items.sort(key=lambda item: (item.date, item.guid))
    rows = [(item, row) for item in items for row in settings if _is_due(_find_record(state, item, row), action)]
    if not rows:
        return ()
    with HttpClient(NetworkPolicy.trust(*server_urls(tuple(settings), environment))) as http:
        by_name = {network.name: network for network in open_networks(tuple(settings), http, environment)}
        if action not in {PostAction.WITHDRAW, PostAction.CONFIRM}:
            for name in dict.fromkeys(row.name for _, row in rows):
                by_name[name].read_limits()
        posts = [compose_post(build, item, by_name[row.name], _find_record(state, item, row)) for item, row in rows]
    if action is PostAction.UPDATE:
        posts = [post for post in posts if post.record and post.record.text_digest != digest_text(post.draft.text)]
    return tuple(posts)


def _find_record(state: StoreState, item: Item, row: NetworkSettings) -> PostRecord | None:
    return state.posts.get(item.guid, {}).get(row.name)


def _is_due(record: PostRecord | None, action: PostAction) -> bool:
    """Whether there is something to do about a post."""
    match action:
        case PostAction.SEND:
            return record is None or record.status is PostStatus.INTENDED
        case PostAction.SEND_AGAIN:
            return True
        case PostAction.UPDATE:
            return record is not None and record.status is PostStatus.SENT
        case PostAction.WITHDRAW:
            return record is not None and record.status is not PostStatus.WITHDRAWN
        case PostAction.CONFIRM:
            return record is not None and record.status is PostStatus.INTENDED


@dataclass(slots=True)
class _Announcer:
    """Carries out planned posts, one after the other."""

    store: Store
    show: Show
    networks: Mapping[str, Network]
    http: HttpClient
    now: datetime
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    """Identifies this run in what it intends."""
    etag: str = ""
    """Of the state, after the last write."""
    page_errors: dict[str, PostError | None] = field(default_factory=dict)
    """Page → why it cannot be linked to; None if it can."""
    refusals: dict[str, PostError] = field(default_factory=dict)
    """Network → why it takes nothing at all."""

    def carry_out(self, post: PlannedPost, action: PostAction) -> Outcome:
        """Do it, and say what became of it; a failure is an outcome, too."""
        verbs = {PostAction.UPDATE: UPDATED, PostAction.WITHDRAW: WITHDRAWN, PostAction.CONFIRM: CONFIRMED}
        verb = verbs.get(action, POSTED)
        try:
            url = (
                self._change(post, action)
                if verb != POSTED
                else self._send(post, is_again=action is not PostAction.SEND)
            )
        except PodcastKitError as error:
            if isinstance(error, PostError) and error.status == TOO_MANY_REQUESTS:
                self.refusals.setdefault(post.network, error)  # the next posts would have to wait, too
            text = f"{post.draft.slug}: not {verb} on {post.where}: {error.text}"
            return Outcome(key=post.key, action=verb, error=text, fix=self._choose_fix(post, verb, error))
        return Outcome(key=post.key, action=verb, url=url)

    def _choose_fix(self, post: PlannedPost, verb: str, error: PodcastKitError) -> str:
        """What to do about a post that failed: the command that tries again, unless that would be of no use."""
        retry_fix = f"run `podcast-kit announce {post.draft.slug} --to {post.network}` to try again"
        if isinstance(error, PostError) and error.is_doubtful and not self.networks[post.network].can_repeat:
            return _doubt_fix(post) if verb == POSTED else f"look there; {retry_fix}"
        if not error.fix:
            return retry_fix
        is_complete = "podcast-kit announce" in error.fix or (isinstance(error, PostError) and error.is_final)
        return error.fix if is_complete else f"{error.fix}; {retry_fix}"

    def _send(self, post: PlannedPost, *, is_again: bool) -> str:
        """Post it, unless it is posted already; the web address of the post."""
        network = self.networks[post.network]
        self._require_access(network)
        self._require_page(post.draft.url)
        earlier: PostRecord | None = None

        def intend(state: StoreState) -> StoreState:
            nonlocal earlier
            current = state.posts.get(post.draft.guid, {}).get(post.network)
            if current and current.run == self.run:
                return state  # written by the try before this one
            earlier = current
            if earlier and not is_again:
                return state  # it is posted, or an earlier run intended it
            attempt = earlier.attempt + 1 if earlier else 1
            record = PostRecord(
                status=PostStatus.INTENDED,
                at=self.now.astimezone(UTC).isoformat(timespec="seconds"),
                attempt=attempt,
                id=network.choose_id(replace(post.draft, attempt=attempt)),
                run=self.run,
            )
            return replace(state, posts=with_post(state.posts, post.draft.guid, post.network, record))

        state = self._edit(intend)
        record = state.posts[post.draft.guid][post.network]
        if record.status is not PostStatus.INTENDED:
            return record.url  # someone else has sent it
        draft = replace(
            post.draft, attempt=record.attempt, post_id=record.id, intended_at=datetime.fromisoformat(record.at)
        )
        is_in_doubt = earlier is not None and not is_again
        if is_in_doubt and not network.can_repeat:
            text = f"an earlier run got no answer, so it may be on {network.label} already"
            raise PostError(text, _doubt_fix(post))
        try:
            earlier_post = network.find_sent(draft) if is_in_doubt else None
            sent = earlier_post or network.send(draft)
        except PostError as error:
            if not is_in_doubt and not error.is_doubtful:
                self._record(post, earlier)  # nothing was sent
            raise
        try:
            self._record(post, _to_record(record, sent, "" if earlier_post else draft.text))
        except PodcastKitError as error:
            text = f"it is posted ({sent.url or network.label}), but that could not be recorded: {error.text}"
            raise PostError(text, error.fix, is_doubtful=True) from None
        return sent.url

    def _change(self, post: PlannedPost, action: PostAction) -> str:
        """Update or withdraw a post; its web address."""
        network, record = self.networks[post.network], post.record
        if record is None:
            raise PostError("it was not posted")
        if action is PostAction.CONFIRM:
            self._record(
                post, replace(record, status=PostStatus.SENT, run="", text_digest=digest_text(post.draft.text))
            )
            return record.url
        self._require_access(network)
        if record.status is PostStatus.INTENDED:
            sent = network.find_sent(post.draft) if network.can_repeat else None
            if sent is None:
                raise PostError("it is not known whether it was posted", _doubt_fix(post), is_final=True)
            record = _to_record(record, sent, "")
        if action is PostAction.WITHDRAW:
            network.withdraw(record)
            self._record(post, replace(record, status=PostStatus.WITHDRAWN, text_digest="", run=""))
            return record.url
        sent = network.update(record, post.draft)
        self._record(post, _to_record(record, sent, post.draft.text))
        return sent.url

    def _require_access(self, network: Network) -> None:
        """Raise PostError where the network takes nothing; it is asked once."""
        if network.name not in self.refusals:
            try:
                if network.missing_variables:
                    network.secret(network.missing_variables[0])
                network.check_access()
            except PostError as error:
                self.refusals[network.name] = error
                raise
            return
        raise self.refusals[network.name]

    def _require_page(self, url: str) -> None:
        """Raise PostError where the page that a post links to is not public yet, or the clock is wrong; asked once."""
        if url not in self.page_errors:
            response, _ = self.http.request(url)
            self.page_errors[url] = self._find_page_error(url, response)
        if error := self.page_errors[url]:
            raise error

    def _find_page_error(self, url: str, response: Response) -> PostError | None:
        if response.status != _PAGE_STATUS:
            reason = response.error or f"answers {response.status}"
            return PostError(f"its page {url} {reason}", "make sure that everyone can open the page")
        server_time = parse_moment(response.headers.get("date", ""))
        if server_time is None or abs(server_time - self.now) <= MAX_POST_CLOCK_SKEW:
            return None
        text = (
            f"the clock of this computer says {self.now:%Y-%m-%d %H:%M} UTC, and that of the page's server "
            f"{server_time:%Y-%m-%d %H:%M} UTC"
        )
        return PostError(text, "set the clock")

    def _record(self, post: PlannedPost, record: PostRecord | None) -> None:
        """Record a post, and that an episode is announced once it is on every network."""

        def put(state: StoreState) -> StoreState:
            posts = with_post(state.posts, post.draft.guid, post.network, record)
            unannounced = tuple(guid for guid in state.unannounced if not self._is_announced(posts.get(guid, {})))
            return replace(state, posts=posts, unannounced=unannounced)

        self._edit(put)

    def _is_announced(self, records: Mapping[str, PostRecord]) -> bool:
        return all(
            row.name in records and records[row.name].status is not PostStatus.INTENDED for row in self.show.announce
        )

    def _edit(self, edit: Callable[[StoreState], StoreState]) -> StoreState:
        state = edit_state(self.store, edit)
        self.etag = state.etag
        return state


def _doubt_fix(post: PlannedPost) -> str:
    """What to do about a post that may have been sent, on a network that would show a second one."""
    command = f"podcast-kit announce {post.draft.slug} --to {post.network}"
    return f"look there; if it is missing, run `{command} --again`, and if it is there, `{command} --posted`"


def changes_feed(outcome: Outcome) -> bool:
    """Whether a post was sent or deleted that podcast:socialInteract names."""
    network = outcome.key.partition(":")[0]
    return not outcome.error and outcome.action in {POSTED, WITHDRAWN, CONFIRMED} and network in POST_PROTOCOLS


def _to_record(record: PostRecord, sent: SentPost, text: str) -> PostRecord:
    return replace(
        record,
        status=PostStatus.SENT,
        id=sent.id,
        uri=sent.uri,
        url=sent.url,
        text_digest=digest_text(text) if text else "",
        run="",
    )


def carry_out_posts(
    posts: Collection[PlannedPost],
    store: Store,
    show: Show,
    environment: Mapping[str, str],
    *,
    now: datetime,
    action: PostAction = PostAction.SEND,
) -> Iterator[Outcome]:
    """Carry out planned posts, and yield what became of each; failures are reported and raise nothing."""
    if not posts:
        return
    with HttpClient(NetworkPolicy.trust(show.publish.url, *server_urls(show.announce, environment))) as http:
        chosen = {post.network for post in posts}
        networks = {row.name: row for row in open_networks(show.announce, http, environment, chosen.__contains__)}
        announcer = _Announcer(store, show, networks, http, now)
        for post in posts:
            yield announcer.carry_out(post, action)
    if announcer.etag:
        yield Outcome(key=STATE_KEY, action="recorded", etag=announcer.etag)
