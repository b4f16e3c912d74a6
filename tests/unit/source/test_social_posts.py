from podcast_kit.model import Element, SocialPost
from podcast_kit.source.social_posts import add_social_elements, list_social_posts

TOOT = SocialPost("https://social.example/1", "activitypub", "@show@social.example", "https://social.example/@show")
SKEET = SocialPost("at://did:plc:abc/app.bsky.feed.post/3k2", "atproto", "pod.example")


def element(**attributes):
    return Element("podcast:socialInteract", "", tuple(attributes.items()))


def rows(elements):
    return [dict(element.attributes) for element in elements]


def test_posts_are_named_in_order_with_account_and_priority():
    assert rows(add_social_elements((), (TOOT, SKEET))) == [
        {
            "protocol": "activitypub",
            "uri": TOOT.uri,
            "accountId": "@show@social.example",
            "accountUrl": "https://social.example/@show",
            "priority": "1",
        },
        {"protocol": "atproto", "uri": SKEET.uri, "accountId": "pod.example", "priority": "2"},
    ]


def test_what_the_author_names_stays_first_and_is_not_repeated():
    other = Element("podcast:season", "1")
    own = element(protocol="activitypub", uri="https://other.example/9", priority="5")
    elements = add_social_elements((other, own), (TOOT,))
    assert elements[:2] == (other, own)
    assert [row["priority"] for row in rows(elements[1:])] == ["5", "6"]
    assert add_social_elements((element(protocol="activitypub", uri=TOOT.uri),), (TOOT,)) == (
        element(protocol="activitypub", uri=TOOT.uri),
    )


def test_disabled_comments_have_no_posts():
    disabled = element(protocol="disabled")
    assert add_social_elements((disabled,), (TOOT,)) == (disabled,)
    assert list_social_posts((element(protocol="activitypub", uri=TOOT.uri), disabled)) == ()


def test_posts_are_read_back_from_the_elements():
    posts = list_social_posts(add_social_elements((), (TOOT, SKEET)))
    assert [(post.uri, post.protocol, post.account) for post in posts] == [
        (TOOT.uri, "activitypub", TOOT.account),
        (SKEET.uri, "atproto", "pod.example"),
    ]
