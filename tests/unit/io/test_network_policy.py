import pytest

from podcast_kit.io.network_policy import NetworkPolicy, is_private_host, is_public_address, is_same_local_origin


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::ffff:ffff",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2606:4700::5efe:127.0.0.1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "not an address",
    ],
)
def test_an_address_that_is_not_on_the_public_internet(address):
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"],
)
def test_an_address_on_the_public_internet(address):
    assert is_public_address(address)


def test_trust_covers_the_url_itself_what_is_below_a_folder_and_the_same_local_origin():
    assert not NetworkPolicy().trusts("http://127.0.0.1/feed.xml")
    assert NetworkPolicy.trust("https://pod.example/feed.xml").trusts("https://pod.example/feed.xml")
    assert not NetworkPolicy.trust("https://pod.example/feed.xml").trusts("https://pod.example/a.mp3")
    assert NetworkPolicy.trust("https://pod.example/").trusts("https://pod.example/a.mp3")
    assert not NetworkPolicy.trust("https://pod.example/").trusts("https://pod.example.evil.example/a.mp3")
    assert NetworkPolicy.trust("http://127.0.0.1:8000/feed.xml").trusts("http://127.0.0.1:8000/a.mp3")
    assert not NetworkPolicy.trust("http://127.0.0.1:8000/feed.xml").trusts("http://127.0.0.1:8001/a.mp3")
    assert NetworkPolicy(is_offline=True).extend("http://nas.lan/").is_offline


def test_a_local_origin_is_an_ip_address_or_a_name_that_is_not_in_public_dns():
    for host in ("127.0.0.1", "[::1]", "localhost", "nas", "nas.local", "8.8.8.8"):
        assert is_same_local_origin(f"http://{host}/a", f"http://{host}/b")
    assert not is_same_local_origin("http://pod.example/a", "http://pod.example/b")
    assert not is_same_local_origin("http://[/", "http://[/")


def test_a_private_host_is_recognized_without_resolving_it():
    assert [host for host in ("10.0.0.1", "nas.local", "8.8.8.8", "pod.example") if is_private_host(host)] == [
        "10.0.0.1",
        "nas.local",
    ]
