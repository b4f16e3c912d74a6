"""What a server says of a request that it refuses is shown without the secrets that it was sent."""

import json

import pytest

from podcast_kit.announce.api import MAX_SHOWN_REASON_LEN, ApiCaller, PostError, answer_reason
from podcast_kit.model import Response

TOKEN = "AAF-a-token-that-nobody-may-see"


class Refusing:
    """Stands for an HTTP client whose server repeats what it was sent."""

    def __init__(self, reason):
        self.body = json.dumps({"error": reason}).encode()

    def send(self, *_, **__):
        return Response(url="https://social.example/posts", status=400), self.body


@pytest.mark.parametrize(
    ("base_url", "headers", "secrets"),
    [
        ("https://social.example", {"Authorization": f"Bearer {TOKEN}"}, ()),
        (f"https://hooks.example/services/T000/{TOKEN}", {}, ()),
        ("https://pds.example", {}, (TOKEN,)),
    ],
)
def test_a_token_in_an_answer_is_left_out(base_url, headers, secrets):
    caller = ApiCaller(Refusing(f"no such token: {TOKEN}; is it {TOKEN}?"), base_url, headers, secrets=secrets)
    with pytest.raises(PostError) as caught:
        caller.call("/posts", method="POST", content=b"{}")
    assert caught.value.reason == "no such token: …; is it …?"
    assert caught.value.text.endswith("answers 400: no such token: …; is it …?")


@pytest.mark.parametrize("length", range(MAX_SHOWN_REASON_LEN - len(TOKEN), MAX_SHOWN_REASON_LEN))
def test_a_token_that_the_line_would_cut_is_left_out_whole(length):
    line = answer_reason(json.dumps({"error": "x" * length + TOKEN}).encode(), (TOKEN,))
    assert line == "x" * length + "…"
