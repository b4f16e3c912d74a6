"""Addresses in the user's own lists: data centres and countries."""

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.stats.addresses import AddressBook

NETWORKS = """# examples
192.0.2.0/25
192.0.2.128/25   # next to each other
198.51.100.7
2001:db8:1::/48
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("192.0.1.255", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8:1:ffff", True),
        ("2001:db8:2:0", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_networks_of_data_centres(tmp_path, address, expected):
    path = tmp_path / "networks.txt"
    path.write_text(NETWORKS)
    assert AddressBook(datacenters=path).look_up(address).is_datacenter is expected


def test_every_line_that_is_not_a_network_is_reported(tmp_path):
    path = tmp_path / "networks.txt"
    path.write_text("192.0.2.0/24\nhello\n1.2.3.4/99\n")
    with pytest.raises(InvalidInput) as caught:
        AddressBook(datacenters=path)
    assert [(problem.location.line, problem.code) for problem in caught.value.problems] == [
        (2, "stats.networks"),
        (3, "stats.networks"),
    ]


def test_file_that_is_no_database_of_countries_is_reported(tmp_path):
    path = tmp_path / "countries.mmdb"
    path.write_text("hello")
    with pytest.raises(InvalidInput) as caught:
        AddressBook(countries=path)
    assert caught.value.problems[0].code == "stats.countries"
