"""`reviews.yaml`: what listeners and critics said about the show, in words to quote."""

from __future__ import annotations

from datetime import date

from podcast_kit.model import Review
from podcast_kit.source.yaml import InvalidValue, Table, converters

REVIEWS_FILE = "reviews.yaml"
MAX_QUOTE_LEN = 1000
MAX_STARS = 5


def reviews_from_table(table: Table) -> tuple[Review, ...]:
    """The reviews in the order of the file; problems go to `table.problems`."""
    reviews = []
    for inner in table.tables("reviews", "this review"):
        reviews.append(
            Review(
                quote=inner.required("quote", _to_quote, ""),
                name=inner.optional("name", converters.to_line, ""),
                where=inner.optional("where", converters.to_line, ""),
                date=inner.optional("date", _to_review_date, None),
                stars=inner.optional("stars", _to_stars, 0),
                url=inner.optional("url", converters.to_url, ""),
            )
        )
        inner.finish()
    table.finish()
    return tuple(reviews)


def _to_quote(raw: str) -> str:
    text = " ".join(converters.to_text(raw).split())
    if len(text) > MAX_QUOTE_LEN:
        raise InvalidValue(f"has more than {MAX_QUOTE_LEN:,} characters", "quote the best part", "value.long")
    return text


def _to_review_date(raw: str) -> date:
    try:
        return date.fromisoformat(raw.strip())
    except ValueError:
        text = f"{converters.quote_value(raw)} is not a date"
        raise InvalidValue(text, "write it as 2026-03-01", "value.form") from None


def _to_stars(raw: str) -> int:
    stars = converters.whole_number_from(1)(raw)
    if stars > MAX_STARS:
        text = f"{converters.quote_value(raw)} is more than {MAX_STARS} stars"
        raise InvalidValue(text, "write a number from 1 to 5", "value.form")
    return stars
