"""`init`: create a show."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from podcast_kit.cli.app import command, working_folder
from podcast_kit.cli.consents import remember_typed_target
from podcast_kit.cli.console import Console
from podcast_kit.cli.questions import ask_option, is_interactive, require_options, validate_option
from podcast_kit.errors import InvalidInput, OperationError
from podcast_kit.io import atomic_write
from podcast_kit.io.inside import read_own_lines

if TYPE_CHECKING:
    from podcast_kit.model import PublishSettings

IGNORED_BUILDS = ("/build/", "/.podcast-kit/")
IGNORED_SECRETS = ("/subscribers.key", "/subscribers.txt", ".env")
"""Keys, and the names of people: in every show's .gitignore."""
DEFAULT_TARGET = "public"
"""The folder that a show is published to unless another target is given."""
URL_QUESTION = "Public URL, such as https://pod.example/"
COVER_NAMES = ("cover.jpg", "cover.jpeg", "cover.png", "artwork.jpg", "artwork.png")


def _show_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option("--network", "is_network", is_flag=True, help="Create a network of several shows instead."),
            click.option("--title", metavar="TEXT", help="Name of the show."),
            click.option("--description", metavar="TEXT", help="What it is about."),
            click.option("--author", metavar="TEXT", help="Who makes it."),
            click.option("--email", metavar="ADDRESS", help="The owner's email, for directories."),
            click.option("--language", metavar="CODE", help="e.g. pt-BR. [default: en]"),
            click.option("--category", metavar="NAME", help="One of Apple's, e.g. 'Business > Marketing'."),
            click.option("--url", metavar="URL", help="Public URL of what is published to --to."),
            click.option(
                "--to", metavar="TARGET", help="Where to publish: s3://bucket/prefix, or a folder. [default: public]"
            ),
            click.option("--endpoint", metavar="URL", help="The store's endpoint, unless it is AWS."),
            click.option("--account", metavar="ID", help="The account, for Cloudflare R2."),
            click.option("--region", metavar="NAME", help="The region, for stores that need one, e.g. us-west-004."),
            click.option(
                "--ignore-audio/--commit-audio",
                default=None,
                help="Whether .gitignore keeps recordings out of git. [default: ignore-audio]",
            ),
            click.option("--timezone", metavar="ZONE", help="e.g. Europe/Vienna, for dates without an offset."),
            click.option(
                "--artwork",
                metavar="FILE",
                help="Cover image next to podcast.yaml, square, 1400 to 3000 pixels. [default: cover.jpg]",
            ),
            click.option("--explicit/--clean", default=None, help="Whether the show has explicit content."),
            click.option(
                "--github", "pipelines", multiple=True, flag_value="github", help="Add a GitHub Actions workflow."
            ),
            click.option("--gitlab", "pipelines", multiple=True, flag_value="gitlab", help="Add a GitLab CI pipeline."),
            click.option(
                "--tool-from",
                metavar="SOURCE",
                help="What CI installs: git+https://HOST/OWNER/REPOSITORY@COMMIT, or a wheel's URL with #sha256=HASH.",
            ),
        )
    ):
        function = option(function)
    return function


@command("init", short_help="Create a show in this folder.")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@_show_options
def init_command(console: Console, folder: Path | None, **values: Any) -> None:  # noqa: ANN401  # the options above
    """Create a show in FOLDER, or in this one: podcast.yaml, episodes/ and a .gitignore.

    In a terminal, prompts for what the options leave open. Existing files are never overwritten. With --github or
    --gitlab, also adds a CI pipeline that checks each change and publishes what is due; in an existing show, only that.
    A show that is published to a folder is deployed to GitHub Pages or GitLab Pages.

    With --network, creates shows.yaml for several shows instead. A new show below it leaves out what it inherits.

    \b
      podcast-kit init
      podcast-kit init talks --title Talks --author "Ann Lee" --email ann@pod.example \\
        --url https://pod.example/ --to s3://talks
      podcast-kit init --github --tool-from git+https://HOST/OWNER/REPOSITORY@COMMIT
    """
    show_folder = working_folder(console) / (folder or Path())
    show_file = show_folder / "podcast.yaml"
    is_network = values.pop("is_network")
    if is_network:
        from podcast_kit.cli.network_setup import create_network

        create_network(console, show_folder, values)
        return
    values["tool_from"] = _choose_tool_source(values["tool_from"])
    if show_file.exists() and values["pipelines"]:
        from podcast_kit.source import project

        settings = project.load_project(show_folder, needs_cover=False).show.publish
        added = _write_pipelines(console, show_folder, values, settings.to, settings.endpoint)
        console.document("init", folder=str(show_folder), file=str(show_file), added=added)
        return
    if show_file.exists():
        raise OperationError(f"{os.path.relpath(show_file)} already exists", "edit it, or use another folder")
    from podcast_kit.cli.network_setup import create_network_show, find_parent_network

    if network := find_parent_network(show_folder):
        create_network_show(console, network, show_folder, values)
        return
    _create_show(console, show_folder, values)


def _create_show(console: Console, folder: Path, values: dict[str, Any]) -> None:
    from podcast_kit.model import public_url, show_guid
    from podcast_kit.source import scaffold, show
    from podcast_kit.source.yaml import converters

    require_options({f"--{name}": values[name] for name in ("title", "url", "author", "email")})
    title = ask_option("--title", "Name of the show", values["title"], None, converters.to_line)
    url = ask_option("--url", URL_QUESTION, values["url"], None, converters.to_base_url).rstrip("/") + "/"
    target_question = "Publish to, such as s3://bucket or a folder"
    to = ask_option("--to", target_question, values["to"], DEFAULT_TARGET, _to_new_target)
    endpoint = values["endpoint"] or ""
    store_settings = {"account": values["account"] or "", "region": values["region"] or "", "endpoint": endpoint}
    _ask_store_settings(to, store_settings)
    publishing = _refuse_impossible_target(folder, url, to, store_settings)
    about = f"{title}, a podcast."
    artwork = values["artwork"] or next((name for name in COVER_NAMES if (folder / name).is_file()), COVER_NAMES[0])
    text = scaffold.NewShow(
        title=title,
        description=ask_option("--description", "What is it about?", values["description"], about, converters.to_text),
        author=ask_option("--author", "Who makes it?", values["author"], None, converters.to_line),
        email=ask_option("--email", "Owner's email", values["email"], None, converters.to_email),
        language=ask_option(
            "--language", "Language, such as en or de-AT", values["language"], "en", converters.to_language
        ),
        categories=[
            ask_option(
                "--category", "Category (one of Apple's)", values["category"], "Society & Culture", show.to_category
            )
        ],
        url=url,
        to=to,
        endpoint=store_settings["endpoint"],
        account=store_settings["account"],
        region=store_settings["region"],
        timezone=ask_option("--timezone", "Time zone", values["timezone"], _local_time_zone(), converters.to_time_zone),
        artwork=artwork,
        explicit=bool(values["explicit"]),
        guid=show_guid(public_url(url, "feed.xml")),
    ).render()
    show_file = folder / "podcast.yaml"
    atomic_write.write_atomic(show_file, text.encode())
    remember_typed_target(folder, publishing)
    (folder / "episodes").mkdir(exist_ok=True)
    is_built_in_ci = bool(values["pipelines"]) and "://" not in to
    write_gitignore(folder, to, ignore_audio=_ask_ignore_audio(values["ignore_audio"], is_built_in_ci=is_built_in_ci))
    console.result(os.path.relpath(show_file))
    added = _write_pipelines(console, folder, values, to, store_settings["endpoint"])
    console.document("init", folder=str(folder), file=str(show_file), added=added)
    console.info(f"Next: {_next_steps(folder, artwork, show.COVER_REQUIREMENTS)}")


def _to_new_target(raw: str) -> str:
    """A folder, or a bucket that can be created."""
    from podcast_kit.source.yaml import InvalidValue, converters
    from podcast_kit.stores import providers

    to = converters.to_line(raw)
    try:
        providers.refuse_new_bucket_name(to)
    except InvalidInput as error:
        raise InvalidValue(error.problems[0].text, error.problems[0].fix, error.problems[0].code) from None
    return to


def _ask_store_settings(to: str, settings: dict[str, str]) -> None:
    """Ask for the settings that the store needs, and add them."""
    from podcast_kit.source.yaml import converters
    from podcast_kit.stores.providers import PROVIDERS, missing_settings

    names = [name for name in missing_settings(to, settings["endpoint"]) if not settings[name]]
    require_options({f"--{name}": None for name in names})
    for name in names:
        provider = PROVIDERS[to.partition("://")[0]]
        hint = f", such as {provider.example_region}" if name == "region" and provider.example_region else ""
        question = f"{name.capitalize()} at {provider.title}{hint}"
        convert = converters.to_url if name == "endpoint" else converters.to_line
        settings[name] = ask_option(f"--{name}", question, None, None, convert)


def _refuse_impossible_target(folder: Path, url: str, to: str, settings: dict[str, str]) -> PublishSettings:
    """The settings of the target; a usage error for one that no store can be opened for."""
    from podcast_kit import stores
    from podcast_kit.model import PublishSettings

    account, region, endpoint = (settings[name] for name in ("account", "region", "endpoint"))
    publishing = PublishSettings(url=url, to=to, account=account, region=region, endpoint=endpoint)
    try:
        stores.validate_target(publishing, folder)
    except InvalidInput as error:
        problem = error.problems[0]
        raise click.BadParameter(f"{problem.text} ({problem.fix})", param_hint="--to") from None
    return publishing


def _ask_ignore_audio(is_ignored: bool | None, *, is_built_in_ci: bool) -> bool:
    """Whether git should ignore recordings; asked for on a terminal, unless a site is built from the repository."""
    if is_ignored is None and is_built_in_ci:
        return False
    if is_ignored is None and is_interactive():
        return click.confirm("Keep recordings out of git? They are large, and CI needs none", default=True, err=True)
    return is_ignored is not False


def _next_steps(folder: Path, artwork: str, requirements: str) -> str:
    steps = []
    if (relative := os.path.relpath(folder)) != os.curdir:
        steps.append(f"`cd {relative}`")
    if not (folder / artwork).is_file():
        steps.append(f"add a cover image as {artwork} ({requirements})")
    return ", ".join([*steps, "then run `podcast-kit new RECORDING`"]) if steps else "run `podcast-kit new RECORDING`"


def write_gitignore(folder: Path, to: str, *, ignore_audio: bool = False) -> None:
    """Write a .gitignore for what is built, for secrets and, on request, for recordings; lines that exist stay.

    A target folder of another name may be meant to be committed: GitHub Pages serves `docs` from the repository.
    """
    from podcast_kit.model.audio_formats import AUDIO_SUFFIXES

    path = folder / ".gitignore"
    existing = read_own_lines(folder, path.name)
    lines = [*IGNORED_BUILDS, *IGNORED_SECRETS]
    lines += [f"/{DEFAULT_TARGET}/"] if posixpath.normpath(to) == DEFAULT_TARGET else []
    lines += [f"/episodes/**/*.{suffix}" for suffix in AUDIO_SUFFIXES] if ignore_audio else []
    missing = [line for line in lines if line not in existing]
    if missing:
        atomic_write.write_atomic(path, "".join(f"{line}\n" for line in [*existing, *missing]).encode())


def _choose_tool_source(tool_from: str | None) -> str:
    """What CI installs: the source that was given, else the pinned one that this podcast-kit was installed from."""
    from importlib import metadata

    from podcast_kit.source import ci_templates

    if tool_from is not None:
        return validate_option(ci_templates.to_tool_source, tool_from, "--tool-from").strip()
    try:
        return ci_templates.tool_source_from_direct_url(
            metadata.distribution("podcast-kit").read_text("direct_url.json") or ""
        )
    except metadata.PackageNotFoundError:
        return ""


def _write_pipelines(console: Console, folder: Path, values: dict[str, Any], to: str, endpoint: str) -> list[str]:
    """Write the CI files that do not exist yet; their paths."""
    from podcast_kit.source import ci_templates
    from podcast_kit.source.yaml import InvalidValue

    added = []
    for kind in dict.fromkeys(values["pipelines"]):
        target = ci_templates.choose_ci_target(to, endpoint)
        try:
            ci_file = ci_templates.render_ci_file(kind, folder, target=target, to=to, tool_from=values["tool_from"])
        except InvalidValue as error:
            raise OperationError(str(error), error.fix) from None
        relative = os.path.relpath(ci_file.path)
        if ci_file.path.exists():
            console.info(f"{relative} already exists and was not changed")
            continue
        atomic_write.write_inside(ci_file.root, ci_file.name, ci_file.text.encode())
        console.result(relative)
        console.info(f"Before {relative} works:")
        for step in ci_file.next_steps:
            console.info(f"  - {step}")
        added.append(str(ci_file.path))
    return added


def _local_time_zone() -> str:
    """The machine's IANA time zone, or UTC where it is not known."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name and (link := Path("/etc/localtime")).is_symlink():
        name = str(link.readlink()).rpartition("zoneinfo/")[2]
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        return "UTC"
    return name or "UTC"
