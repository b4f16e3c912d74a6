"""Feeds and media of known shows equal what was recorded with an earlier version, byte for byte.

golden/before has the feeds and locks as files, and the digests of everything in outputs.json. It was recorded at
commit b032b6b, before names and words changed; golden/before/strings are the strings of that commit under today's keys.
`UPDATE_GOLDEN=1 pytest tests/golden/test_recorded_outputs.py` records today's outputs instead: do so only if listeners
are meant to get other bytes, and say why in the commit and here.

Recorded again since then:
- Feeds, notes and tags of new files have a third prompt, to tell a friend, so every show changed. With that prompt off,
  all outputs were still those of the first record, but for converted transcripts: they have all formats with times.
"""

import base64
import difflib
import json
import os
import platform
import shutil
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from podcast_kit import builder
from podcast_kit.model import Wave
from podcast_kit.site.templates import default_templates
from podcast_kit.source import project
from tests.golden.test_namespaces import CASES, feed_of
from tests.support import recorded_shows

RECORD = Path(__file__).parent / "before"
OUTPUTS = RECORD / "outputs.json"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
FIRST_MINUTE = "podcast.lock has the bytes before the audio and up to the end of its first minute"
EXPECTED_CHANGES: dict[tuple[str, str], str] = {
    (show, builder.LOCK_FILE): FIRST_MINUTE for show in recorded_shows.SHOWS
} | {
    ("private_feeds", "private/xfj7r4lpp6mrq4z7dpjmpxae6whysvqc.xml"): "a revoked feed is deleted from the store",
}
"""The reason for each intended difference, by show and key of the output."""
SLOW = set(recorded_shows.LIBRARIES)
VARYING_SUFFIX = ".opus"
"""libopus chooses its steps by the processor, so its bytes are others on another one: they are not compared."""


def library_versions(names):
    """The versions of these libraries, and the platform that they were compiled for."""
    versions = {"platform": f"{platform.system()} {platform.machine()}"} if names else {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def build_show(name, folder):
    """The outputs that are feeds or media, and the lock, as {key: (bytes, media type)}."""
    folder.mkdir()
    recorded_shows.SHOWS[name](folder)
    shutil.copytree(RECORD / "strings", folder / "templates/strings")
    if change := recorded_shows.CHANGES.get(name):
        builder.write_lock(builder.build(project.load_project(folder), now=NOW))
        change(folder)
    options = recorded_shows.BUILD_OPTIONS.get(name, {})
    build = builder.build(project.load_project(folder), now=NOW, **options)
    builder.write_lock(build)
    outputs = {
        key: (output.path.read_bytes(), output.content_type)
        for key, output in build.outputs.items()
        if output.wave is not Wave.PAGES or key == builder.OPML_KEY
    }
    return outputs | {builder.LOCK_FILE: (lock_without_comments(folder / builder.LOCK_FILE), "application/yaml")}


def lock_without_comments(path):
    """The comment of podcast.lock is words, the rest is a format."""
    lines = path.read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"#"))


def is_text(key):
    """Whether an output is recorded as a file, so that a difference can be shown."""
    return not key.startswith("media/")


def digest_lines(outputs):
    return {key: f"{sha256(data).hexdigest()} {mime}" for key, (data, mime) in sorted(outputs.items())}


def without_varying_bytes(digests, texts):
    """Digests of outputs by key, with the name of each varying file for its own digest, wherever that stands."""
    names = {}
    for key, line in digests.items():
        if key.endswith(VARYING_SUFFIX):
            digest = line.split(" ")[0]
            sri = base64.b64encode(bytes.fromhex(digest)).decode()
            names |= dict.fromkeys((digest, digest[:16], sri), Path(key).name)

    def put_names(text):
        for form in sorted(names, key=len, reverse=True):
            text = text.replace(form, names[form])
        return text

    lines = {}
    for key, line in digests.items():
        lines[put_names(key)] = put_names(line)
        if names and key in texts:
            digest = sha256(put_names(texts[key].decode("utf-8")).encode("utf-8")).hexdigest()
            lines[put_names(key)] = f"{digest} {line.partition(' ')[2]}"
    return lines


def record(name, outputs):
    record = json.loads(OUTPUTS.read_text("utf-8")) if OUTPUTS.exists() else {"libraries": {}, "shows": {}}
    record["shows"][name] = digest_lines(outputs)
    record["libraries"] |= library_versions(recorded_shows.LIBRARIES.get(name, ()))
    OUTPUTS.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    shutil.rmtree(RECORD / "feeds" / name, ignore_errors=True)
    for key, (data, _) in outputs.items():
        if is_text(key):
            path = RECORD / "feeds" / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def describe_change(name, key, data):
    path = RECORD / "feeds" / name / key
    if data is None or not is_text(key) or not path.exists():
        return ""
    before, after = path.read_text("utf-8").splitlines(), data.decode("utf-8", "replace").splitlines()
    return "\n" + "\n".join(difflib.unified_diff(before, after, "recorded", "today", lineterm=""))


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in recorded_shows.SHOWS],
)
def test_feeds_and_media_equal_the_record(name, tmp_path):
    if os.environ.get("UPDATE_GOLDEN"):
        record(name, build_show(name, tmp_path / "show"))
        return
    recorded = json.loads(OUTPUTS.read_text("utf-8"))
    for library, installed in library_versions(recorded_shows.LIBRARIES.get(name, ())).items():
        if installed != recorded["libraries"][library]:
            pytest.skip(f"recorded with {library} {recorded['libraries'][library]}; {installed} may encode otherwise")
    outputs = build_show(name, tmp_path / "show")
    texts_before = {
        key: (RECORD / "feeds" / name / key).read_bytes() for key in recorded["shows"][name] if is_text(key)
    }
    texts_after = {key: data for key, (data, _) in outputs.items() if is_text(key)}
    before = without_varying_bytes(recorded["shows"][name], texts_before)
    after = without_varying_bytes(digest_lines(outputs), texts_after)
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    expected = sorted(key for show, key in EXPECTED_CHANGES if show == name)
    unexpected = [
        f"{name}: {key}: {before.get(key, 'nothing')} became {after.get(key, 'nothing')}"
        + describe_change(name, key, outputs.get(key, (None,))[0])
        for key in changed
        if key not in expected
    ]
    if unexpected:
        pytest.fail("\n".join(unexpected), pytrace=False)
    assert [key for key in expected if key not in changed] == [], "these did not change: delete them from the table"


@pytest.mark.parametrize("case", CASES)
def test_feeds_of_every_tag_equal_the_record(case):
    path = RECORD / "feeds/namespace" / f"{case}.xml"
    feed = feed_of(case)[2]
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(feed)
    assert feed.decode("utf-8") == path.read_bytes().decode("utf-8")


def test_every_recorded_string_has_a_key_of_today():
    keys = {path.name: set(tomllib.loads(path.read_text("utf-8"))) for path in (RECORD / "strings").glob("*.toml")}
    for name, recorded in keys.items():
        today = set(tomllib.loads((default_templates() / "strings" / name).read_text("utf-8")))
        assert recorded == today, name
