"""Notes in which nothing can be wrong are not looked at line by line."""

import random

from podcast_kit.source.notes import lint


def test_notes_without_a_sign_of_a_mistake_have_none(monkeypatch):
    rng = random.Random(3)
    pieces = ["[a](b.md)", "[a](https://x.example)", "[x]: foo.md", "](", "]:", "![", "[", "]", "(", ")", "<", ">", "`"]
    pieces += ["a", "b.md", "https:", "/", "#", " ", "\n", "static/", "two words.png", "mailto:", "    ", "é"]
    texts = ["".join(rng.choices(pieces, k=rng.randint(1, 14))) for _ in range(3000)]
    found = [lint.lint_notes(text, "b.md".__eq__) for text in texts]
    monkeypatch.setattr(lint, "_may_have_mistaken_links", lambda _: True)
    assert found == [lint.lint_notes(text, "b.md".__eq__) for text in texts]
    assert sum(map(bool, found)) > 300
