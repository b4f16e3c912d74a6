"""Lists of subscribers: exports of services, columns that are named, tiers, and what is wrong with them."""

import pytest

from podcast_kit.errors import InvalidInput
from podcast_kit.model import PrivateSettings, SubscriberSource
from podcast_kit.source import members_lock, subscriber_lists
from podcast_kit.source.subscriber_lists import parse_subscriber_list

TIERS = ("supporter", "gold")
PATREON = (
    "Name,Email,Discord,Patron Status,Follows You,Tier,Pledge Amount\n"
    "Ann,ann@pod.example,,Active patron,No,Gold,10\nBo,bo@pod.example,,Former patron,No,Gold,10\n"
    "Cy,cy@pod.example,,Active patron,No,,5\nDee,dee@pod.example,,Declined patron,No,Supporter,5\n"
)
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
    "1,ann@pod.example,Ann,,true,false,cus_1,2026-01-01,,,Gold\n2,bo@pod.example,Bo,,true,false,,2026-01-01,,,\n"
    "3,cy@pod.example,Cy,,true,true,,2026-01-01,,,\n4,dee@pod.example,Dee,,true,false,cus_4,2026-01-01,2026-02-01,,Gold\n"
)
STRIPE = (
    "id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Status,Created (UTC)\n"
    "sub_1,cus_1,,ann@pod.example,price_1,1,active,2026\nsub_2,cus_2,,bo@pod.example,price_1,1,canceled,2026\n"
    "sub_3,cus_3,,cy@pod.example,price_1,1,trialing,2026\n"
)
MEMBERFUL = (
    "Full Name,Email,Plan,Active\nAnn,ann@pod.example,gold,Yes\nBo,bo@pod.example,gold,No\n"
    "Cy,cy@pod.example,supporter,Yes\n"
)


LIST = SubscriberSource(file="list.csv")


def parse(text, source=LIST, tiers=TIERS):
    return parse_subscriber_list(text if isinstance(text, bytes) else text.encode(), source, tiers, "list.csv")


def problems(text, **options):
    with pytest.raises(InvalidInput) as refused:
        parse(text, **options)
    return [(problem.location.line, problem.code) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "ann"), [(PATREON, "gold"), (GHOST, "gold"), (STRIPE, "supporter"), (MEMBERFUL, "gold")]
)
def test_exports_are_recognized_by_their_header_and_only_active_members_count(text, ann):
    listed = parse(text)
    assert listed.names == ("ann@pod.example", "cy@pod.example")
    assert listed.tiers == {"ann@pod.example": ann, "cy@pod.example": "supporter"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_mapped_once(separator):
    columns = {"name": "Login", "tier": "Level", "status": "State"}
    source = SubscriberSource(file="list.csv", columns=columns, active=("ok",))
    rows = ["Login", "Level", "State"], ["ann", "GOLD", "ok"], ["bo", "gold", "gone"], ["=cmd|' /C calc'!A0", "", "OK"]
    listed = parse("\ufeff" + "\r\n".join(map(separator.join, rows)), source=source)
    assert listed.names == ("ann", "=cmd|' /C calc'!A0"), "a formula is a name like any other"


def test_someone_with_two_tiers_has_the_higher_one():
    assert parse('email,tier\na@b.example,"supporter, gold"\nA@B.example,supporter\n').tiers == {"a@b.example": "gold"}


def test_what_is_wrong_is_reported_at_its_line():
    assert problems("email,tier\nann,gld\nbo,gold\n,gold\nx\u202ey,gold\n") == [
        (2, "audience.tier"),
        (4, "list.column"),
        (5, "value.long"),
    ]
    assert problems("foo,bar\n1,2\n") == [(1, "list.column")]
    source = SubscriberSource(file="list.csv", columns={"name": "Email", "tier": "Level"})
    assert problems("Email,Tier\n1,2\n", source=source) == [(1, "list.column")]
    assert problems(b"\x89PNG\r\n\x1a\n\0\0\xff") == [(1, "file.encoding")]
    assert [code for _, code in problems("email\n\0\n")] == ["file.encoding"]
    assert problems('email\n"' + "x" * 200_000) == [(1, "value.form")]


@pytest.mark.parametrize(
    "text",
    [
        "Annegret Zeisig,annegret@pod.example\nBodo,bodo@pod.example\n",
        "email,tier\nbodo@pod.example,annegret@pod.example\n",
        'email,tier\n"annegret@pod.example" x,Annegret\n"annegret',
        f"email\nannegret{'t' * 200}\n",
        b"email\nannegret\xff@pod.example\n",
    ],
)
def test_problems_of_a_list_show_no_one(text):
    with pytest.raises(InvalidInput) as refused:
        parse(text)
    assert refused.value.problems
    assert "annegret" not in "".join(map(str, refused.value.problems)).casefold()


def test_a_list_without_members_is_empty():
    assert not parse("")
    assert not parse("email,tier\n")


def test_a_missing_file_is_reported_and_a_list_that_was_never_fetched_is_empty(tmp_path):
    with pytest.raises(InvalidInput) as refused:
        subscriber_lists.load_subscribers(tmp_path, PrivateSettings(subscribers=SubscriberSource(file="a.csv")))
    assert refused.value.problems[0].code == "file.missing"
    settings = PrivateSettings(subscribers=SubscriberSource(command=("true",)))
    assert not subscriber_lists.load_subscribers(tmp_path, settings)


def test_renewals_are_read_back_and_name_no_one(tmp_path):
    secret = bytes(range(32))
    renewed = members_lock.RenewedAddresses().renew_feed(secret, "Ann Lee").renew_feed(secret, "ann  lee").renew_media()
    members_lock.write_members_lock(tmp_path, renewed)
    assert members_lock.read_members_lock(tmp_path) == renewed
    assert renewed.generations(secret, ["Ann Lee", "Bo"]) == {"Ann Lee": 2}
    assert "ann" not in (tmp_path / members_lock.MEMBERS_LOCK).read_text().casefold()


@pytest.mark.parametrize(
    "text", ["version: 2\n", "feeds: {Ann: 1}\nversion: 1\n", "version: 1\nmedia: -1\n", "\0", "[]"]
)
def test_a_damaged_file_of_renewals_is_reported(tmp_path, text):
    (tmp_path / members_lock.MEMBERS_LOCK).write_text(text)
    with pytest.raises(InvalidInput):
        members_lock.read_members_lock(tmp_path)
