"""What is known of an address beside the log: its country, and whether it belongs to a data centre.

Both come from files of the user, and are looked up while a log is read, as addresses are not kept.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_kit.errors import InvalidInput, OperationError, Problem, SourceLocation

if TYPE_CHECKING:
    from maxminddb import Reader

MAX_NETWORKS_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """What is known of one address."""

    country: str = ""
    """Two letters; empty where unknown."""
    is_datacenter: bool = False


class AddressBook:
    """Looks up addresses in a .mmdb file of countries and in a list of networks of data centres."""

    def __init__(self, countries: Path | None = None, datacenters: Path | None = None) -> None:
        self._countries = _open_countries(countries) if countries else None
        ranges = _read_networks(datacenters) if datacenters else []
        self._starts, self._ends = [first for first, _ in ranges], [last for _, last in ranges]

    def look_up(self, address: str) -> AddressFacts:
        """What is known of an IPv4 address, or of the first four groups of an IPv6 address."""
        try:
            parsed = ipaddress.ip_address(f"{address}::" if ":" in address else address)
        except ValueError:
            return AddressFacts()
        number = _to_number(parsed)
        index = bisect_right(self._starts, number) - 1
        return AddressFacts(self._country_of(address, parsed), index >= 0 and number <= self._ends[index])

    def _country_of(self, address: str, parsed: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
        if self._countries is None:
            return ""
        try:
            entry = self._countries.get(parsed)
        except ValueError as error:  # an IPv6 address in a file that only has IPv4
            if ":" in address:
                return ""
            raise OperationError(f"the .mmdb file is damaged: {error}", "download it again") from error
        entry = entry if isinstance(entry, dict) else {}
        for name in ("country", "registered_country"):
            country = entry.get(name)
            code = country.get("iso_code") if isinstance(country, dict) else country
            if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha():  # noqa: PLR2004
                return code.upper()
        return ""


def _to_number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    """One order for both kinds of address: IPv4 as ::ffff:a.b.c.d."""
    return int(address) if address.version == 6 else 0xFFFF_0000_0000 + int(address)  # noqa: PLR2004


def _open_countries(path: Path) -> Reader:
    try:
        import maxminddb
    except ImportError:
        fix = "install it with: pip install 'podcast-kit[stats]'"
        raise OperationError("countries need the library maxminddb, which is not installed", fix) from None
    try:
        return maxminddb.open_database(path)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        text = f"cannot be read as a database of countries: {error}"
        fix = "download a .mmdb file of countries, such as GeoLite2-Country or DB-IP"
        raise InvalidInput([Problem(SourceLocation(str(path)), text, fix, "stats.countries")]) from None


def _read_networks(path: Path) -> list[tuple[int, int]]:
    """The networks of a text file, one a line, as sorted ranges that do not overlap."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_NETWORKS_BYTES).decode("utf-8", "replace")
    except OSError as error:
        fix = "name a text file with one network a line, such as 192.0.2.0/24"
        text = f"cannot be read: {error.strerror or error}"
        raise InvalidInput([Problem(SourceLocation(str(path)), text, fix, "file.read")]) from None
    networks, problems = [], []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            location = SourceLocation(str(path), number)
            fix = "write one network a line, such as 192.0.2.0/24 or 2001:db8::/32"
            problems.append(Problem(location, f"{entry[:80]!r} is not a network", fix, "stats.networks"))
    if problems:
        raise InvalidInput(problems)
    ranges = [(_to_number(network[0]), _to_number(network[-1])) for network in networks]
    return _merge_ranges(ranges)


def _merge_ranges(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return merged
