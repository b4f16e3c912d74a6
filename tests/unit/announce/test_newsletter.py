"""The mail about an episode: a draft that any mail program reads, with the same bytes each time."""

import re
from email import policy
from email.parser import BytesParser

import pytest

from podcast_kit.announce.newsletter import compose_newsletter, render_mail_file
from podcast_kit.errors import InvalidInput
from podcast_kit.model import Contact, Image
from tests.support.site_factories import BASE, make_episode, make_item, make_show

CARD = Image(url=f"{BASE}media/cc/card.jpg", width=1200, height=630, mime="image/jpeg")
CONTENT = (
    "<p>Apples &amp; <b>pears</b>, grüße.</p>"
    f'<p>Enjoying it?<br>Follow: <a href="{BASE}follow/index.html">Choose your app</a></p>'
)
HOSTILE_TITLE = "<script>alert(1)</script> @everyone \u202egnp.exe\r\nBcc: all@x.example"


def write_mail(folder, show=None, item=None):
    show = show or make_show(guid="a-b", contact=Contact(mail="hello@pod.example"))
    item = item or make_item(content=CONTENT)
    return render_mail_file(show, item, compose_newsletter(show, item, folder=folder, picture=CARD))


def parse_mail(data):
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert not message.defects
    text, html = message.iter_parts()
    assert not text.defects
    assert not html.defects
    return message, text.get_content().replace("\r\n", "\n"), html.get_content()


def test_mail_is_an_unsent_draft_with_the_notes_as_text_and_html(tmp_path):
    message, text, html = parse_mail(write_mail(tmp_path))
    assert (message["Subject"], message["From"], message["To"]) == (
        "Number 1",
        "Talking Back <hello@pod.example>",
        None,
    )
    assert message["X-Unsent"] == "1"
    assert message["Date"] == "Mon, 12 Jan 2026 07:00:00 +0000"
    assert re.fullmatch(r"<[0-9a-f]{32}@pod\.example>", message["Message-ID"])
    assert message.get_content_type() == "multipart/alternative"
    assert text == (
        "Number 1\nTalking Back · 12 January 2026 · 1 min\n"
        f"Listen: {BASE}episodes/001-one/index.html\n\nApples & pears, grüße.\n\n"
        f"Enjoying it?\nFollow: Choose your app ({BASE}follow/index.html)\n"
    )
    assert CONTENT in html
    assert f'<img src="{CARD.url}"' in html
    assert set(re.findall(r'(?:src|href)="(https?://[^/"]+)', html)) == {"https://pod.example"}
    assert "<style" not in html
    assert "<script" not in html


def test_mail_lines_are_short_and_end_as_smtp_wants_it(tmp_path):
    data = write_mail(tmp_path, item=make_item(content=f"<p>{'long words ' * 500}</p>"))
    lines = data.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 78  # RFC 5322
    assert data.isascii()


def test_same_episode_gives_the_same_bytes_and_another_one_does_not(tmp_path):
    assert write_mail(tmp_path) == write_mail(tmp_path)
    assert write_mail(tmp_path) != write_mail(tmp_path, item=make_item(2, content=CONTENT))


def test_hostile_title_adds_no_header_and_no_script(tmp_path):
    item = make_item(episode=make_episode(title=HOSTILE_TITLE), content=CONTENT)
    message, _, html = parse_mail(write_mail(tmp_path, item=item))
    assert message["Bcc"] is None
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in message["Subject"]


def test_endless_title_is_cut_in_the_subject(tmp_path):
    item = make_item(episode=make_episode(title="Apples and pears. " * 600), content=CONTENT)
    message, _, _ = parse_mail(write_mail(tmp_path, item=item))
    assert len(message["Subject"]) <= 200


def test_mail_is_in_the_language_of_the_show(tmp_path):
    message, text, html = parse_mail(write_mail(tmp_path, show=make_show(language="de")))
    assert message["Content-Language"] == "de"
    assert "12. Januar 2026" in text
    assert '<html lang="de" dir="ltr">' in html
    assert message["From"] is None


def test_show_replaces_the_template_of_the_mail(tmp_path):
    templates = tmp_path / "templates/newsletter"
    templates.mkdir(parents=True)
    (templates / "body.html").write_text("<p>Hi, {{ item.episode.title }} is out.</p>")
    _, _, html = parse_mail(write_mail(tmp_path))
    assert "<p>Hi, Number 1 is out.</p></div>" in html
    (templates / "mail.txt").write_text("One\n{{ nothing }}")
    with pytest.raises(InvalidInput) as caught:
        write_mail(tmp_path)
    (problem,) = caught.value.problems
    assert str(problem.location) == "templates/newsletter/mail.txt:2"
