"""`private:` in podcast.yaml, and `audience:` and `members_from:` in an episode: who gets what in private feeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from podcast_kit.model import PrivateSettings, SubscriberSource
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.yaml import InvalidValue, Table, converters, suggest_name

if TYPE_CHECKING:
    from podcast_kit.source.yaml import Value

ALL_MEMBERS = "members"
"""The audience that all tiers belong to, and the only tier of a show that declares none."""
PUBLIC = "public"
SUBSCRIBER_COLUMNS = ("name", "tier", "status")
MAX_TIERS = 20
MAX_TIER_LEN = 40
MAX_COMMAND_WORDS = 50
LIST_SUFFIXES = ("csv",)
MEMBERS_FROM_CODE = "audience.date"


def private_settings_from_table(table: Table, folder: ShowFolder, to_variable: Callable[[str], str]) -> PrivateSettings:
    """The settings under `private:`; `to_variable` converts the name of an environment variable."""
    inner = table.table("private")
    if inner is None:
        return PrivateSettings()
    tiers = tuple(dict.fromkeys(inner.list_of("tiers", to_tier_name)))
    if len(tiers) > MAX_TIERS:
        inner.error(inner.locations["tiers"], f"more than {MAX_TIERS} tiers", "join some of them", "value.long")
    settings = PrivateSettings(
        tiers=tiers[:MAX_TIERS],
        subscribers=_subscriber_source(inner, folder, to_variable),
        personal=inner.optional("personal", converters.to_flag, None),
    )
    inner.finish()
    table.locations.update({f"private.{key}": location for key, location in inner.locations.items()})
    return settings


def to_tier_name(raw: str) -> str:
    """The name of a tier, as a subscriber list and an episode have it."""
    name = converters.to_line(raw)
    if name.casefold() in {ALL_MEMBERS, PUBLIC}:
        raise InvalidValue(
            f"{converters.quote_value(raw)} has a meaning of its own", "use another name", "value.choice"
        )
    if len(name) > MAX_TIER_LEN or not name.isprintable() or set("[],") & set(name):
        fix = f"use at most {MAX_TIER_LEN} characters, without brackets and commas"
        raise InvalidValue(f"{converters.quote_value(raw)} cannot be the name of a tier", fix, "value.form")
    return name


def find_tier(raw: str, tiers: tuple[str, ...]) -> str:
    """A declared tier by its name, in any case; raises InvalidValue for an unknown one."""
    by_name = {tier.casefold(): tier for tier in tiers}
    name = " ".join(raw.split())
    if name.casefold() not in by_name:
        fix = suggest_name(name, tiers) if tiers else "declare it in podcast.yaml: 'private: {tiers: [...]}'"
        text = f"podcast.yaml declares no tier called {converters.quote_value(name)}"
        raise InvalidValue(text, fix, "audience.tier")
    return by_name[name.casefold()]


def audience_from_table(table: Table, tiers: tuple[str, ...]) -> tuple[str, ...]:
    """The tiers that get the episode: a name means that tier and all above, a list exactly these; none if public."""
    all_tiers = tiers or (ALL_MEMBERS,)
    value = table.value("audience")
    if value is not None and isinstance(value.content, list):
        chosen = {tier for name in table.list_of("audience", _tier_converter(tiers)) for tier in name}
        return tuple(tier for tier in all_tiers if tier in chosen)
    tier = table.optional("audience", _tier_converter(tiers), ())
    if not tier or tier == all_tiers:
        return tier
    return all_tiers[all_tiers.index(tier[0]) :]


def _tier_converter(tiers: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def convert(raw: str) -> tuple[str, ...]:
        name = converters.to_line(raw)
        if name.casefold() == PUBLIC:
            return ()
        if name.casefold() == ALL_MEMBERS:
            return tiers or (ALL_MEMBERS,)
        return (find_tier(name, tiers),)

    return convert


def members_date_from_table(
    table: Table, time_zone: str, date: datetime | None, audience: tuple[str, ...]
) -> datetime | None:
    """When a public episode comes to the private feeds; None if that is its date."""
    early = table.optional("members_from", lambda raw: converters.to_datetime(raw, time_zone)[0], None)
    if early is None:
        return None
    location = table.locations["members_from"]
    if audience:
        text = "members_from: the episode is for members only, who get it at its date"
        table.error(location, text, "remove the line, or remove audience to publish it at its date", MEMBERS_FROM_CODE)
        return None
    if date and early > date:
        text = f"members_from: {early:%Y-%m-%d %H:%M} is later than the date of the episode"
        table.error(location, text, "write a time before its date", MEMBERS_FROM_CODE)
        return None
    return early if date and early < date else None


def _subscriber_source(table: Table, folder: ShowFolder, to_variable: Callable[[str], str]) -> SubscriberSource:
    value = table.value("subscribers")
    if value is None:
        return SubscriberSource()
    to_list_path = folder.path_converter(LIST_SUFFIXES, must_exist=False)  # it is not committed
    if not isinstance(value.content, dict):
        return SubscriberSource(file=table.optional("subscribers", to_list_path, ""))
    inner = table.nested(value, "subscribers")
    if inner is None:
        return SubscriberSource()
    columns = inner.table("columns")
    source = SubscriberSource(
        file=inner.optional("file", to_list_path, ""),
        command=_command_words(inner),
        environment=inner.list_of("environment", to_variable),
        columns={
            name: header
            for name in SUBSCRIBER_COLUMNS
            if columns and (header := columns.optional(name, converters.to_line, ""))
        },
        active=tuple(word.casefold() for word in inner.list_of("active", converters.to_line)),
    )
    if columns:
        columns.finish()
    if source.file and source.command:
        location = inner.locations["command"]
        inner.error(location, "subscribers has both a file and a command", "keep one of them", "key.both")
    elif not source and "file" not in inner.entries and "command" not in inner.entries:
        inner.report_missing("file", "add 'file: subscribers.csv', or 'command: [...]'")
    inner.finish()
    table.locations.update({f"subscribers.{key}": location for key, location in inner.locations.items()})
    return source


def _command_words(table: Table) -> tuple[str, ...]:
    value: Value | None = table.value("command")
    if value is None:
        return ()
    if not isinstance(value.content, list):
        fix = "write it as a list: [python3, list_members.py]"
        table.error(value.location, "command must be a list of words", fix, "value.form")
        return ()
    words = table.list_of("command", converters.to_text)
    if len(words) > MAX_COMMAND_WORDS:
        table.error(value.location, f"command has more than {MAX_COMMAND_WORDS} words", "use a script", "value.long")
    return words[:MAX_COMMAND_WORDS]
