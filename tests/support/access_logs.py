"""Access logs whose downloads are known by construction.

Each scenario is a few lines of arithmetic on its own: it writes the requests of somebody new, and the downloads that
they are by the guideline, without any of the code that counts. Two truths go with the requests: that of a log with byte
ranges, and that of a log without, where the bytes of a listener are added up.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

WINDOWS = ("calendar", "first-touch", "last-touch")
APPS = {
    "WaldFunk/3.2 (iPhone; iOS 26.1)": "other",
    "Hörspiel-Kiste/1.0.4 (Android 15; de_DE)": "other",
    "radio-roest 7 (tablet)": "other",
    "Overcast/2026.9 (+http://overcast.fm/; iOS podcast app)": "app",
    "AppleCoreMedia/1.0.0.23B85 (iPhone; U; CPU OS 26_1 like Mac OS X; en_us)": "app",
}
"""User agents as apps send them; the first three are of apps that no list knows."""
BOTS = ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "python-requests/2.32.3")
WATCHES = ("atc/1.0 watchOS/26.1 model/Watch7,5 hwp/t8310", "Podcasts/(null)/(null) watchOS/11.2 model/Watch6,1")
DATACENTER = "203.0.113."
"""Addresses of a data centre begin like this."""


@dataclass(frozen=True)
class Recording:
    """An enclosure, as the log's server has it."""

    guid: str
    slug: str
    path: str
    bytes: int
    head_bytes: int
    minute_bytes: int
    """Of the head and the first minute; all bytes where it is shorter."""
    seconds: float
    released_at: datetime

    @property
    def content_bytes(self):
        return self.minute_bytes - self.head_bytes


@dataclass(frozen=True)
class Request:
    """A line of a log."""

    at: datetime
    address: str
    agent: str
    path: str
    method: str = "GET"
    status: int = 200
    bytes_sent: int = 0
    range_start: int | None = None
    range_end: int | None = None
    referrer: str = ""
    country: str = "DE"
    request_id: str = ""


@dataclass
class AccessLog:
    """Requests in the order of their lines, and what they are worth."""

    recordings: tuple[Recording, ...]
    requests: list[Request] = field(default_factory=list)
    truth: dict[str, Counter] = field(default_factory=lambda: {window: Counter() for window in WINDOWS})
    """Window → (day, guid) → downloads, by byte ranges."""
    truth_without_ranges: dict[str, Counter] = field(default_factory=lambda: {window: Counter() for window in WINDOWS})
    counted_without_methods: Counter = field(default_factory=Counter)
    """(day, guid) → what counts in addition where a log does not tell POST from GET."""
    counted_with_headers: Counter = field(default_factory=Counter)
    """(day, guid) → what counts in addition where sizes include some hundred bytes of headers."""
    listeners: Counter = field(default_factory=Counter)
    """Day → people with a download, in the calendar window."""
    scenarios: Counter = field(default_factory=Counter)


class Author:
    """Writes scenarios into a log; each one is somebody with an address and an app of their own."""

    def __init__(self, log, seed, *, first_day, days):
        self.log, self.random = log, random.Random(seed)
        self.first_day, self.days = first_day, days
        self.number = 0

    def person(self):
        """A new address of a home, and an app."""
        self.number += 1
        number = self.number
        return f"{80 + number // 65536 % 40}.{number // 256 % 256}.{number % 256}.7", self.random.choice(list(APPS))

    def moment(self, earliest_hour=1, latest_hour=20):
        """A time that is not near midnight, on a day of the log."""
        day = self.first_day + timedelta(days=self.random.randrange(self.days))
        seconds = self.random.randrange(earliest_hour * 3600, latest_hour * 3600)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            seconds=seconds, microseconds=self.random.randrange(1000) * 1000
        )

    def long(self):
        return self.random.choice([recording for recording in self.log.recordings if recording.seconds > 120])

    def short(self):
        return self.random.choice([recording for recording in self.log.recordings if recording.seconds < 60])

    def request(self, at, person, recording, **details):
        address, agent = person
        request_id = f"{len(self.log.requests):08x}"
        settings = {"bytes_sent": recording.bytes, "request_id": request_id, **details}
        request = Request(at, address, agent, recording.path, **settings)
        self.log.requests.append(request)
        return request

    def part(self, at, person, recording, start, stop, **details):
        """A request of the bytes from start up to, not including, stop; all of them arrive."""
        sizes = {"status": 206, "bytes_sent": stop - start, "range_start": start, "range_end": stop - 1}
        return self.request(at, person, recording, **{**sizes, **details})

    def counts(self, recording, *, calendar=(), first_touch=None, last_touch=None, unknown_ranges=None, people=None):
        """The days of the downloads of this scenario, in each window."""
        first_touch = calendar if first_touch is None else first_touch
        last_touch = first_touch if last_touch is None else last_touch
        for window, days in zip(WINDOWS, (calendar, first_touch, last_touch), strict=True):
            for at in days:
                self.log.truth[window][at.date(), recording.guid] += 1
            without = days if unknown_ranges is None else unknown_ranges.get(window, days)
            for at in without:
                self.log.truth_without_ranges[window][at.date(), recording.guid] += 1
        for day in {at.date() for at in calendar} if people is None else people:
            self.log.listeners[day] += 1


def everywhere(days):
    return dict.fromkeys(WINDOWS, tuple(days))


def whole_file(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.request(at, person, recording)
    author.counts(recording, calendar=[at])


def retried_file(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.request(at, person, recording, bytes_sent=recording.head_bytes + 10)
    author.request(at + timedelta(seconds=4), person, recording)
    author.request(at + timedelta(minutes=90), person, recording)
    author.counts(recording, calendar=[at])


def aborted_file(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.request(at, person, recording, bytes_sent=recording.minute_bytes - 1)
    author.log.counted_with_headers[at.date(), recording.guid] += 1


def exact_minute(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.part(at, person, recording, 0, recording.minute_bytes)
    author.counts(recording, calendar=[at])


def overlapping_ranges(author):
    """Three parts, overlapping and out of order, that are a minute only when put together."""
    at, person, recording = author.moment(), author.person(), author.long()
    third = recording.content_bytes // 3
    head = recording.head_bytes
    last = author.part(at, person, recording, head + 2 * third - 20, recording.minute_bytes)
    author.part(at + timedelta(seconds=9), person, recording, 0, head + third)
    author.part(at + timedelta(seconds=3), person, recording, head + third - 50, head + 2 * third)
    author.log.requests.append(replace(last, at=at + timedelta(seconds=1), request_id=last.request_id + "r"))
    author.counts(recording, calendar=[at])


def repeated_range(author):
    """The same third of a minute four times over: enough bytes in sum, but a third of a minute of content."""
    at, person, recording = author.moment(), author.person(), author.long()
    stop = recording.head_bytes + recording.content_bytes // 3
    for number in range(4):
        author.part(at + timedelta(seconds=number), person, recording, 0, stop)
    author.counts(recording, unknown_ranges=everywhere([at]))


def ranges_with_a_gap(author):
    at, person, recording = author.moment(), author.person(), author.long()
    half = recording.content_bytes // 2
    author.part(at, person, recording, 0, recording.head_bytes + half)
    author.part(at + timedelta(minutes=5), person, recording, recording.bytes - half - 2, recording.bytes)
    author.counts(recording, calendar=[at])


def resumed_in_the_middle(author):
    """Two minutes of content from the middle of the file, without its head."""
    at, person, recording = author.moment(), author.person(), author.long()
    start = recording.bytes // 2
    author.part(at, person, recording, start, start + 2 * recording.content_bytes)
    enough = 2 * recording.content_bytes - recording.head_bytes >= recording.content_bytes
    author.counts(recording, calendar=[at], unknown_ranges=everywhere([at] if enough else []))


def head_only(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.part(at, person, recording, 0, recording.head_bytes)
    author.part(at + timedelta(seconds=1), person, recording, recording.head_bytes, recording.head_bytes + 400)


def probe_then_file(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.part(at, person, recording, 0, 2)
    author.part(at + timedelta(seconds=1), person, recording, 0, recording.bytes)
    author.counts(recording, calendar=[at + timedelta(seconds=1)])


def probe_only(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.part(at, person, recording, 0, 2)
    author.part(at + timedelta(hours=2), person, recording, 0, 2)


def not_downloads(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.request(at, person, recording, method="HEAD", bytes_sent=0)
    author.request(at, person, recording, status=304, bytes_sent=0)
    author.request(at, person, recording, status=416, bytes_sent=190)
    author.request(at, person, recording, status=403, bytes_sent=recording.bytes)
    author.request(at, person, recording, status=503, bytes_sent=190)
    author.request(at, person, recording, method="POST", status=200)
    author.log.counted_without_methods[at.date(), recording.guid] += 1
    author.request(at, person, replace(recording, path="/feed.xml"), bytes_sent=recording.bytes)
    author.request(at, person, replace(recording, path=recording.path + "/../x.mp3"), bytes_sent=recording.bytes)


def bots(author):
    at, (address, _), recording = author.moment(), author.person(), author.long()
    for agent in (*BOTS, *WATCHES, "", "-"):
        author.request(at, (address, agent), recording)


def datacenter(author):
    at, (_, agent), recording = author.moment(), author.person(), author.long()
    author.request(at, (DATACENTER + str(author.random.randrange(1, 255)), agent), recording)


def one_home_of_ipv6(author):
    at, (_, agent), recording = author.moment(), author.person(), author.long()
    prefix = f"2001:db8:{author.number // 65536:x}:{author.number % 65536:x}"
    author.request(at, (prefix + ":1c2d:3e4f:5a6b:7c8d", agent), recording)
    author.request(at + timedelta(hours=1), (prefix + "::99", agent), recording)
    author.counts(recording, calendar=[at])


def shared_address(author):
    """Three apps behind one address, one of which asks twice."""
    at, (address, _), recording = author.moment(), author.person(), author.long()
    for number, agent in enumerate(list(APPS)[:3]):
        author.request(at + timedelta(minutes=number), (address, agent), recording)
        author.counts(recording, calendar=[at])
    author.request(at + timedelta(minutes=9), (address, agent), recording)


def two_episodes(author):
    at, person = author.moment(), author.person()
    first, second = author.random.sample([r for r in author.log.recordings if r.seconds > 120], 2)
    author.request(at, person, first)
    author.request(at + timedelta(minutes=1), person, second)
    author.counts(first, calendar=[at])
    author.counts(second, calendar=[at], people=())


def short_episode(author):
    at, person, recording = author.moment(), author.person(), author.short()
    author.request(at, person, recording)
    author.counts(recording, calendar=[at])


def short_episode_in_part(author):
    at, person, recording = author.moment(), author.person(), author.short()
    author.request(at, person, recording, bytes_sent=recording.bytes - 1)
    author.log.counted_with_headers[at.date(), recording.guid] += 1


def short_episode_in_two_parts(author):
    at, person, recording = author.moment(), author.person(), author.short()
    author.part(at, person, recording, recording.bytes // 2, recording.bytes)
    author.part(at + timedelta(seconds=1), person, recording, 0, recording.bytes // 2)
    author.counts(recording, calendar=[at])


def midnight(author):
    """A day of the log but the last, at midnight UTC behind it."""
    day = author.first_day + timedelta(days=author.random.randrange(author.days - 1) + 1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def both_sides_of_midnight(author):
    end, person, recording = midnight(author), author.person(), author.long()
    before, after = end - timedelta(minutes=8), end + timedelta(minutes=8)
    author.request(before, person, recording)
    author.request(after, person, recording)
    author.counts(recording, calendar=[before, after], first_touch=[before])


def halves_around_midnight(author):
    """Half a minute on each day: a minute in a rolling window, nothing in a calendar day."""
    end, person, recording = midnight(author), author.person(), author.long()
    middle = recording.head_bytes + recording.content_bytes // 2
    before = end - timedelta(minutes=2)
    author.part(before, person, recording, 0, middle)
    author.part(end + timedelta(minutes=2), person, recording, middle, recording.minute_bytes)
    author.counts(recording, calendar=[], first_touch=[before])


def exactly_at_midnight(author):
    at, person, recording = midnight(author), author.person(), author.long()
    author.request(at, person, recording)
    author.counts(recording, calendar=[at])


def lost_connection(author):
    """A range up to the end, of which less than a minute arrived."""
    at, person, recording = author.moment(), author.person(), author.long()
    author.part(at, person, recording, 0, recording.bytes, bytes_sent=recording.minute_bytes - 1)
    author.log.counted_with_headers[at.date(), recording.guid] += 1


def bogus_referrer(author):
    at, person, recording = author.moment(), author.person(), author.long()
    author.request(at, person, recording, referrer="https://free-traffic.example/buy")


def page_player(author):
    at, (address, _), recording = author.moment(), author.person(), author.long()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
    referrer = "https://pod.example/episodes/1/"
    for number in range(5):
        start = recording.head_bytes + number * recording.content_bytes if number else 0
        stop = recording.head_bytes + (number + 1) * recording.content_bytes
        when = at + timedelta(minutes=number)
        author.part(when, (address, agent), recording, start, min(stop, recording.bytes), referrer=referrer)
    author.counts(recording, calendar=[at])


SCENARIOS = (
    *(whole_file, retried_file, aborted_file, exact_minute, overlapping_ranges, repeated_range, ranges_with_a_gap),
    *(resumed_in_the_middle, head_only, probe_then_file, probe_only, not_downloads, bots, datacenter, one_home_of_ipv6),
    *(shared_address, two_episodes, short_episode, short_episode_in_part, short_episode_in_two_parts),
    *(both_sides_of_midnight, halves_around_midnight, exactly_at_midnight, lost_connection, bogus_referrer),
    *(page_player,),
)


def make_recordings(count=6):
    """Recordings of several lengths and heads; every third one is shorter than a minute."""
    recordings = []
    for number in range(1, count + 1):
        head = 2_048 * number + 77
        rate = 16_000 + 500 * number  # bytes per second
        seconds = 41.5 if number % 3 == 0 else 600.0 + 61 * number
        size = head + int(rate * seconds)
        minute = min(size, head + 60 * rate)
        slug = f"{number:03}-talk"
        guid = f"00000000-0000-4000-8000-{number:012}"
        path = f"/media/{number:016x}/{slug}.mp3"
        released_at = datetime(2026, 9, 1, 5, tzinfo=UTC) + timedelta(days=7 * number)
        recordings.append(Recording(guid, slug, path, size, head, minute, seconds, released_at))
    return tuple(recordings)


def make_access_log(repetitions=4, *, seed=18, first_day=date(2026, 10, 12), days=4, shuffle=True, recordings=None):
    """A log with every scenario `repetitions` times, with late lines, and some lines twice."""
    log = AccessLog(recordings or make_recordings())
    author = Author(log, seed, first_day=first_day, days=days)
    for _ in range(repetitions):
        for scenario in SCENARIOS:
            scenario(author)
            log.scenarios[scenario.__name__] += 1
    doubled = author.random.sample(log.requests, len(log.requests) // 20)
    log.requests += doubled
    log.requests.sort(key=lambda request: request.at)
    if shuffle:  # up to some hours late, as object stores write them
        late = {id(request): author.random.expovariate(1 / 1800) for request in log.requests}
        log.requests.sort(key=lambda request: request.at + timedelta(seconds=late[id(request)]))
    return log
