"""Texts that the tags of every format have in common."""

from __future__ import annotations

import re

from podcast_kit.model import Chapter, Tags
from podcast_kit.text.dates import format_tag_date

TAG_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

ISO639_PAIRS = """
aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bih bi:bis
bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym da:dan de:deu dv:div
dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij fo:fao fr:fra fy:fry ga:gle gd:gla
gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo
ii:iii ik:ipk io:ido is:isl it:ita iu:iku ja:jpn jv:jav ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor
kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah
mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl
nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus
rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw st:sot su:sun
sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi ty:tah ug:uig
uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:zho zu:zul
"""
ISO639_2_CODES = dict(pair.split(":") for pair in ISO639_PAIRS.split())


def iso639_2(language: str) -> str:
    """The ISO 639-2 (T) code of a BCP 47 tag: `eng` for `en-GB`; `und` if it is unknown."""
    first = re.split("[-_]", language.strip().lower())[0]
    if len(first) == 3 and first.isascii() and first.isalpha():
        return first
    return ISO639_2_CODES.get(first, "und")


def clean_tag_text(text: str) -> str:
    """The text without what tags cannot hold: control characters and lone surrogates."""
    return (
        TAG_CONTROL_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        .encode("utf-8", "ignore")
        .decode("utf-8")
    )


def clean_tag_line(text: str) -> str:
    """The cleaned text in a single line."""
    return " ".join(clean_tag_text(text).split())


def sort_title(tags: Tags) -> str:
    """`Show 0007`, or `Show 02 0007` with a season; empty without an episode number."""
    if tags.number is None:
        return ""
    season = f"{tags.season:02} " if tags.season is not None else ""
    return f"{clean_tag_line(tags.show)} {season}{tags.number:04}"


def tag_date(tags: Tags) -> str:
    """The publication date as `2026-03-01T08:00:00Z`; empty without one."""
    return format_tag_date(tags.date) if tags.date else ""


def copyright_line(tags: Tags) -> str:
    """The copyright as ID3 requires it: beginning with the year, without ©."""
    return clean_tag_line(tags.copyright).removeprefix("©").strip()


def with_chapter_ends(chapters: tuple[Chapter, ...], end_ms: int) -> list[tuple[Chapter, int]]:
    """Chapters in order, each with its end in ms: its own, else the start of the next listed one, else `end_ms`.

    Chapters after the end of the file are dropped, since players would show them although they cannot be reached.
    """
    marks = sorted((mark for mark in chapters if mark.start_ms < end_ms), key=lambda mark: mark.start_ms)
    ends, next_start_ms = [], end_ms
    for mark in reversed(marks):
        stop = mark.end_ms if mark.end_ms is not None and mark.end_ms > mark.start_ms else next_start_ms
        ends.append((mark, max(min(stop, end_ms), mark.start_ms)))
        if mark.toc:
            next_start_ms = mark.start_ms
    return ends[::-1]


def chapters_from_starts(marks: list[tuple[int, str, str]]) -> tuple[Chapter, ...]:
    """Chapters from start (ms), title and link of each, in order; each ends where the next one begins."""
    stops: list[int | None] = [start for start, _, _ in marks[1:]]
    return tuple(
        Chapter(start_ms=start, end_ms=stop, title=title, url=url)
        for (start, title, url), stop in zip(marks, [*stops, None], strict=False)
    )
