"""A show with members: tiers, episodes for members, early ones, and other recordings; its words are canaries."""

import re
import shutil

from click.testing import CliRunner

from podcast_kit.cli import cli
from tests.support import shows

NOW = "2030-01-01T08:00"
PEOPLE = {"Annegret Zeisig": "gold", "Bodo Uhu": "supporter"}
MEMBERS_ONLY = "Kolibri"
"""A word in the title, the notes, the chapters and the file names of what is for members only."""
EARLY = "Eisvogel"
"""The same for an episode that members have before its date."""
WORDS = {MEMBERS_ONLY, EARLY}
OTHER_RECORDING = "001-more-social.mp3"


def run(show, *arguments, exit_code=0, env=None):
    """Run a command in a show; its result, which must have this exit code."""
    done = CliRunner().invoke(cli, [str(argument) for argument in (*arguments, "-C", show)], env=env or {"CI": ""})
    assert done.exit_code == exit_code, done.output
    return done


def private(folder, *more):
    """Put `private:` into podcast.yaml."""
    yaml = folder / "podcast.yaml"
    lines = ["private:", *(f"  {line}" for line in ("tiers: [supporter, gold]", *more))]
    yaml.write_text(re.sub(r"^private:\n(  .*\n)*", "", yaml.read_text(), flags=re.MULTILINE) + "\n".join(lines) + "\n")


def add_members_episodes(folder):
    """A bonus episode for gold members, and an early one; their words are in no other file of the show."""
    notes = "About {0}.\n\n0:00 {0} begins\n0:05 {0} goes on\n0:11 {0} ends\n"
    bonus = shows.add(
        folder, 8, title=f"{MEMBERS_ONLY} bonus", audience="members", slug="bonus", notes=notes.format(MEMBERS_ONLY)
    )
    vtt = f"WEBVTT\n\n00:00.000 --> 00:02.000\nHello from the {MEMBERS_ONLY}.\n"
    (folder / "episodes/008-talk.vtt").write_text(vtt)
    bonus.write_text(bonus.read_text().replace("slug: bonus\n", "slug: bonus\ntranscript: 008-talk.vtt\n"))
    early = {"date": "2030-01-08 08:00", "members_from": "2029-12-31 07:00", "slug": "early"}
    recording = "002-first-minute.m4a"
    shows.add(folder, 9, title=f"{EARLY} comes early", notes=notes.format(EARLY), recording=recording, **early)


def with_members(folder, people=PEOPLE, *settings):
    """Two public episodes, one of them with another recording for members; a bonus episode; an early one."""
    shows.small(folder, episodes=2)
    members_file = folder / "episodes/ad-free.mp3"
    shutil.copy(shows.ROOT / "episodes" / OTHER_RECORDING, members_file)
    second = folder / "episodes/002-talk.md"
    other = "number: 2\naudio: {file: 002-talk.mp3, members: ad-free.mp3}\n"
    second.write_text(second.read_text().replace("number: 2\n", other))
    add_members_episodes(folder)
    bonus = folder / "episodes/008-talk.md"
    bonus.write_text(bonus.read_text().replace("audience: members", "audience: gold"))
    private(folder, *settings)
    for name, tier in people.items():
        run(folder, "private", "--add", name, "--tier", tier)
    return folder
