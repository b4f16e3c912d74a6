"""Hostile feeds end in a clear error within limits of memory and time; each is checked in its own process."""

import json
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_kit import check

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0">'
    "<channel>"
)
TAIL = "</channel></rss>"
ENTITY_BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
MAX_PEAK_BYTES = 400_000_000
"""Of which the interpreter itself uses 20 million."""
MAX_CPU_S = 60
"""The kernel ends a process that uses more."""

CHILD = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from podcast_kit import check
from tests.support import peak_memory

problems = check.check_file(Path(sys.argv[1]), now=datetime(2026, 11, 22, tzinfo=UTC))
errors = sorted({problem.code for problem in problems if problem.severity == "error"})
print(json.dumps([peak_memory.megabytes() << 20, len(problems), errors]))
"""


def check_in_process(path):
    """Peak memory, number of problems and codes of errors of a check in its own process."""

    def limit_cpu_time():
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))

    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit_cpu_time,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def entity_bomb():
    yield f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">{ENTITY_BOMB}]><rss version="2.0"><channel>&l9;{TAIL}'


def external_entity():
    yield '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    yield f"<rss version='2.0'><channel><title>&x;</title>{TAIL}"


def repeat(piece, times, before=HEAD, after=TAIL):
    def text():
        yield before
        block = piece * 10_000
        for _ in range(times // 10_000):
            yield block
        yield after

    return text


HOSTILE = {
    "an entity bomb": (entity_bomb, "xml.wellformed"),
    "an entity from a file": (external_entity, "xml.wellformed"),
    "a hundred megabytes": (repeat("<item><title>A talk</title></item>", 3_000_000), "xml.size"),
    "a hundred megabytes in one text": (repeat("long ", 20_000_000, f"{HEAD}<title>", f"</title>{TAIL}"), "xml.size"),
    "deep nesting": (repeat("<itunes:category>", 200_000), "xml.size"),
    "an attribute of a megabyte": (
        repeat("a", 1_000_000, f'{HEAD}<item><enclosure url="https://', f'.mp3"/></item>{TAIL}'),
        "xml.size",
    ),
    "a million attributes": (
        lambda: (HEAD, "<item ", *(f'a{n}="" ' for n in range(1_000_000)), f"/>{TAIL}"),
        "xml.size",
    ),
    "half a million items": (repeat("<item/>", 500_000), ""),
    "half a million tags": (repeat("<podcast:transcript/>", 500_000, f"{HEAD}<item>", f"</item>{TAIL}"), ""),
    "notes of forty megabytes": (
        repeat("&lt;b&gt;", 4_000_000, f"{HEAD}<item><description>", f"</description></item>{TAIL}"),
        "",
    ),
    "a control character": (lambda: (f"{HEAD}<title>A \x08 talk</title>{TAIL}",), "xml.wellformed"),
    "an empty file": (lambda: ("",), "xml.wellformed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_feed_ends_in_a_clear_error_with_limited_memory(tmp_path, name):
    pieces, code = HOSTILE[name]
    path = tmp_path / "feed.xml"
    with path.open("w", encoding="utf-8") as out:
        out.writelines(pieces())
    peak, count, errors = check_in_process(path)
    assert errors
    assert not code or errors == [code]
    assert count < 3000
    assert peak < MAX_PEAK_BYTES


ENCODED = {
    "utf-16": ("utf-16", "", "xml.utf8"),
    "utf-16 declared as utf-8": ("utf-16", '<?xml version="1.0" encoding="UTF-8"?>', "xml.wellformed"),
    "utf-32": ("utf-32", "", "xml.utf8"),
    "latin-1 declared as utf-8": ("latin-1", '<?xml version="1.0" encoding="UTF-8"?>', "xml.utf8"),
    "latin-1": ("latin-1", '<?xml version="1.0" encoding="ISO-8859-1"?>', "xml.utf8"),
    "unknown encoding": ("utf-8", '<?xml version="1.0" encoding="klingon"?>', "xml.utf8"),
    "utf-7": ("utf-7", '<?xml version="1.0" encoding="UTF-7"?>', "xml.utf8"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_wrong_encoding_is_reported(tmp_path, name):
    encoding, declaration, code = ENCODED[name]
    path = tmp_path / "feed.xml"
    path.write_bytes(f'{declaration}<rss version="2.0"><channel><title>Hörer</title></channel></rss>'.encode(encoding))
    problems = check.check_file(path, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert code in {problem.code for problem in problems if problem.severity == "error"}
