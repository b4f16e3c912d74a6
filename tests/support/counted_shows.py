"""Shows whose podcast.lock names the recordings of an access log, and that log in the format of a web server."""

from pathlib import Path

from podcast_kit.model import LockEntry, Media
from podcast_kit.source.lock import render_lock
from tests.support import access_logs, shows


def make_counted_show(folder, recordings):
    """A small show with an episode for each recording, all published."""
    shows.small(folder, episodes=0)
    entries = []
    for number, recording in enumerate(recordings, 1):
        shows.add(folder, number, recording="", guid=recording.guid, audio="talk.mp3")
        media = Media(
            key=recording.path.removeprefix("/"),
            sha256=f"{number:064x}",
            bytes=recording.bytes,
            mime="audio/mpeg",
            seconds=recording.seconds,
        )
        slug, released_at = recording.slug, recording.released_at
        entries.append(LockEntry(slug=slug, guid=recording.guid, date=released_at, source_sha256="0" * 64, media=media))
    (folder / "episodes" / "talk.mp3").write_bytes((shows.ROOT / "tests/samples/cbr.mp3").read_bytes())
    (folder / "podcast.lock").write_bytes(render_lock(entries))
    return folder


def combined_line(request):
    """A request in the combined format of nginx and Apache, which has no ranges."""
    moment = request.at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    fields = f"{request.address} - - [{moment}]"
    line = f'"{request.method} {request.path} HTTP/1.1" {request.status} {request.bytes_sent}'
    return f'{fields} {line} "{request.referrer or "-"}" "{request.agent or "-"}"\n'


def write_combined(path, log):
    """The log as a web server writes it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("".join(map(combined_line, log.requests)), "utf-8")
    return Path(path)


def whole_downloads(count, **settings):
    """A log of this many people, each of whom downloads a whole file once, and of bots and refused requests."""
    settings = {
        "first_day": access_logs.date(2026, 10, 12),
        "days": 4,
        "recordings": access_logs.make_recordings(),
    } | settings
    log = access_logs.AccessLog(settings["recordings"])
    author = access_logs.Author(log, 5, first_day=settings["first_day"], days=settings["days"])
    for number in range(count):
        access_logs.whole_file(author)
        if number % 3 == 0:
            access_logs.bots(author)
            access_logs.not_downloads(author)
    return log
