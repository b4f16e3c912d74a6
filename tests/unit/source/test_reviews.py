"""reviews.yaml: read with the show, refused with its place."""

from datetime import date

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.model import Contact, Review
from podcast_kit.source import project
from tests.support import shows


@pytest.fixture
def show(tmp_path):
    return shows.small(tmp_path / "show")


def test_reviews_are_read(show):
    (show / "reviews.yaml").write_text(
        "reviews:\n"
        "  - {quote: Made me laugh, name: Ann, where: Apple Podcasts, date: 2026-03-01, stars: 5, url: https://x.example/1}\n"
        "  - quote: |\n      Two\n      lines\n"
    )
    loaded = project.load_project(show).show
    assert loaded.reviews == (
        Review(
            quote="Made me laugh", name="Ann", where="Apple Podcasts", date=date(2026, 3, 1), stars=5,
            url="https://x.example/1",
        ),
        Review(quote="Two lines"),
    )  # fmt: skip
    assert "reviews.yaml" in loaded.source.file_names


def test_every_mistake_in_reviews_is_reported_with_its_place(show):
    (show / "reviews.yaml").write_text(
        "reviews:\n  - {name: Ann}\n  - {quote: a, stars: 6}\n  - {quote: b, date: May}\n  - {quote: c, star: 5}\n"
        "  - {quote: d, url: javascript:x}\n"
    )
    with pytest.raises(InvalidInput) as refused:
        project.load_project(show)
    problems = refused.value.problems
    assert [(problem.location.path, problem.location.line) for problem in problems] == [
        ("reviews.yaml", line) for line in (2, 3, 4, 5, 6)
    ]
    assert all(problem.fix for problem in problems)


def test_contact_is_read_and_refused_with_its_place(show):
    path = show / "podcast.yaml"
    yaml = path.read_text()
    path.write_text(yaml + "contact: {mail: hello@pod.example, form: https://pod.example/form}\n")
    assert project.load_project(show).show.contact == Contact(mail="hello@pod.example", form="https://pod.example/form")
    path.write_text(yaml + "contact: {mail: nobody, voicemail: 'javascript:x()'}\n")
    with pytest.raises(InvalidInput) as refused:
        project.load_project(show)
    assert [problem.code for problem in refused.value.problems] == ["value.email", "value.url"]
