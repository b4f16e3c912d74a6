from podcast_kit.errors import SourceLocation
from podcast_kit.model import FeedDocument, Node


def test_node_finds_children_by_key():
    node = Node("channel", "channel", children=(Node("a", "x", text=" one "), Node("b", "x"), Node("c", "y")))
    assert [child.name for child in node.children_named("x")] == ["a", "b"]
    assert (node.child("x"), node.child("z")) == (node.children[0], None)
    assert (node.child_text("x"), node.child_text("z")) == ("one", "")


def test_document_without_channel_has_no_items():
    document = FeedDocument(path="feed.xml", root=Node("rss", "rss", line=2, column=3), size=1)
    assert (document.channel, document.items) == (None, ())
    assert document.location_of() == SourceLocation("feed.xml")
    assert document.location_of(document.root) == SourceLocation("feed.xml", 2, 3)
