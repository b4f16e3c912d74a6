"""Lists of episodes in CSV, as Apple Podcasts Connect and Spotify export them: only titles and dates are of use.

A list beside the files of a tool gives the date of an episode that has none, or only that of its file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.importer.tools.model import ToolShow
from podcast_kit.importer.tools.source_folder import SourceFolder
from podcast_kit.source.yaml import decode_source
from podcast_kit.text.dates import MONTHS
from podcast_kit.text.numbers import format_count

MAX_LIST_ROWS = 20_000
_TITLE_COLUMNS = ("episode title", "title", "episode name", "name", "episode")
_DATE_COLUMNS = ("release date", "publish date", "published date", "publication date", "published", "pub date", "date")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].{0,30})?")
_NAMED_MONTH = re.compile(
    r"([A-Za-z]{3})[a-z]{0,6}\.? (\d{1,2}),? (\d{4})|(\d{1,2})\.? ([A-Za-z]{3})[a-z]{0,6}\.? (\d{4})"
)
_NO_WORD = re.compile(r"[\W_]+")


def is_episode_list(data: bytes) -> bool:
    """Whether a file begins with a heading that has a title and a date."""
    first_line = data.lstrip(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    return _find_columns(next(csv.reader([first_line[:10_000]]), [])) is not None


def add_listed_dates(show: ToolShow, folder: SourceFolder) -> None:
    """Set the date of each episode that has none, or only that of its file, by the lists in the folder."""
    undated = [episode for episode in show.episodes if not episode.date or episode.has_guessed_date]
    lists = [path for path in folder.files if "/" not in path and path.lower().endswith(".csv")] if undated else []
    for path in lists:
        try:
            rows = list(_read_rows(folder, path))
        except (InvalidInput, csv.Error) as error:
            text = error.problems[0].text if isinstance(error, InvalidInput) else str(error)
            show.warn(folder.location(path), f"the list is not used: {text}", "export it again")
            continue
        dates: dict[str, set[str]] = {}
        for title, date in rows:
            dates.setdefault(title, set()).add(date)
        count = 0
        for episode in undated:
            listed = dates.get(_title_words(episode.title), set())
            if len(listed) == 1:
                [day] = listed
                count += 1
                episode.date = episode.date if episode.date.startswith(day) else f"{day}T00:00:00+00:00"
        if count:
            text = f"{format_count(count, 'date')} {'is' if count == 1 else 'are'} those of this list, by title"
            show.warn(folder.location(path), text, "set the times of day by hand", Severity.HINT)


def _read_rows(folder: SourceFolder, path: str) -> Iterator[tuple[str, str]]:
    """The words of the title, and the day, of each row that has both."""
    location = folder.location(path)
    reader = csv.reader(io.StringIO(decode_source(folder.read_bytes(path), location.path)))
    columns = _find_columns(next(reader, []))
    if columns is None:
        return
    for row, _ in zip(reader, range(MAX_LIST_ROWS), strict=False):
        if len(row) > max(columns) and (day := _parse_day(row[columns[1]].strip())):
            yield _title_words(row[columns[0]]), day


def _find_columns(heading: list[str]) -> tuple[int, int] | None:
    """The columns of title and date; None where one is missing."""
    names = [" ".join(name.casefold().split()) for name in heading]
    title = next((names.index(name) for name in _TITLE_COLUMNS if name in names), None)
    date = next((names.index(name) for name in _DATE_COLUMNS if name in names), None)
    return None if title is None or date is None else (title, date)


def _parse_day(text: str) -> str:
    """A day as `2024-03-05`; empty for one that is not clear, such as 03/05/2024."""
    if match := _ISO_DATE.fullmatch(text[:50]):
        return match[1]
    match = _NAMED_MONTH.match(text[:50])
    if not match:
        return ""
    name, day, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
    month = name.capitalize()
    return f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}" if month in MONTHS else ""


def _title_words(title: str) -> str:
    return _NO_WORD.sub("", title).casefold()
