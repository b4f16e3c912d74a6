"""Publishing to servers by SFTP and rsync: kills at every step, host keys, refused logins, lost connections."""

import contextlib
import hashlib
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from podcast_kit.errors import OperationError, PublishConflict, StoreAccessError
from podcast_kit.model import PublishSettings
from podcast_kit.plan import plan_changes
from podcast_kit.publish import publish_plan
from podcast_kit.stores import (
    IF_NONE_MATCH,
    ConditionalWrites,
    Upload,
    if_match,
    lock_lease,
    open_store,
    rsync,
    ssh_connection,
    validate_target,
)
from podcast_kit.stores.sftp import SERVER_LOCK_KEY, SFTP_PART_SUFFIX
from tests.support import output_trees
from tests.support import ssh_server as servers

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://pod.example/"


class KilledError(BaseException):
    """The publish dies here, and does nothing more."""


def open_target(to, folder):
    return validate_target(PublishSettings(url=URL, to=to), folder)


def make_upload(key="feed.xml", content=b"one"):
    return Upload(
        key=key,
        content=content,
        size=len(content),
        content_type="text/plain",
        cache_control="",
        sha256=hashlib.sha256(content).hexdigest(),
    )


class CountingClient:
    """An SFTP session that dies at the given operation, and at every later one."""

    def __init__(self, client, tick):
        self._client, self._tick = client, tick

    def __getattr__(self, name):
        value = getattr(self._client, name)
        if not callable(value):
            return value

        def call(*arguments, **settings):
            self._tick()
            result = value(*arguments, **settings)
            return CountingClient(result, self._tick) if name in {"open", "file"} else result

        return call

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.close()


def die_at(store, number):
    """Let the store's session die at an operation; returns the counter."""
    counter, open_client, lock = {"done": 0}, store._connection.client, threading.Lock()

    def tick():
        with lock:
            counter["done"] += 1
            if counter["done"] >= number:
                raise KilledError

    store._connection.client = lambda: CountingClient(open_client(), tick)
    return counter


def require_whole_feed(root, feeds):
    """The live feed is one of these, and everything that it names is there."""
    content = (root / "feed.xml").read_bytes()
    assert content in feeds
    for line in content.decode().split('"'):
        if line.startswith(URL) and "." in line.rpartition("/")[2]:
            assert (root / line.removeprefix(URL)).is_file(), line


def publish(outputs, store, days=0):
    return output_trees.publish_outputs(outputs, store, now=NOW + timedelta(days=days))


def test_killed_at_every_operation_the_live_feed_is_whole(ssh_server, tmp_path):
    root, url = tmp_path / "site", ssh_server.sftp_url(tmp_path / "site")
    first = output_trees.write_tree(tmp_path / "one", URL, {"one": b"sound of one"})
    second = output_trees.write_tree(tmp_path / "two", URL, {"one": b"sound of one", "two": b"two" * 40_000})
    feeds = [outputs["feed.xml"].path.read_bytes() for outputs in (first, second)]
    publish(first, open_target(url, tmp_path))
    shutil.copytree(root, tmp_path / "before")
    counter = die_at(counted := open_target(url, tmp_path), 10**9)
    publish(second, counted, 1)
    total = counter["done"]
    assert total > 50
    seen = set()
    for number in range(1, total + 1, 3):
        shutil.rmtree(root)
        shutil.copytree(tmp_path / "before", root)
        store = open_target(url, tmp_path)
        die_at(store, number)
        with contextlib.suppress(KilledError):
            publish(second, store, 1)
        store._connection.drop()
        require_whole_feed(root, feeds)
        seen.add((root / "feed.xml").read_bytes())
    assert len(seen) >= 1
    (root / SERVER_LOCK_KEY).unlink(missing_ok=True)  # else the next publish waits for a minute
    publish(second, open_target(url, tmp_path), 2)
    assert (root / "feed.xml").read_bytes() == feeds[1]
    require_whole_feed(root, feeds)


def test_killed_at_every_run_of_rsync_the_live_feed_is_whole(rsync_server, tmp_path, monkeypatch):
    root = rsync_server.root / tmp_path.name
    to = f"rsync://127.0.0.1:{rsync_server.port}/files/{tmp_path.name}"
    first = output_trees.write_tree(tmp_path / "one", URL, {"one": b"sound of one"})
    second = output_trees.write_tree(tmp_path / "two", URL, {"one": b"sound of one", "two": b"two" * 40_000})
    feeds = [outputs["feed.xml"].path.read_bytes() for outputs in (first, second)]
    run, runs = rsync.RsyncStore._run, []

    def publish_all(outputs, days):
        store = open_target(to, tmp_path)
        plan = plan_changes(outputs, output_trees.read_state(store), feed_key="feed.xml")
        list(publish_plan(plan, store, now=NOW + timedelta(days=days), allow_unprotected_writes=True))

    publish_all(first, 0)
    shutil.copytree(root, tmp_path / "before")
    monkeypatch.setattr(rsync.RsyncStore, "_run", lambda *a, **k: (runs.append(a), run(*a, **k))[1])
    publish_all(second, 1)
    total = len(runs)
    assert total > 4
    for number in range(1, total + 1):
        shutil.rmtree(root)
        shutil.copytree(tmp_path / "before", root)
        runs.clear()

        def run_and_die(*arguments, number=number, **settings):
            runs.append(arguments)
            if len(runs) == number and number % 2:  # the others die before anything happens
                run(*arguments, **settings)
            if len(runs) >= number:
                raise KilledError
            return run(*arguments, **settings)

        monkeypatch.setattr(rsync.RsyncStore, "_run", run_and_die)
        with pytest.raises(KilledError):
            publish_all(second, 1)
        require_whole_feed(root, feeds)
    monkeypatch.setattr(rsync.RsyncStore, "_run", run)
    publish_all(second, 2)
    assert (root / "feed.xml").read_bytes() == feeds[1]


def test_a_store_without_conditional_writes_is_refused_unless_allowed(rsync_server, tmp_path):
    store = open_target(f"rsync://127.0.0.1:{rsync_server.port}/files/{tmp_path.name}", tmp_path)
    outputs = output_trees.write_tree(tmp_path / "one", URL, {"one": b"sound of one"})
    with pytest.raises(StoreAccessError, match="silently ignores conditional writes") as caught:
        publish(outputs, store)
    assert "--allow-unprotected-writes" in caught.value.fix


def test_a_lost_connection_is_opened_again(ssh_server, tmp_path):
    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    store.put(make_upload())
    ssh_server.kill_sessions()
    assert store.get("feed.xml").content == b"one"
    sent = []

    def kill_once(size):
        if not sent:
            ssh_server.kill_sessions()
        sent.append(size)

    store.put(make_upload("media/big.mp3", bytes(5 << 20)), IF_NONE_MATCH, kill_once)
    assert (tmp_path / "site/media/big.mp3").read_bytes() == bytes(5 << 20)


def test_a_server_that_is_gone_is_reported_and_the_old_file_stays(ssh_server, tmp_path, monkeypatch):
    monkeypatch.setattr("podcast_kit.stores.sftp.RETRY_DELAY_S", 0)
    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    etag = store.put(make_upload())
    try:
        ssh_server.stop()
        with pytest.raises(OperationError, match=r"cannot reach the server|connection .* was lost") as caught:
            store.put(make_upload(content=b"two"), if_match(etag))
        assert "nothing was lost" in caught.value.fix
        assert (tmp_path / "site/feed.xml").read_bytes() == b"one"
    finally:
        ssh_server.start()


def test_an_unknown_host_key_is_refused_with_its_fingerprint(ssh_server, tmp_path, monkeypatch):
    (tmp_path / "empty").write_text("")
    monkeypatch.setenv("PODCAST_KIT_SFTP_KNOWN_HOSTS", str(tmp_path / "empty"))
    with pytest.raises(StoreAccessError, match="host key is not known: ssh-ed25519 SHA256:") as caught:
        open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path).get("feed.xml")
    assert "fingerprint" in caught.value.fix
    assert not (tmp_path / "site").exists()
    assert (tmp_path / "empty").read_text() == ""


def test_another_host_key_is_refused(ssh_server, tmp_path, monkeypatch):
    other = servers.make_key(tmp_path / "other_key").with_suffix(".pub").read_text().split()
    line = f"[127.0.0.1]:{ssh_server.port} {other[0]} {other[1]}\n"
    monkeypatch.setenv("PODCAST_KIT_SFTP_KNOWN_HOSTS", line)
    with pytest.raises(StoreAccessError, match="another than known_hosts has") as caught:
        open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path).get("feed.xml")
    assert "ssh-keygen -R" in caught.value.fix


def test_keys_and_hosts_can_be_texts_of_the_environment(ssh_server, tmp_path, monkeypatch):
    monkeypatch.setenv("PODCAST_KIT_SFTP_KNOWN_HOSTS", "# a comment\n" + ssh_server.known_hosts.read_text())
    monkeypatch.setenv("PODCAST_KIT_SFTP_KEY", ssh_server.key.read_text())
    assert open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path).get("feed.xml") is None


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("PODCAST_KIT_SFTP_KEY", "-----BEGIN NOTHING-----\nabc\n-----END NOTHING-----", "is not a private key"),
        ("PODCAST_KIT_SFTP_KEY", "", "refused to let you in"),
        ("PODCAST_KIT_SFTP_KNOWN_HOSTS", "/does/not/exist", "cannot be read"),
        ("PODCAST_KIT_SFTP_KNOWN_HOSTS", "host ssh-ed25519 not-a-key", "cannot be read as a host key"),
    ],
)
def test_wrong_credentials_are_reported_without_showing_them(ssh_server, tmp_path, monkeypatch, variable, value, text):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("PODCAST_KIT_SFTP_PASSWORD", "canary-password-1")
    monkeypatch.setenv(variable, value)
    with pytest.raises(StoreAccessError, match=text) as caught:
        open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path).get("feed.xml")
    assert caught.value.fix
    assert "canary" not in f"{caught.value.text} {caught.value.fix}"
    assert "BEGIN" not in caught.value.text


def test_an_encrypted_key_needs_its_passphrase(ssh_server, tmp_path, monkeypatch):
    key = servers.make_key(tmp_path / "locked", passphrase="a long passphrase")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (ssh_server.folder / "authorized_keys").open("a") as file:
        file.write(key.with_suffix(".pub").read_text())
    monkeypatch.setenv("PODCAST_KIT_SFTP_KEY", str(key))
    target = ssh_server.sftp_url(tmp_path / "site")
    with pytest.raises(StoreAccessError, match="private key is encrypted"):
        open_target(target, tmp_path).get("feed.xml")
    monkeypatch.setenv("PODCAST_KIT_SFTP_KEY_PASSPHRASE", "a long passphrase")
    assert open_target(target, tmp_path).get("feed.xml") is None


def test_a_server_that_says_nothing_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(ssh_connection, "SSH_LOGIN_S", 0.3)
    monkeypatch.setattr("podcast_kit.stores.sftp.RETRY_DELAY_S", 0)
    pytest.importorskip("paramiko", reason="the extra sftp is not installed")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = open_target(f"sftp://a@127.0.0.1:{silent.getsockname()[1]}/srv/site", tmp_path)
        with pytest.raises(OperationError, match="cannot reach the server"):
            store.get("feed.xml")


def test_a_lock_that_was_left_behind_is_taken_away(ssh_server, tmp_path, monkeypatch):
    monkeypatch.setattr(lock_lease, "STALE_AFTER_S", 0.3)
    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    etag = store.put(make_upload())
    lock = tmp_path / "site" / SERVER_LOCK_KEY
    lock.parent.mkdir(exist_ok=True)
    lock.write_bytes(b"of a publish that was killed")
    store.put(make_upload(content=b"two"), if_match(etag))
    assert (tmp_path / "site/feed.xml").read_bytes() == b"two"
    assert list(lock.parent.iterdir()) == []


def test_a_lock_that_others_hold_is_waited_for(ssh_server, tmp_path, monkeypatch):
    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    etag = store.put(make_upload())
    lock = tmp_path / "site" / SERVER_LOCK_KEY
    lock.parent.mkdir(exist_ok=True)
    lock.write_bytes(b"of another publish")
    released = []

    def release():
        released.append((lock.read_bytes(), store.get("feed.xml").content))
        lock.unlink()

    monkeypatch.setattr(lock_lease, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: release()))
    store.put(make_upload(content=b"two"), if_match(etag))
    assert released == [(b"of another publish", b"one")]
    assert store.get("feed.xml").content == b"two"


def test_two_publishers_exclude_each_other(ssh_server, tmp_path):
    stores = [open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path) for _ in range(2)]
    etag = stores[0].put(make_upload(content=b"0"))
    wins = [0, 0]

    def write(number):
        for _ in range(15):
            current = stores[number].get("feed.xml")
            try:
                stores[number].put(make_upload(content=b"%d" % (int(current.content) + 1)), if_match(current.etag))
            except PublishConflict:
                continue
            wins[number] += 1

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, range(2)))
    assert etag
    assert int(stores[0].get("feed.xml").content) == sum(wins)  # no acknowledged write was lost


def test_unfinished_files_are_no_part_of_the_store_and_are_swept(ssh_server, tmp_path):
    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    store.put(make_upload())
    (tmp_path / f"site/.0123{SFTP_PART_SUFFIX}").write_bytes(b"half")
    assert [row.key for row in store.list()] == ["feed.xml"]
    assert store.abort_stale_uploads(datetime.now(UTC) - timedelta(days=1)) == 0
    assert store.abort_stale_uploads(datetime.now(UTC) + timedelta(days=1)) == 1
    assert not (tmp_path / f"site/.0123{SFTP_PART_SUFFIX}").exists()


def test_a_place_on_a_server_has_to_be_allowed(ssh_server, tmp_path):
    settings = PublishSettings(url=URL, to=ssh_server.sftp_url(tmp_path / "site"))
    with pytest.raises(OperationError, match="outside of the show's folder") as caught:
        open_store(settings, tmp_path)
    assert "--allow-place sftp://" in caught.value.fix


def test_doctor_says_what_a_server_cannot_promise(ssh_server, tmp_path):
    from podcast_kit.publish.doctor import diagnose_store

    store = open_target(ssh_server.sftp_url(tmp_path / "site"), tmp_path)
    outcomes = {row.key: row for row in diagnose_store(store, "http://127.0.0.1:9/", tmp_path, now=NOW)}
    assert "a lock file keeps publishes of podcast-kit apart" in outcomes["conditional writes"].action
    assert store.conditional_writes is ConditionalWrites.LOCK_FILE
    assert not any(path.is_file() for path in (tmp_path / "site").rglob("*"))


def test_full_disk_and_forbidden_folders_are_reported(ssh_server, tmp_path):
    store = open_target(ssh_server.sftp_url(Path("/dev/full/site")), tmp_path)
    with pytest.raises((OperationError, StoreAccessError)) as caught:
        store.put(make_upload())
    assert caught.value.fix
