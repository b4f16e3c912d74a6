"""Values that PHP serialized: data are read, everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_kit.importer.tools.php_serialized import PhpDataError, parse_php_value


def serialize(value):
    """As PHP does it."""
    match value:
        case None:
            return b"N;"
        case bool():
            return b"b:%d;" % value
        case int():
            return b"i:%d;" % value
        case float():
            return b"d:%s;" % repr(value).encode()
        case str():
            data = value.encode()
            return b's:%d:"%s";' % (len(data), data)
        case dict():
            entries = b"".join(serialize(key) + serialize(entry) for key, entry in value.items())
            return b"a:%d:{%s}" % (len(value), entries)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.recursive(SCALARS, lambda inner: st.dictionaries(st.text(), inner, max_size=4), max_leaves=20))
def test_what_php_writes_is_read(value):
    assert parse_php_value(serialize(value)) == value


def test_texts_whose_length_is_wrong_end_at_the_next_value():
    data = b'a:2:{s:5:"title";s:13:"Tee & Geduld";s:1:"x";s:3:"a\nb";}'
    assert parse_php_value(data) == {"title": "Tee & Geduld", "x": "a\nb"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'O:8:"stdClass":1:{s:1:"a";i:1;}', "an object"),
        (b'C:11:"ArrayObject":37:{x:i:0;a:0:{};m:a:0:{}}', "an object"),
        (b'a:1:{i:0;O:3:"Foo":0:{}}', "an object"),
        (b"a:2:{i:0;i:1;i:1;R:2;}", "a reference"),
        (b"a:2:{i:0;i:1;i:1;r:1;}", "a reference"),
        (b'E:11:"Suit:Hearts";', "an enumeration"),
        (b"a:999999999:{", "an array of 999,999,999 values"),
        (b"a:20001:{", "an array of 20,001 values"),
        (b"a:2:{i:0;i:1;}", "cannot be read"),
        (b"a:1:{a:0:{}i:1;}", "neither text nor number"),
        (b"a:1:{b:1;i:1;}", "neither text nor number"),
        (b's:999999999:"a', "without an end"),
        (b's:-1:"a";', "cannot be read"),
        (b"i:99999999999999999999999999;", "a number"),
        (b"i:1e5;", "a number"),
        (b"d:E;", "a number"),
        (b"b:2;", "a number"),
        (b"i:1;i:2;", "has more after the value"),
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"a:1:{i:0;" * 13 + b"N;" + b"}" * 13, "nested deeper"),
        (b"x" * 1_000_001, "more than 1,000,000 bytes"),
    ],
)
def test_tricks_are_refused(data, reason):
    with pytest.raises(PhpDataError, match=reason):
        parse_php_value(data)


@pytest.mark.parametrize(
    "piece", [b's:9:"a";', b's:1:"', b'";', b"a:1:{i:0;", b"a:20000:{i:0;N;", b"N;", b"i:1;", b'"', b"a:0:{}"]
)
def test_repeated_pieces_are_refused(piece):
    for head in (b"", b"a:20000:{", b's:5:"'):
        with pytest.raises(PhpDataError):
            parse_php_value((head + piece * 1_000_000)[:1_000_000])
