import pytest

from podcast_kit.source.notes import feed_html_to_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("<p>One\n  line.</p><p>Two &amp; <b>three</b>.</p>", "One line.\n\nTwo & three."),
        ("<p>Follow<br>now</p>", "Follow\nnow"),
        ('<p><a href="https://a.example/x?y=1&amp;z">A</a>.</p>', "A (https://a.example/x?y=1&z)."),
        ('<p><a href="https://a.example/">https://a.example</a></p>', "https://a.example"),
        ('<p><a href="https://a.example/">a.example</a></p>', "a.example"),
        (
            '<p><a href="mailto:me@a.example">Write</a> or <a href="tel:+491">+491</a></p>',
            "Write (me@a.example) or +491",
        ),
        ('<p><a href="https://a.example/"></a></p>', "https://a.example/"),
        ("<p>a</p><ul><li>b</li><li><p>c</p></li></ul><p>d</p>", "a\n\n- b\n- c\n\nd"),
        ("<ol><li>one<ul><li>deep</li></ul></li><li>two<br>lines</li></ol>", "1. one\n  - deep\n2. two\n  lines"),
    ],
)
def test_feed_html_becomes_plain_text(markup, text):
    assert feed_html_to_text(markup) == text
