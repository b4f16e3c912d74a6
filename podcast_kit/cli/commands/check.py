"""`check`: what directories and apps would reject."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podcast_kit.cli import ci_reports
from podcast_kit.cli.app import command, load_show, parse_build_date
from podcast_kit.cli.consents import ALLOW_PLACE_OPTION, allow_places, ask_bucket_consent
from podcast_kit.cli.console import Console
from podcast_kit.cli.last_runs import RunRecord, parse_problems, problems_to_rows
from podcast_kit.cli.options import PLATFORM_CHOICE, open_workers
from podcast_kit.errors import ExitCode, InvalidInput, Problem, Severity, SourceLocation
from podcast_kit.text.numbers import format_count

if TYPE_CHECKING:
    from podcast_kit.io.network_policy import NetworkPolicy
    from podcast_kit.model import Project

FILE_SUFFIXES = {".xml", ".rss", ".opml", ".json", ".vtt", ".srt", ".txt", ".html", ".htm"}
WORKING_FOLDER_FIX = (
    "name an episode (`podcast-kit status` lists them), or a path relative to the working folder, also with -C"
)
LIVE_FIX = "check publish.url, or run without --live"
OUTPUT_FORMATS = ("text", "json", "github", "gitlab")


@dataclass(frozen=True, slots=True)
class _CheckOptions:
    platform: str
    now: datetime
    live: bool
    measure_loudness: bool
    is_untrusted: bool
    allow_place: tuple[str, ...] = ()

    @property
    def has_usual_scope(self) -> bool:
        """Whether all that the show's problems depend on are its files."""
        return not (self.live or self.measure_loudness or self.is_untrusted or self.allow_place)


@command("check", for_shows=True, short_help="Find what directories and apps would reject.")
@click.argument("paths", metavar="[PATH|EPISODE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--platform", type=PLATFORM_CHOICE, help="Only check what this directory requires.")
@click.option(
    "--format", "output_format", type=click.Choice(OUTPUT_FORMATS), help="Output format; in GitHub Actions, github."
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--url", metavar="URL", help="Check the feed at this URL and how its servers answer; any feed will do.")
@click.option("--newest", default=5, show_default=True, help="With --url: number of episodes to request files of.")
@click.option("--live", is_flag=True, help="Compare with the published feed: changed, vanished or duplicated guids.")
@click.option("--loudness", "measure_loudness", is_flag=True, help="Also measure loudness of every recording.")
@click.option("--at", metavar="DATE", help="Check as of DATE.")
@ALLOW_PLACE_OPTION
@click.option(
    "--untrusted/--trusted",
    "untrusted",
    default=None,
    help="Check a show that someone else wrote: fetch nothing, run no commands, write nothing into its folder, and "
    "decode its files in a process with limits. The default in CI on pull requests.",
)
def check_command(
    console: Console,
    paths: tuple[Path, ...],
    platform: str | None,
    output_format: str | None,
    strict: bool,
    url: str | None,
    newest: int,
    live: bool,
    measure_loudness: bool,
    at: str | None,
    allow_place: tuple[str, ...],
    untrusted: bool | None,
) -> None:
    """Find what directories would reject and apps would drop or misread, before you publish.

    The show is built as it would be published, and every problem is reported at the line that causes it; none of your
    files is modified. With the paths, slugs or numbers of episodes, only their problems are reported. Any other file
    (a feed, a transcript, chapters as JSON or text, OPML) is checked on its own; it need not be yours.

    \b
      podcast-kit check
      podcast-kit check --platform apple
      podcast-kit check feed.xml
      podcast-kit check --url https://pod.example/feed.xml
      podcast-kit explain it.enclosure.length

    To ignore a rule, name it with a reason in podcast.yaml, or in the front matter of an episode:

    \b
      ignore: {it.title: "The number is part of the name"}
    """
    output_format = _output_format(console, output_format)
    is_untrusted = ci_reports.is_pull_request() if untrusted is None else untrusted
    if is_untrusted and (live or url):
        option = "--live" if live else "--url"
        raise click.UsageError(f"{option} fetches from the network, which --untrusted forbids; pass --trusted")
    options = _CheckOptions(platform or "", parse_build_date(at), live, measure_loudness, is_untrusted, allow_place)
    files = [path for path in paths if path.suffix.lower() in FILE_SUFFIXES]
    problems: Sequence[Problem]
    if url:
        from podcast_kit import check

        problems = check.check_feed_url(
            url, now=options.now, platform=options.platform, newest=newest, on_progress=console.progress
        )
    elif files:
        from podcast_kit import check

        now = datetime.now(UTC)
        problems = [problem for path in files for problem in check.check_file(path, now=now, platform=options.platform)]
    else:
        is_usual = options.has_usual_scope and not paths and at is None
        record = RunRecord(console, f"check {options.platform}".strip(), parse_problems, is_usual=is_usual)
        if record.result is not None:
            problems = record.result
        else:
            with _read_only(options) as (network, work_folder):
                problems = _check_named_files(console, paths, options, network, work_folder, record)
    _print_problems(console, problems, output_format)
    fatal = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(problem.severity in fatal for problem in problems):
        click.get_current_context().exit(ExitCode.FAILED)


def _output_format(console: Console, output_format: str | None) -> str:
    if console.as_json:
        return "json"
    output_format = output_format or ("github" if ci_reports.is_github_actions() else "text")
    console.as_json = output_format == "json"
    return output_format


@contextmanager
def _read_only(options: _CheckOptions) -> Iterator[tuple[NetworkPolicy, Path | None]]:
    """The network and the work folder of the check: none and a temporary one for the show of a stranger."""
    from podcast_kit.cli.work_folders import temporary_work_folder
    from podcast_kit.io.decoder_process import limit_decoders
    from podcast_kit.io.network_policy import NetworkPolicy

    if not options.is_untrusted:
        yield NetworkPolicy(), None
        return
    with limit_decoders(), temporary_work_folder() as work_folder:
        yield NetworkPolicy(is_offline=True), work_folder


def _check_named_files(
    console: Console,
    paths: Sequence[Path],
    options: _CheckOptions,
    network: NetworkPolicy,
    work_folder: Path | None,
    record: RunRecord[list[Problem]],
) -> Sequence[Problem]:
    """The problems of the show, or of those of its files that were named."""
    from podcast_kit import check
    from podcast_kit.feed.fetch import fetch_published_feed

    problems: Sequence[Problem]
    reasons: dict[Path, tuple[str, str]] = {}
    try:
        show = load_show(console, needs_cover=False, keep_going=True)  # so that no error hides another
        show = replace(show, work_folder=work_folder or show.work_folder)
        if not options.is_untrusted:
            allow_places(show.folder, options.allow_place)
            ask_bucket_consent(show)
        published_feed = fetch_published_feed(show.show.feed_url, LIVE_FIX) if options.live else None
        with open_workers(console) as workers:
            problems = check.check_show(
                show,
                now=options.now,
                platform=options.platform,
                published_feed=published_feed,
                measure_loudness=options.measure_loudness,
                network=network,
                workers=workers,
                on_progress=console.progress,
                on_built=record.stamp_build,
            )
        record.save(show, problems_to_rows(problems))
    except InvalidInput as error:
        # Without the show, the name of an episode means nothing yet: report what is wrong with the show.
        problems = tuple(error.problems)
        paths = [path for path in paths if _exists(path)]
    else:
        paths, reasons = _resolve_check_paths(show, paths)
    names = {os.path.relpath(path, console.folder or ".").replace(os.sep, "/"): path for path in paths}
    # A mistyped path must not pass for a file without problems.
    not_in_show = [
        Problem(
            SourceLocation(name),
            *(reasons.get(path) or ("not part of this show" if _exists(path) else "not found", WORKING_FOLDER_FIX)),
            "file.missing",
        )
        for name, path in names.items()
        if not _exists(path) or (name.startswith("../") and name.strip("./"))
    ]
    if names:
        problems = [problem for problem in problems if any(_is_below(problem.location.path, name) for name in names)]
    return [*not_in_show, *problems]


def _resolve_check_paths(show: Project, paths: Sequence[Path]) -> tuple[list[Path], dict[Path, tuple[str, str]]]:
    """The paths, or those of the notes of episodes named by slug, number or guid; for the others, reason and fix."""
    from podcast_kit.source.episode_names import find_notes
    from podcast_kit.source.yaml import InvalidValue

    resolved: list[Path] = []
    reasons: dict[Path, tuple[str, str]] = {}
    for path in paths:
        try:
            resolved.append(path if _exists(path) else show.folder / find_notes(show, str(path)))
        except InvalidValue as error:
            resolved.append(path)
            if error.fix.startswith(("did you mean", "write one")):
                reasons[path] = (str(error), error.fix)
    return resolved, reasons


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file system takes
        return False


def _is_below(path: str, name: str) -> bool:
    """Whether a file is the one that was named, or in the folder that was."""
    return name == path or path.startswith(f"{name}/") or not name.strip("./")


def _print_problems(console: Console, problems: Sequence[Problem], output_format: str) -> None:
    counts = {severity: sum(problem.severity is severity for problem in problems) for severity in Severity}
    parts = [format_count(count, str(severity)) for severity, count in counts.items() if count]
    summary = ", ".join(parts) or "no problems found"
    console.summary = summary
    console.document("check", problems, summary={str(severity): count for severity, count in counts.items()})
    if output_format == "text":
        console.problems(problems, as_result=True)
        console.result(summary)
    elif output_format == "github":
        relative = ci_reports.sort_by_severity(map(console.with_relative_path, problems))
        for problem in relative:
            console.raw(ci_reports.format_annotation(problem))
        ci_reports.append_check_summary(relative, summary, console.mask)
    elif output_format == "gitlab":
        console.raw(ci_reports.format_gitlab_report(map(console.with_relative_path, problems)))
        console.problems(problems)  # stdout becomes the report's file: the job's log has to say something, too
        console.info(summary)
