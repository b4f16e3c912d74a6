"""What GitHub Pages, Netlify and Cloudflare Pages read, and what is said of their limits."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podcast_kit import builder
from podcast_kit.builder import host_files
from podcast_kit.errors import InvalidInput, Severity
from podcast_kit.model import WebHost
from podcast_kit.source import project
from podcast_kit.stores import validate_target
from tests.support.shows import small

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def write_show(tmp_path, host, **more):
    show = small(tmp_path / "show", aliases="[old-talk, /2019/talk.html]")
    settings = {"url": "https://pod.example/", "host": host, "to": "public", **more}
    lines = "".join(f"  {key}: {value}\n" for key, value in settings.items())
    text = (show / "podcast.yaml").read_text()
    start = text.index("publish:")
    (show / "podcast.yaml").write_text(f"{text[:start]}publish:\n{lines}")
    return show


def build(show):
    return builder.build(project.load_project(show), now=NOW)


def warnings_of(built):
    return [(problem.code, problem.text) for problem in built.problems if problem.code.startswith("host.")]


def test_github_pages_gets_a_file_against_jekyll(tmp_path):
    show = write_show(tmp_path, "github-pages")
    built = build(show)
    assert (show / "build/.nojekyll").read_bytes() == b""
    assert not {"_redirects", "_headers"} & set(built.outputs)
    assert "404.html" in built.outputs
    assert warnings_of(built) == []


def test_netlify_gets_forced_redirects_and_headers(tmp_path):
    show = write_show(tmp_path, "netlify")
    build(show)
    assert (show / "build/_redirects").read_text().splitlines() == [
        "/2019/talk.html /episodes/001-talk/ 301!",
        "/episodes/old-talk/embed/ /episodes/001-talk/embed/ 301!",
        "/episodes/old-talk/embed/index.html /episodes/001-talk/embed/ 301!",
        "/episodes/old-talk/ /episodes/001-talk/ 301!",
        "/episodes/old-talk/index.html /episodes/001-talk/ 301!",
    ]
    headers = (show / "build/_headers").read_text()
    assert "/media/*\n  Cache-Control: public, max-age=31536000, immutable\n" in headers
    assert "/feed.xml\n  Cache-Control: public, max-age=300, must-revalidate\n" in headers
    assert "  Content-Type: application/rss+xml; charset=utf-8\n" in headers


def test_cloudflare_gets_a_redirect_for_each_form_of_an_address(tmp_path):
    show = write_show(tmp_path, "cloudflare-pages")
    build(show)
    assert (show / "build/_redirects").read_text().splitlines() == [
        "/2019/talk.html /episodes/001-talk/ 301",
        "/episodes/old-talk/embed/ /episodes/001-talk/embed/ 301",
        "/episodes/old-talk/embed /episodes/001-talk/embed/ 301",
        "/episodes/old-talk/embed/index.html /episodes/001-talk/embed/ 301",
        "/episodes/old-talk/ /episodes/001-talk/ 301",
        "/episodes/old-talk /episodes/001-talk/ 301",
        "/episodes/old-talk/index.html /episodes/001-talk/ 301",
    ]


def test_rules_of_the_show_come_first(tmp_path):
    show = write_show(tmp_path, "netlify")
    (show / "static").mkdir()
    (show / "static/_redirects").write_text("/shop https://shop.example/ 302\n")
    (show / "static/_headers").write_text("/*\n  X-Frame-Options: DENY\n")
    build(show)
    assert (show / "build/_redirects").read_text().startswith("/shop https://shop.example/ 302\n/2019/talk.html ")
    assert (show / "build/_headers").read_text().startswith("/*\n  X-Frame-Options: DENY\n/media/*\n")
    assert build(show).files_written == 0


def test_without_a_host_such_files_are_published_as_they_are(tmp_path):
    show = small(tmp_path / "show")
    (show / "static").mkdir()
    (show / "static/_redirects").write_text("/shop https://shop.example/ 302\n")
    built = build(show)
    assert (show / "build/_redirects").read_text() == "/shop https://shop.example/ 302\n"
    assert ".nojekyll" not in built.outputs


def test_addresses_of_private_feeds_are_in_no_rule():
    from podcast_kit.model import Output, Wave

    secret = Output(
        key="private/abcdefghijklmnop.xml",
        size=1,
        sha256="0",
        content_type="application/rss+xml",
        cache_control="no-store",
        wave=Wave.FEED,
    )
    text = "\n".join(host_files._header_rules({secret.key: secret}, WebHost.NETLIFY))
    assert "abcdefghijklmnop" not in text
    assert "/private/*.xml" in text


@pytest.mark.parametrize(
    ("host", "limits", "words"),
    [
        ("github-pages", {"file_bytes": 1000}, "GitHub Pages allows, such as media/"),
        ("github-pages", {"site_bytes": 1000}, "the site has"),
        ("cloudflare-pages", {"files": 3}, "Cloudflare Pages allows 3"),
        ("cloudflare-pages", {"redirects": 2}, "there are 7 redirects"),
    ],
)
def test_limits_of_a_host_are_said_with_place_and_fix(tmp_path, monkeypatch, host, limits, words):
    show = write_show(tmp_path, host)
    kind = WebHost(host)
    monkeypatch.setitem(host_files.HOST_LIMITS, kind, replace(host_files.HOST_LIMITS[kind], **limits))
    [problem] = [row for row in build(show).problems if row.code == "host.limit"]
    assert words in problem.text
    assert problem.fix
    assert problem.severity is Severity.WARNING
    assert str(problem.location).startswith("podcast.yaml:")


def test_known_limits_are_those_of_the_hosts():
    limits = host_files.HOST_LIMITS
    assert limits[WebHost.GITHUB_PAGES].file_bytes == 104_857_600
    assert limits[WebHost.GITHUB_PAGES].site_bytes == 1_073_741_824
    assert limits[WebHost.CLOUDFLARE_PAGES].file_bytes == 26_214_400
    assert (limits[WebHost.CLOUDFLARE_PAGES].files, limits[WebHost.CLOUDFLARE_PAGES].redirects) == (20_000, 2_000)


def test_a_host_that_does_not_fit_the_target_is_reported(tmp_path):
    assert [code for code, _ in warnings_of(build(write_show(tmp_path, "netlify", to="s3://bucket")))] == ["host.place"]
    below = write_show(tmp_path / "below", "netlify", url="https://pod.example/show/")
    assert "only at the top of a site" in warnings_of(build(below))[0][1]


def test_an_unknown_host_is_an_error_with_a_suggestion(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        project.load_project(write_show(tmp_path, "github-page"))
    [problem] = caught.value.problems
    assert problem.code == "value.choice"
    assert "github-pages" in problem.fix


def test_moved_pages_have_the_header_of_website_redirects_only_where_asked(tmp_path):
    plain = build(small(tmp_path / "plain", aliases="[old-talk]"))
    assert plain.outputs["episodes/old-talk/index.html"].redirect_to == ""
    built = build(write_show(tmp_path, "netlify", website_redirects="true"))
    moved = built.outputs["episodes/old-talk/index.html"]
    assert moved.redirect_to == "https://pod.example/episodes/001-talk/index.html"
    assert moved.headers[-1] == ("x-amz-website-redirect-location", moved.redirect_to)
    assert built.outputs["index.html"].redirect_to == ""


@pytest.mark.parametrize(("provider", "is_known"), [("s3", True), ("garage", True), ("r2", False), ("b2", False)])
def test_website_redirects_are_refused_where_the_provider_has_none(tmp_path, provider, is_known):
    from podcast_kit.model import PublishSettings

    settings = PublishSettings(
        url="https://pod.example/",
        to=f"{provider}://bucket",
        account="a",
        region="r",
        endpoint="https://s3.example/",
        website_redirects=True,
    )
    if is_known:
        validate_target(settings, tmp_path)
        return
    with pytest.raises(InvalidInput) as caught:
        validate_target(settings, tmp_path)
    [problem] = caught.value.problems
    assert (problem.code, "does not redirect by a header" in problem.text) == ("pb.website_redirects", True)
