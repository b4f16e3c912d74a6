"""A small show without problems, and changes to it."""

from datetime import UTC, datetime

from podcast_kit import builder, check, feed
from podcast_kit.source import project
from tests.support.shows import small, tree

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REQUIRED_KEYS = "guid: 0f12f982-2ba5-5bac-9fbd-25f167d29c38\nlocked: true\n"
BACKWARDS_VTT = (
    "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n<v Ann>Hello.\n\n00:00:02.000 --> 00:00:01.000\n<v Ann>Backwards.\n"
)


def make_clean_show(folder):
    """A small show that passes every rule, built once so that its cache is warm."""
    small(folder, title="About listening")
    edit_file(folder / "podcast.yaml", "", REQUIRED_KEYS)
    run_check(folder)
    return folder


def edit_file(path, old, new):
    """Replace `old` once, which must be there; append `new` if `old` is empty."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if old else text + new, "utf-8")


def run_check(folder, **options):
    return check.check_show(project.load_project(folder), now=NOW, **options)


def build_show(folder):
    return builder.build(project.load_project(folder), now=NOW)


def publish_show(folder):
    """Build the show and write its lock, as publishing does; the feed that is public from then on."""
    build = build_show(folder)
    builder.write_lock(build)
    return feed.parse_feed((build.folder / "feed.xml").read_bytes())


def read_sources(folder):
    """The podcaster's own files, with their bytes."""
    return {key: data for key, data in tree(folder).items() if not key.startswith(("build/", ".podcast-kit/"))}
