"""What people type, and what a program that listens gets."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from podcast_kit.cli import cli, commands
from podcast_kit.cli.console import Console
from podcast_kit.model import Progress
from tests.support import shows

HEAVY = {"boto3", "botocore", "feedgen", "lxml", "jinja2", "mutagen", "markdown_it", "yaml", "nh3", "PIL", "av"}
COMMANDS = sorted(cli.commands)

IMPORTED = """
import sys
from podcast_kit.cli import run_command_line
sys.argv = ["podcast-kit", *{arguments!r}]
try:
    run_command_line()
except SystemExit as end:
    code = end.code
print("imported:", *sorted({{name.split(".")[0] for name in sys.modules}}))
sys.exit(code)
"""


def run(*arguments, **settings):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **settings)


ASKED = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_help_imports_nothing_heavy(arguments):
    source = IMPORTED.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.rpartition("imported:")[2].split())
    assert imported & HEAVY == set()


def test_version_imports_no_command_and_no_model():
    source = IMPORTED.format(arguments=["--version"]).replace('name.split(".")[0] for name', "name for name")
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    imported = set(done.stdout.rpartition("imported:")[2].split())
    assert not {name for name in imported if name.startswith(("podcast_kit.cli.commands", "podcast_kit.model"))}


def test_python_does_not_look_for_reference_cycles_at_exit():
    source = IMPORTED.format(arguments=["--version"]).replace(
        "sys.exit", "import gc; assert gc.get_freeze_count(); sys.exit"
    )
    subprocess.run([sys.executable, "-c", source], check=True, stdout=subprocess.DEVNULL)


def test_every_command_is_in_a_module_of_its_name():
    modules = {path.stem.rstrip("_") for path in Path(commands.__file__).parent.glob("[a-z]*.py")}
    assert modules == set(COMMANDS) == set(cli.list_commands(click.Context(cli)))


def test_unknown_command_is_a_usage_error():
    done = run("bulid")
    assert done.exit_code == 2
    assert "No such command 'bulid'" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_shows_how(name):
    said = run(name, "--help").output
    assert cli.commands[name].get_short_help_str()
    assert f"podcast-kit {name}" in said.split("\n", 1)[1]


def test_outside_a_show_the_fix_is_reported(tmp_path):
    done = run("build", "-C", tmp_path)
    assert done.exit_code == 1
    assert "podcast.yaml" in done.stderr
    assert "init" in done.stderr


def test_a_wrong_option_is_a_usage_error():
    assert run("build", "--no-such").exit_code == 2


def test_a_program_gets_one_document_even_when_it_fails(tmp_path):
    done = run("build", "-C", tmp_path, "--json")
    said = json.loads(done.stdout)
    assert said["schema"] == 1
    assert said["error"]


def test_module_and_script_are_the_same_command():
    module = [sys.executable, "-m", "podcast_kit", "--version"]
    said = subprocess.run(module, capture_output=True, text=True, check=True, env=os.environ).stdout
    assert said == run("--version").output


SLOW = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "MODULE":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Slow())
from podcast_kit.__main__ import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise")
@pytest.mark.parametrize("module", ["podcast_kit.cli", "podcast_kit.cli.commands.keys"])
def test_ctrl_c_while_it_is_being_loaded_is_taken_calmly(module):
    command = [sys.executable, "-c", SLOW.replace("MODULE", module), "keys"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == "interrupted\n"
    assert done.returncode in {130, -signal.SIGINT}  # a shell calls both 130


INTERRUPTED_BESIDE_A_FORK = """
import os, signal, time
from podcast_kit import __main__, cli

def command():
    os.register_at_fork(after_in_parent=lambda: signal.raise_signal(signal.SIGINT))
    if not os.fork():
        os._exit(0)
    time.sleep(20)

signal.signal(signal.SIGINT, signal.default_int_handler)
cli.run_command_line = command
__main__.main()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_ctrl_c_where_python_drops_it_is_taken_a_moment_later():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_BESIDE_A_FORK], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_help_of_a_command_equals_its_own_help():
    assert run("help", "publish").output.splitlines()[2:] == run("publish", "--help").output.splitlines()[2:]
    assert run("help").output == run("--help").output
    wrong = run("help", "publsh")
    assert (wrong.exit_code, "did you mean 'publish'?" in wrong.output) == (1, True)


def test_the_version_has_its_usual_short_names():
    assert run("-v").output == run("-V").output == run("--version").output


def test_the_manual_page_has_every_command_and_option():
    page = run("help", "--man").output.replace("\\-", "-")
    assert page.startswith('.TH PODCAST-KIT 1 "" "podcast-kit ')
    for name, entry in cli.commands.items():
        assert f".SS podcast-kit {name} " in page
        for option in entry.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[-1] in page, name


def test_progress_of_mastering_is_shown_in_percent_and_leaves_nothing_behind(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stderr, "fileno", lambda: 2, raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((80, 24)))
    console = Console()
    console.progress(Progress("measure", "004-pruning-apples", 300, 1200))
    console.progress(Progress("episode", "005", 1, 2))
    console.info("done")
    shown = capsys.readouterr().err
    assert "measure 25% 004-pruning-apples" in shown
    assert "\x1b" not in shown
    last_line = ""
    for piece in shown.replace("\n", "\r\n").split("\r"):
        last_line = piece.rstrip("\n") + last_line[len(piece.rstrip("\n")) :]
        if piece.startswith("done"):
            break
    assert last_line.rstrip() == "done"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "feed.xml"),
        ("import", "feed.xml", "copy"),
        ("new", "feed.xml"),
        ("loudness", "feed.xml"),
        ("inspect", "feed.xml"),
        ("publish", "--plan", "feed.xml"),
        ("publish", "--plan", "missing.plan"),
        ("stats", "update-lists", "feed.xml"),
        ("stats", "update-lists", "missing.json"),
    ],
    ids=" ".join,
)
def test_a_file_of_the_command_line_is_named_as_it_was_typed(tmp_path, monkeypatch, arguments):
    shows.small(tmp_path / "show")
    (tmp_path / "feed.xml").write_text("<rss><channel><title>x</channel></rss>")
    monkeypatch.chdir(tmp_path)
    result = run(*arguments, "-C", "show")
    assert result.exit_code == 1
    files = re.findall(r"^(\S+?)(?::\d+)*: (?:error|warning)", result.output, re.MULTILINE)
    assert set(files) == {argument for argument in arguments if "." in argument}


def test_a_file_of_the_show_is_named_from_where_the_command_runs(tmp_path, monkeypatch):
    folder = shows.small(tmp_path / "show")
    (folder / "episodes/001-talk.md").write_text("---\ntitle: [\n---\n")
    monkeypatch.chdir(tmp_path)
    for name in ("episodes/001-talk.md", "show/episodes/001-talk.md", "001-talk", "1"):
        assert run("check", name, "-C", "show").output.startswith("show/episodes/001-talk.md:3:1: error")


def test_a_command_for_an_episode_that_cannot_be_read_says_why(tmp_path):
    folder = shows.small(tmp_path, episodes=2)
    (folder / "episodes/002-talk.md").write_text("---\ntitle: [\n---\n")
    for arguments in (("publish", "2", "--keep-going", "--yes"), ("check", "002-talk")):
        result = run(*arguments, "-C", folder)
        assert result.exit_code == 1
        assert "episodes/002-talk.md:3:1: error: did not find expected node content" in result.output
