"""An import of a feed of 3,000 episodes beside feedparser, which parses the same file.

The notes are HTML as hosts write it, with links, a list, chapters and an image for each episode. The whole command
counts, which also builds the new feed and compares it with the old one. BENCH_EPISODES takes another number.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support.shows import ROOT

EPISODES = 3_000
RATIO = 6.0
START = datetime(2006, 1, 1, 6, tzinfo=UTC)
FEED_START = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:psc="http://podlove.org/simple-chapters"><channel><title>More Social</title><link>https://old.example/</link>
<description>How shows and their listeners talk.</description><language>en</language>
<itunes:author>Ann Lee</itunes:author><itunes:explicit>false</itunes:explicit><itunes:category text="Technology"/>
<itunes:owner><itunes:name>Ann Lee</itunes:name><itunes:email>ann@old.example</itunes:email></itunes:owner>
<itunes:image href="https://cdn.example/cover.jpg"/>
"""
NOTES = (
    '<p>We talk with <a href="https://guest{n}.example/about">Guest {n}</a> about how a show &amp; its listeners talk '
    "with each other, what changed over the years, and what did not.</p>"
    "<p>We begin with the <strong>basics</strong>, then answer <em>three questions</em> from listeners.</p>"
    '<ul><li><a href="https://links.example/{n}/a">The paper that we mention</a></li>'
    '<li><a href="https://links.example/{n}/b">A longer article</a> about the same</li></ul>'
    f"<p>{'A paragraph with enough words to be like real notes, a few <em>of them</em> emphasized. ' * 8}</p>"
)
ITEM = """<item><title>Episode {n}: Talking &amp; listening</title><link>https://old.example/episodes/{n}</link>
<guid isPermaLink="false">old-guid-{n}</guid><pubDate>{date}</pubDate>
<enclosure url="https://cdn.example/audio/{n}.mp3" length="{size}" type="audio/mpeg"/>
<description><![CDATA[{notes}]]></description><content:encoded><![CDATA[{notes}]]></content:encoded>
<itunes:duration>00:45:00</itunes:duration><itunes:episode>{n}</itunes:episode>
<itunes:image href="https://cdn.example/art/{n}.jpg"/>
<podcast:person role="guest" href="https://guest{n}.example/">Guest {n}</podcast:person>
<psc:chapters version="1.2"><psc:chapter start="00:00:00" title="Intro"/>
<psc:chapter start="00:02:30" title="The basics"/></psc:chapters></item>
"""
MEASURED = """
import sys
from pathlib import Path
from time import process_time
from tests.support import peak_memory
source, folder = sys.argv[1:]
if folder:
    from click.testing import CliRunner
    from podcast_kit.cli.commands.import_ import import_command
    options = [source, folder, "--no-files", "--url", "https://pod.example/", "--to", "public"]
    result = CliRunner().invoke(import_command, options)
    if result.exit_code:
        sys.exit(result.output)
else:
    import feedparser
    if not feedparser.parse(Path(source).read_bytes()).entries:
        sys.exit("feedparser finds no episodes")
print(process_time(), peak_memory.megabytes())
"""


def write_old_feed(path: Path, count: int) -> None:
    """The feed of a show that moves from another host, newest first."""
    with path.open("w", encoding="utf-8") as file:
        file.write(FEED_START)
        for n in range(count, 0, -1):
            date = f"{START + timedelta(hours=12 * n):%a, %d %b %Y %H:%M:%S} +0000"
            file.write(ITEM.format(n=n, date=date, size=1_000_000 + n, notes=NOTES.format(n=n)))
        file.write("</channel></rss>\n")


def measure(source: Path, folder: Path | None) -> tuple[float, int]:
    """Seconds of processor time and MB at the peak: of an import into a folder, or else of feedparser."""
    command = [sys.executable, "-c", MEASURED, str(source), str(folder or "")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
    return float(printed[0]), int(printed[1])


def main() -> int:
    """Print the figures; 1 when the import takes too long."""
    count = int(os.environ.get("BENCH_EPISODES", str(EPISODES)))
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "old.xml"
        write_old_feed(source, count)
        theirs, their_peak = measure(source, None)
        ours, our_peak = measure(source, Path(scratch) / "show")
        size = source.stat().st_size
    print(f"{count:,} episodes, {size:,} bytes, seconds of processor time and MB at the peak")
    print(f"import {ours:.1f} s and {our_peak} MB, feedparser {theirs:.1f} s and {their_peak} MB")
    print(f"ratio {ours / theirs:.2f} (<= {RATIO:g})")
    return int(ours > RATIO * theirs)


if __name__ == "__main__":
    sys.exit(main())
