import json
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from click.testing import CliRunner

from podcast_kit.cli import run_command_line  # noqa: F401  # registers the commands
from podcast_kit.cli.app import cli
from podcast_kit.site.templates import default_templates
from tests.support.shows import add, small


@pytest.fixture
def show(tmp_path):
    return small(tmp_path / "show")


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def test_theme_lists_every_template_and_says_which_are_yours(show):
    run("theme", "-C", str(show), "eject", "episode.html")
    said = run("theme", "-C", str(show)).output.splitlines()
    assert "episode.html  (yours)" in said
    assert "index.html" in said
    listed = json.loads(run("theme", "-C", str(show), "--json").output)["templates"]
    assert {"name": "episode.html", "own": True} in listed


def test_eject_copies_a_template_once(show):
    first = run("theme", "-C", str(show), "eject", "style.css")
    assert first.output.strip() == str(show / "templates" / "style.css")
    assert (show / "templates" / "style.css").read_bytes() == (default_templates() / "style.css").read_bytes()
    again = run("theme", "-C", str(show), "eject", "style.css")
    assert again.exit_code == 1
    assert "already exists" in again.output


def test_eject_needs_the_name_of_a_template(show):
    assert run("theme", "-C", str(show), "eject").exit_code == 2
    wrong = run("theme", "-C", str(show), "eject", "epsiode.html")
    assert wrong.exit_code == 1
    assert "did you mean 'episode.html'?" in wrong.output


@pytest.mark.slow
def test_serve_builds_what_is_saved_and_keeps_the_last_good_build(show):
    command = [sys.executable, "-m", "podcast_kit", "serve", "-C", str(show), "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = running.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/index\.html", url)
        page = url.replace("index.html", "episodes/001-talk/index.html")
        notes = show / "episodes" / "001-talk.md"
        good = notes.read_text("utf-8")
        notes.write_text(good + "\nA paragraph more.\n", "utf-8")
        wait_for(page, "A paragraph more.")
        notes.write_text("---\ntitle: [\n---\n", "utf-8")
        said = ""
        while "episodes/001-talk.md:3:" not in said:  # a file that is only half written may be reported before
            said = running.stderr.readline()
            assert said
        assert "error" in said
        assert "A paragraph more." in fetch(page)
        notes.write_text(good + "\nMended again.\n", "utf-8")
        wait_for(page, "Mended again.")
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 130


def fetch(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode()


def wait_for(url, words):
    for _ in range(900):
        if words in fetch(url):
            return
        time.sleep(0.1)
    pytest.fail(f"{words!r} never came")


@pytest.mark.slow
def test_serve_shows_drafts_to_other_devices_on_request(show):
    add(show, 2, draft="true")
    command = [sys.executable, "-m", "podcast_kit", "serve", "-C", str(show), "--port", "0", "--no-watch"]
    with subprocess.Popen(
        [*command, "--drafts", "--bind", "0.0.0.0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            url = running.stdout.readline().strip()
            page = url.replace("index.html", "episodes/002-talk/index.html")
            request = urllib.request.Request(page, headers={"Host": "my-phone.local"})
            with urllib.request.urlopen(request, timeout=60) as response:
                assert b"Talk 2" in response.read()
        finally:
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=30)
    assert "draft: true" in (show / "episodes/002-talk.md").read_text()
