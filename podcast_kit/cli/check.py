"""`check` and `explain`: whether directories and apps will take it, and why not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from podcast_kit.cli import report
from podcast_kit.cli.app import command, moment, project
from podcast_kit.cli.console import Console
from podcast_kit.errors import ExitCode, InvalidInput, PodcastKitError, Problem, Severity, SourceLocation
from podcast_kit.text.numbers import format_count

PLATFORMS = ("apple", "spotify", "youtube", "amazon", "podcastindex", "psp1", "stitcher")
FILES = {".xml", ".rss", ".opml", ".json", ".vtt", ".srt"}
COUNTS = "a path counts from the folder that you are in, also with -C"
OFFLINE = "see publish.url, or check without --live"
FORMATS = ("text", "json", "github", "gitlab")


@command("check", short_help="Find what directories and apps would refuse.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--platform", type=click.Choice(PLATFORMS), help="Only what this directory asks for.")
@click.option("--format", "style", type=click.Choice(FORMATS), help="How faults are written; in GitHub's CI, github.")
@click.option("--strict", is_flag=True, help="Let warnings fail as errors do.")
@click.option("--url", metavar="URL", help="Check the feed at this address, anybody's, and how its servers answer.")
@click.option("--newest", default=5, show_default=True, help="With --url: episodes whose files are asked for.")
@click.option("--live", is_flag=True, help="Compare with the published feed: guids that changed, vanished or doubled.")
@click.option("--loudness", "listen", is_flag=True, help="Listen to every recording, too: is it too loud or too low?")
@click.option("--at", metavar="DATE", help="Check as if it were then.")
def check(
    console: Console,
    paths: tuple[Path, ...],
    platform: str | None,
    style: str | None,
    strict: bool,
    url: str | None,
    newest: int,
    live: bool,
    listen: bool,
    at: str | None,
) -> None:
    """Find, before anybody else does, what directories would refuse and apps would drop or misread.

    The show is built as it would be published, and every fault is told at the line that it stems from; nothing that
    you wrote is touched. With the names of a show's notes, only what concerns them is told. With any other file (a
    feed, a transcript, chapters as JSON, OPML) that file alone is checked, whoever wrote it.

    \b
      podcast-kit check
      podcast-kit check --platform apple
      podcast-kit check feed.xml
      podcast-kit check --url https://pod.example/feed.xml
      podcast-kit explain it.enclosure.length

    A rule is set aside for the show in podcast.yaml, or for an episode in its front matter, with a reason:

    \b
      ignore: {it.title: "The number is part of the name"}
    """
    style = "json" if console.as_json else style or ("github" if os.environ.get("GITHUB_ACTIONS") else "text")
    console.as_json = style == "json"
    files = [path for path in paths if path.suffix.lower() in FILES]
    found: Sequence[Problem]
    if url:
        found = _address(console, url, platform or "", moment(at), newest)
    elif files:
        found = [problem for path in files for problem in _feed(path, platform or "")]
    else:
        found = _show(console, paths, platform or "", moment(at), live=live, listen=listen)
    _tell(console, found, style)
    fatal = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(problem.severity in fatal for problem in found):
        click.get_current_context().exit(ExitCode.FAILED)


def _feed(path: Path, platform: str) -> Sequence[Problem]:
    from podcast_kit import check as checking

    return checking.file(path, now=datetime.now(UTC), platform=platform)


def _address(console: Console, url: str, platform: str, now: datetime, newest: int) -> Sequence[Problem]:
    from podcast_kit import check as checking

    return checking.address(url, now=now, platform=platform, newest=newest, on=console.step)


def _show(
    console: Console, paths: Sequence[Path], platform: str, now: datetime, *, live: bool, listen: bool
) -> Sequence[Problem]:
    from podcast_kit import check as checking

    try:
        read = project(console)
        before = checking.published(read.show.feed_url, OFFLINE) if live else None
        found = checking.project(read, now=now, platform=platform, before=before, listen=listen, on=console.step)
    except InvalidInput as error:
        found = tuple(error.problems)
    wanted = {os.path.relpath(path, console.folder or ".").replace(os.sep, "/"): path for path in paths}
    # A name that is mistyped must not pass for one in which nothing is wrong.
    astray = [
        Problem(SourceLocation(name), "is not in this show" if _is_there(path) else "is not there", COUNTS, "file.missing")
        for name, path in wanted.items()
        if not _is_there(path) or (name.startswith("../") and name.strip("./"))
    ]
    return [*astray, *(one for one in found if not wanted or any(_within(one.location.path, name) for name in wanted))]


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file system takes
        return False


def _within(path: str, name: str) -> bool:
    """Whether a file is the one that was named, or lies in the folder that was."""
    return name == path or path.startswith(f"{name}/") or not name.strip("./")


def _tell(console: Console, found: Sequence[Problem], style: str) -> None:
    counted = {level: sum(problem.severity is level for problem in found) for level in Severity}
    line = ", ".join(format_count(count, str(level)) for level, count in counted.items() if count) or "nothing to mend"
    console.document("check", found, summary={str(level): count for level, count in counted.items()})
    if style == "text":
        console.problems(found)
        console.say(line)
    elif style == "github":
        seen = report.worst_first(_seen(console, found))
        for problem in seen:
            console.give(report.github(problem))
        report.summary(seen, line)
    elif style == "gitlab":
        console.give(report.gitlab(_seen(console, found)))


def _seen(console: Console, found: Sequence[Problem]) -> list[Problem]:
    """With paths as they are reached from the working folder, which is the repository's."""
    return [replace(one, location=replace(one.location, path=console.seen(one.location.path))) for one in found]


@command("explain", short_help="Say what a rule is, and why.")
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--platform", type=click.Choice(PLATFORMS), help="List only what this directory asks for.")
def explain(console: Console, code: str | None, platform: str | None) -> None:
    """Say what a rule asks for, why, of whom it is known, and how to mend it; without CODE, list all rules.

    \b
      podcast-kit explain
      podcast-kit explain it.enclosure.length
      podcast-kit explain art.square
    """
    from podcast_kit.check import explanation, list_rules

    if code is None:
        found = list_rules(platform or "")
        console.document("explain", rules=found)
        for rule in found:
            console.say(f"{rule['code']:22} {rule['level']:8} {rule['says']}")
        return
    entry = explanation(code)
    if entry is None:
        raise PodcastKitError(f"there is no rule {code!r}", nearest(code))
    console.document("explain", **entry)
    console.say(f"{entry['code']}: {entry['says']}")
    console.say()
    for name in ("level", "why", "mend"):
        if entry[name]:
            console.say(f"  {name + ':':10} {entry[name]}")
    for name, values in (("asked by:", entry["platforms"]), ("source:", entry["sources"])):
        for number, value in enumerate(values):
            console.say(f"  {name if not number else '':10} {value}")


def nearest(code: str) -> str:
    """The rule that was probably meant."""
    from difflib import get_close_matches

    from podcast_kit.check import codes

    near = get_close_matches(code[:60], codes(), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else "`podcast-kit explain` lists the rules of the check"
