"""What private feeds cost: objects, bytes and requests of a new episode, and money by the prices of a provider."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from podcast_kit.builder import Build
from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation
from podcast_kit.text.numbers import format_bytes

PRIVATE_FEED_PREFIX = "private/"
FIXED_REQUESTS = 14
"""Of a publish with a new episode, besides its files: the record and the feed are read and written, and checked."""
DAYS_A_MONTH = 30
MAX_PRICES_BYTES = 100_000
PRICE_KEYS = (
    "put_per_1000",
    "copy_per_1000",
    "get_per_1000",
    "storage_per_gb_month",
    "transfer_per_gb",
    "polls_per_day",
    "episodes_per_month",
)
DEFAULT_POLLS_PER_DAY = 24.0
DEFAULT_EPISODES_PER_MONTH = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateFigures:
    """What private feeds take, as of a build."""

    subscribers: int
    bodies: int
    """Feeds that differ and are uploaded."""
    copies: int
    """Feeds that the store copies from one of these."""
    stored_bytes: int
    """Of all private feeds."""
    uploaded_bytes: int
    """Of the feeds that a new episode changes."""
    requests: int
    """Of a publish with a new episode, without its audio and pages."""
    feed_bytes: int
    """Of the largest feed."""

    def to_json(self) -> Mapping[str, int]:
        """The figures by name."""
        return asdict(self)

    def describe(self) -> list[str]:
        """Lines for people."""
        return [
            f"subscribers: {self.subscribers:,}",
            f"objects: {self.bodies + self.copies:,} ({self.bodies:,} uploaded, {self.copies:,} copied by the store)",
            f"stored: {format_bytes(self.stored_bytes)}",
            f"a new episode uploads {format_bytes(self.uploaded_bytes)} of feeds, with {self.requests:,} requests",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A sum of money."""

    what: str
    amount: float
    currency: str


def estimate_private_feeds(build: Build, subscribers: int) -> PrivateFigures:
    """The figures of a build with private feeds; each new episode changes all of them."""
    outputs = [output for key, output in build.outputs.items() if key.startswith(PRIVATE_FEED_PREFIX)]
    copies = sum(bool(output.copy_of) for output in outputs)
    bodies = len(outputs) - copies
    return PrivateFigures(
        subscribers=subscribers,
        bodies=bodies,
        copies=copies,
        stored_bytes=sum(output.size for output in outputs),
        uploaded_bytes=sum(output.size for output in outputs if not output.copy_of),
        requests=bodies + copies + FIXED_REQUESTS,
        feed_bytes=max((output.size for output in outputs), default=0),
    )


def read_prices(path: Path) -> Mapping[str, object]:
    """A list of prices in TOML. Raises InvalidInput with every problem, OperationError where it cannot be read."""
    try:
        data = path.read_bytes()[: MAX_PRICES_BYTES + 1]
        prices = tomllib.loads(data.decode())
    except OSError as error:
        raise OperationError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fix = "write lines such as put_per_1000 = 0.005"
        raise InvalidInput([Problem(SourceLocation(str(path)), f"is not TOML: {error}", fix, "value.form")]) from None
    problems = []
    for key, value in prices.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if key not in {*PRICE_KEYS, "currency"}:
            fix = f"use {', '.join(PRICE_KEYS)} and currency"
            problems.append(Problem(SourceLocation(str(path)), f"unknown key {key[:60]!r}", fix, "key.unknown"))
        elif key != "currency" and not (is_number and math.isfinite(value) and value >= 0):
            text = f"{key} is not a price"
            problems.append(Problem(SourceLocation(str(path)), text, "write a number such as 0.005", "value.number"))
    if problems:
        raise InvalidInput(problems)
    return prices


def estimate_costs(figures: PrivateFigures, prices: Mapping[str, object]) -> list[Cost]:
    """What a new episode costs, and a month with its polls by apps; what has no price costs nothing."""

    def price(key: str, default: float = 0.0) -> float:
        value = prices.get(key, default)
        return float(value) if isinstance(value, int | float) else default

    currency = str(prices.get("currency", ""))[:10]
    put = price("put_per_1000") / 1000
    copy = price("copy_per_1000", put * 1000) / 1000
    episode = put * (figures.requests - figures.copies) + copy * figures.copies
    polls = figures.subscribers * price("polls_per_day", DEFAULT_POLLS_PER_DAY) * DAYS_A_MONTH
    episodes = price("episodes_per_month", DEFAULT_EPISODES_PER_MONTH)
    gigabyte = 10**9
    month = (
        episodes * episode
        + price("get_per_1000") / 1000 * polls
        + price("storage_per_gb_month") * figures.stored_bytes / gigabyte
        + price("transfer_per_gb") * figures.subscribers * episodes * figures.feed_bytes / gigabyte
    )
    return [
        Cost(what="requests of a new episode", amount=episode, currency=currency),
        Cost(what="a month of private feeds, without audio", amount=month, currency=currency),
    ]
