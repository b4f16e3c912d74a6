"""The search for secrets that runs after every command of the suite finds them."""

import click
import pytest
from click.testing import CliRunner

from tests.support import canaries

SECRET = {"PODCAST_KIT_ANY_TOKEN": "canary-of-a-token"}


@click.command()
@click.argument("text")
def say(text):
    click.echo(text)


def test_a_secret_in_the_output_of_a_command_fails_its_test():
    with pytest.raises(AssertionError, match="PODCAST_KIT_ANY_TOKEN"):
        CliRunner().invoke(say, ["look: canary-of-a-token"], env=SECRET)
    assert CliRunner().invoke(say, ["nothing to see"], env=SECRET).exit_code == 0
    assert CliRunner().invoke(say, ["::add-mask::canary-of-a-token"], env=SECRET).exit_code == 0


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("AWS_SECRET_ACCESS_KEY", True),
        ("AWS_SESSION_TOKEN", True),
        ("PODCAST_KIT_SUBSCRIBERS_KEY", True),
        ("PODCAST_KIT_DISCORD_WEBHOOK", True),
        ("PODCAST_KIT_BLUESKY_PASSWORD", True),
        ("AWS_ACCESS_KEY_ID", False),
        ("HOME", False),
    ],
)
def test_secrets_are_known_by_the_names_of_their_variables(name, is_secret):
    assert bool(canaries.secrets_in({name: "long-enough"})) is is_secret


def test_a_secret_in_a_file_is_found(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/log.txt").write_bytes(b"\xff canary-of-a-token")
    (tmp_path / "subscribers.key").write_text("canary-of-a-token")
    assert canaries.leaks_in_files(tmp_path, SECRET) == [("a/b/log.txt", "PODCAST_KIT_ANY_TOKEN")]
