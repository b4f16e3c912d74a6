"""Render the report of downloads: one page of charts and tables, without scripts and without other files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from podcast_kit.site.templates import load_templates

CHART_WIDTH, CHART_HEIGHT = 720, 180
SPARK_WIDTH, SPARK_HEIGHT = 96, 20
MAX_SPARKS = 60
"""Episodes with a line of their own; more of them would make the page large."""


@dataclass(frozen=True, slots=True)
class StatsPoint:
    """A day, week or part of an episode in a chart."""

    label: str
    count: int
    shown: str = ""
    """What the table has instead of the count, such as 51%."""


@dataclass(frozen=True, slots=True)
class StatsMark:
    """A line across a chart, such as a release or a chapter."""

    position: float
    """From 0, the left edge, to 1."""
    label: str


@dataclass(frozen=True, slots=True)
class StatsRow:
    """An episode in the table."""

    title: str
    released: str
    cells: tuple[str, ...]
    downloads: int
    days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StatsBreakdown:
    """Downloads by app, device, country or source."""

    title: str
    bars: tuple[StatsPoint, ...]
    other_count: int = 0
    """Of those that are not listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsChart:
    """A chart, and the same as a table."""

    title: str
    unit: str
    """What a point is, such as Week."""
    value: str
    """What is counted."""
    points: tuple[StatsPoint, ...]
    marks: tuple[StatsMark, ...] = ()

    @property
    def highest(self) -> int:
        """The largest count, at least 1."""
        return max((point.count for point in self.points), default=0) or 1

    @property
    def line(self) -> str:
        """The path of the line in the drawing."""
        return chart_path([point.count for point in self.points], CHART_WIDTH, CHART_HEIGHT, self.highest)

    @property
    def summary(self) -> str:
        """The chart in a sentence, for those who do not see it."""
        if not self.points:
            return self.title
        peak = max(self.points, key=lambda point: point.count)
        first, last = self.points[0].label, self.points[-1].label
        return f"{self.title}: {first} to {last}, most at {peak.label} with {peak.shown or f'{peak.count:,}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsPage:
    """What the page shows."""

    title: str
    period: str
    figures: tuple[tuple[str, str], ...]
    """Large numbers: name and value."""
    charts: tuple[StatsChart, ...]
    columns: tuple[str, ...] = ()
    """Of the table of episodes, between the date and all downloads."""
    rows: tuple[StatsRow, ...] = ()
    breakdowns: tuple[StatsBreakdown, ...] = ()
    left_out: tuple[StatsPoint, ...] = ()
    """Why requests are not counted."""
    method: tuple[str, ...] = ()


def chart_path(counts: Sequence[int], width: int, height: int, highest: int) -> str:
    """The line through these counts as an SVG path, from the left edge to the right one.

    >>> chart_path([0, 4, 2], 100, 40, 4)
    'M0 40L50 0 100 20'
    """
    if not counts:
        return ""
    values = [*counts, counts[-1]] if len(counts) == 1 else list(counts)
    step = width / (len(values) - 1)
    points = [
        f"{_short(number * step)} {_short(height - height * count / highest)}" for number, count in enumerate(values)
    ]
    return f"M{points[0]}L{' '.join(points[1:])}"


def render_stats_page(page: StatsPage, folder: Path, shared: Path | None = None) -> bytes:
    """Render the report from the template `stats.html`; `folder` may have the show's own `templates/`."""
    templates = load_templates(folder, shared=shared)
    most = max((row.downloads for row in page.rows), default=0) or 1
    sparks = [_spark_path(row.days) for row in page.rows[:MAX_SPARKS]]
    sparks += [""] * (len(page.rows) - len(sparks))
    values = {
        "page": page,
        "rows": [(row, round(100 * row.downloads / most), spark) for row, spark in zip(page.rows, sparks, strict=True)],
        "has_sparks": any(sparks),
        "width": CHART_WIDTH,
        "height": CHART_HEIGHT,
        "spark_width": SPARK_WIDTH,
        "spark_height": SPARK_HEIGHT,
    }
    text = templates.render("stats.html", values)
    return ("\n".join(line for line in map(str.strip, text.splitlines()) if line) + "\n").encode()


def _spark_path(counts: Sequence[int]) -> str:
    highest = max(counts, default=0)
    return chart_path(counts, SPARK_WIDTH, SPARK_HEIGHT, highest) if highest else ""


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
