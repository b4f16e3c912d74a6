"""Files that hosts of static sites read: what GitHub Pages, Netlify and Cloudflare Pages need beside the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from podcast_kit.builder.output_dir import OutputDir
from podcast_kit.errors import OperationError, Problem, Severity, SourceLocation
from podcast_kit.io.inside import read_inside
from podcast_kit.model import STATIC_DIR, Output, Project, Wave, WebHost

REDIRECTS_KEY, HEADERS_KEY, NO_JEKYLL_KEY = "_redirects", "_headers", ".nojekyll"
MAX_OWN_RULES_BYTES = 1_000_000
TEXT_TYPE = "text/plain; charset=utf-8"
MEMBERS_FOLDER = "private/"
"""Where the feeds of subscribers are: their addresses are secret, so no rule names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLimits:
    """What a host allows, from its documentation; 0 where it names no limit."""

    name: str
    file_bytes: int = 0
    site_bytes: int = 0
    files: int = 0
    redirects: int = 0
    fix: str = ""


HOST_LIMITS = {
    WebHost.GITHUB_PAGES: HostLimits(
        name="GitHub Pages",
        file_bytes=100 << 20,
        site_bytes=1 << 30,
        fix="publish to object storage instead, or make recordings smaller with `audio: {bitrate: 64k}`",
    ),
    WebHost.NETLIFY: HostLimits(name="Netlify", redirects=10_000, fix="use rules with wildcards in static/_redirects"),
    WebHost.CLOUDFLARE_PAGES: HostLimits(
        name="Cloudflare Pages",
        file_bytes=25 << 20,
        files=20_000,
        redirects=2_000,
        fix="publish to Cloudflare R2 instead, or make recordings smaller with `audio: {bitrate: 64k}`",
    ),
}


def host_rule_keys(host: WebHost | None) -> frozenset[str]:
    """The files of rules that a host reads, to which those of `static/` are joined."""
    return (
        frozenset({REDIRECTS_KEY, HEADERS_KEY}) if host in {WebHost.NETLIFY, WebHost.CLOUDFLARE_PAGES} else frozenset()
    )


def write_host_files(project: Project, out: OutputDir) -> list[Problem]:
    """Write the files that the host of `publish.host` reads; returns warnings of its limits."""
    host = project.show.publish.host
    if host is None:
        return []
    if host is WebHost.GITHUB_PAGES:
        if NO_JEKYLL_KEY not in out.outputs:
            out.write(NO_JEKYLL_KEY, b"", Wave.PAGES, TEXT_TYPE)
        return list(_find_host_problems(project, host, out.outputs, 0))
    moved = {key: output.moved_to for key, output in out.outputs.items() if output.moved_to}
    redirects = list(_moved_page_rules(moved, host))
    rules = {REDIRECTS_KEY: redirects, HEADERS_KEY: list(_header_rules(out.outputs, host))}
    for key, lines in rules.items():
        if own := _read_own_rules(project, key):
            lines.insert(0, own)  # the first redirect that matches applies
        out.write(key, ("\n".join(lines) + "\n").encode(), Wave.PAGES, TEXT_TYPE)
    return list(_find_host_problems(project, host, out.outputs, len(redirects)))


def _read_own_rules(project: Project, key: str) -> str:
    if key not in project.static_files:
        return ""
    try:
        data = read_inside(project.folder / STATIC_DIR, key, MAX_OWN_RULES_BYTES)
        return data.decode("utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"{STATIC_DIR}/{key} cannot be read: {error}", "save it as UTF-8 text") from error


def _moved_page_rules(moved: Mapping[str, str], host: WebHost) -> Iterator[str]:
    """A line for each form of an old address. Netlify serves the old page unless the rule has a `!`."""
    code = "301!" if host is WebHost.NETLIFY else "301"
    for key, target in sorted(moved.items()):
        to = quote(f"/{target.removesuffix('index.html')}")
        path = quote(f"/{key}")
        folder = path.removesuffix("index.html")
        if folder != path:
            yield f"{folder} {to} {code}"
            if host is WebHost.CLOUDFLARE_PAGES:  # Netlify takes both for the same address
                yield f"{folder.rstrip('/')} {to} {code}"
        yield f"{path} {to} {code}"


def _header_rules(outputs: Mapping[str, Output], host: WebHost) -> Iterator[str]:
    """Cache headers of what never changes, and types of the feeds; web players may read both."""
    media = next((output for output in outputs.values() if output.wave is Wave.MEDIA), None)
    if media:
        yield "/media/*"
        yield f"  Cache-Control: {media.cache_control}"
        yield "  Access-Control-Allow-Origin: *"
    if host is WebHost.CLOUDFLARE_PAGES and any(key.endswith(".chapters.json") for key in outputs):
        yield "/media/*.chapters.json"
        yield "  Content-Type: application/json+chapters"
    feeds: dict[str, Output] = {}
    for key, output in sorted(outputs.items()):
        if output.wave is Wave.FEED:
            folder, _, name = key.rpartition("/")
            pattern = f"/{folder}/*.{name.rpartition('.')[2]}" if folder else f"/{key}"
            feeds.setdefault(f"/{MEMBERS_FOLDER}*.xml" if key.startswith(MEMBERS_FOLDER) else pattern, output)
    for pattern, output in feeds.items():
        yield pattern
        yield f"  Cache-Control: {output.cache_control}"
        yield f"  Content-Type: {output.content_type}"
        yield "  Access-Control-Allow-Origin: *"


def _find_host_problems(
    project: Project, host: WebHost, outputs: Mapping[str, Output], redirect_count: int
) -> Iterator[Problem]:
    """What the host would not serve."""
    limits = HOST_LIMITS[host]
    location = project.show.locations.get("publish.host", SourceLocation("podcast.yaml"))

    def warn(text: str, fix: str, code: str = "host.limit") -> Problem:
        return Problem(location, text, fix, code, Severity.WARNING)

    largest = max(outputs.values(), key=lambda output: output.size, default=None)
    if limits.file_bytes and largest and largest.size > limits.file_bytes:
        count = sum(output.size > limits.file_bytes for output in outputs.values())
        files = "1 file has" if count == 1 else f"{count} files have"
        text = f"{files} more than the {limits.file_bytes >> 20} MiB that {limits.name} allows, such as {largest.key}"
        yield warn(text, limits.fix)
    total = sum(output.size for output in outputs.values())
    if limits.site_bytes and total > limits.site_bytes:
        text = f"the site has {total / 1e9:.1f} GB; {limits.name} allows {limits.site_bytes / (1 << 30):.0f} GB"
        yield warn(text, limits.fix)
    if limits.files and len(outputs) > limits.files:
        yield warn(f"the site has {len(outputs):,} files; {limits.name} allows {limits.files:,}", limits.fix)
    if limits.redirects and redirect_count > limits.redirects:
        text = f"there are {redirect_count:,} redirects; {limits.name} allows {limits.redirects:,}"
        yield warn(text, "remove `aliases:` of addresses that no one uses any more")
    from podcast_kit.stores import is_server_target

    publishing = project.show.publish
    if host is not WebHost.GITHUB_PAGES and urlsplit(publishing.url).path not in {"", "/"}:
        text = f"{limits.name} reads {REDIRECTS_KEY} and {HEADERS_KEY} only at the top of a site"
        yield warn(text, "publish to a site of its own, such as https://show.example/", "host.place")
    if "://" in publishing.to or publishing.provider or is_server_target(publishing.to):
        text = f"publish.host is {host}, but publish.to is not a folder that {limits.name} deploys"
        yield warn(text, "set `to: public`, or remove `host:`", "host.place")
