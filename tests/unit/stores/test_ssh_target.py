"""What `publish.to` says of a server, and what is refused: passwords, hidden folders, folders of the system."""

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.model import PublishSettings
from podcast_kit.stores import find_outside_place, is_server_target, normalize_place
from podcast_kit.stores.ssh_target import parse_server_target


@pytest.mark.parametrize(
    ("to", "scheme", "user", "host", "port", "path", "place"),
    [
        ("sftp://ann@srv.example/var/www/pod", "sftp", "ann", "srv.example", 0, "/var/www/pod", None),
        ("sftp://srv.example:2222/~/pod/", "sftp", "", "srv.example", 2222, "pod", "sftp://srv.example:2222/~/pod"),
        ("sftp://[::1]/srv/a%20b", "sftp", "", "::1", 0, "/srv/a b", None),
        ("ann@srv:/var/www/pod//", "ssh", "ann", "srv", 0, "/var/www/pod", "ann@srv:/var/www/pod"),
        ("srv:~/pod", "ssh", "", "srv", 0, "pod", "srv:~/pod"),
        ("rsync://srv:8873/module/pod", "rsync", "", "srv", 8873, "module/pod", "rsync://srv:8873/module/pod"),
    ],
)
def test_targets_are_read(to, scheme, user, host, port, path, place, tmp_path):
    target = parse_server_target(to)
    assert (target.scheme, target.user, target.host, target.port, target.path) == (scheme, user, host, port, path)
    assert target.place == (place or to)
    settings = PublishSettings(url="https://pod.example/", to=to)
    assert find_outside_place(settings, tmp_path) == normalize_place(to) == target.place
    assert parse_server_target(target.place) == target


@pytest.mark.parametrize("to", ["public", "s3://bucket/x", "C:/www", "a/b:c", "", "-oProxyCommand=x:/var/www"])
def test_other_targets_are_no_servers(to):
    assert not is_server_target(to)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("sftp://srv", "names no folder"),
        ("sftp://srv/", "names no folder"),
        ("srv:/", "names no folder"),
        ("srv:/home", "files of the system"),
        ("srv:/etc/pod", "files of the system"),
        ("srv:~/.ssh", "hidden folder"),
        ("sftp://srv/~/.ssh", "hidden folder"),
        ("srv:/var/www/../x", "'..'"),
        ("sftp://-oProxyCommand=x/var/www", "does not name a server"),
        ("sftp://srv:99999/var/www/x", "is not a URL"),
        ("sftp://srv/var/www?x=1", "'?'"),
        ("scp://srv/var/www", "not a way to publish"),
    ],
)
def test_wrong_targets_are_refused_with_a_fix(to, words):
    with pytest.raises(InvalidInput) as caught:
        parse_server_target(to)
    [problem] = caught.value.problems
    assert words in problem.text
    assert problem.fix


@pytest.mark.parametrize("scheme", ["sftp", "rsync"])
def test_a_password_is_refused_and_never_shown(scheme):
    with pytest.raises(InvalidInput) as caught:
        parse_server_target(f"{scheme}://ann:canary-password@srv/var/www/pod")
    [problem] = caught.value.problems
    assert problem.code == "key.secret"
    assert "canary" not in problem.text + problem.fix
