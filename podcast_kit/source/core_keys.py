"""What each key means that the show's and the episode's own readers take: for `podcast-kit keys` and the documentation.

All other keys are rows of `namespaces`, where they are described.
"""

from __future__ import annotations

from dataclasses import dataclass

from podcast_kit.model import PROVIDER_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreKey:
    """A key of podcast.yaml or of the front matter, or one inside of such a key."""

    name: str
    about: str
    """What it is for, in one sentence."""
    form: str = "text"
    """What its value looks like."""
    default: str = ""
    """What applies without it; empty if nothing does."""
    is_required: bool = False
    other_names: tuple[str, ...] = ()
    example: str = ""
    """Lines of YAML; empty for keys inside of another."""
    details: str = ""
    """More about it, in Markdown."""
    fields: tuple[CoreKey, ...] = ()
    """The keys inside of it."""


FLAG = "true or false"
IMAGE = "path of a JPEG or PNG file"
URL = "URL"
TIME_FORM = "time, such as 12:34, 1:02:03 or seconds"

_PERSON = (
    CoreKey(name="name", about="The person's name.", is_required=True),
    CoreKey(
        name="role",
        about="What the person does.",
        form="a role of the podcast taxonomy, such as host, guest, editor",
        default="host",
    ),
    CoreKey(
        name="group", about="The role's group.", form="a group of the podcast taxonomy, such as cast", default="cast"
    ),
    CoreKey(name="url", about="The person's website.", form=URL, other_names=("href",)),
    CoreKey(name="image", about="A picture of the person.", form="path of an image, or URL", other_names=("img",)),
)
_PEOPLE_DETAILS = (
    "An entry is a name, or a mapping. Each person gets a page with their episodes. "
    "An episode that lists no people has those of `podcast.yaml`."
)
_AUDIO = (
    CoreKey(
        name="loudness",
        about="Bring recordings to this integrated loudness.",
        form="LUFS from -40 to -5, or off",
        default="off: recordings keep their loudness",
    ),
    CoreKey(name="true_peak", about="The highest true peak.", form="dBTP from -9 to 0", default="-1"),
    CoreKey(
        name="mono",
        about="How the loudness of mono is counted.",
        form="measured or dual",
        default="measured",
        details="`measured`: what a meter reads. `dual`: what two loudspeakers play, which a meter reads 3 dB lower.",
    ),
    CoreKey(
        name="format",
        about="The format of mastered files; in podcast.yaml, of those from lossless or unplayable recordings.",
        form="mp3, m4a or opus",
        default="mp3 for WAV, FLAC and AIFF; others keep their format",
    ),
    CoreKey(
        name="bitrate",
        about="The bit rate of mastered files.",
        form="24k to 320k, such as 128k",
        default="depends on format and channels",
    ),
    CoreKey(name="channels", about="The channels of mastered files.", form="mono or stereo", default="as recorded"),
    CoreKey(name="trim", about="Cut silence at the start and the end.", form=FLAG, default="false"),
    CoreKey(name="intro", about="Audio to put before each recording.", form="path of an audio file"),
    CoreKey(name="outro", about="Audio to put after each recording.", form="path of an audio file"),
    CoreKey(
        name="overlap",
        about="How long intro and outro overlap with the recording.",
        form="seconds from 0 to 60",
        default="0",
    ),
    CoreKey(
        name="reencode",
        about="Allow re-encoding MP3 and M4A, which loses a little quality.",
        form=FLAG,
        default="false",
    ),
    CoreKey(
        name="alternate",
        about="Also offer each episode in this format, as podcast:alternateEnclosure.",
        form="opus or m4a",
    ),
)
_CHAPTER = (
    CoreKey(
        name="start", about="When the chapter starts.", form=TIME_FORM, is_required=True, other_names=("startTime",)
    ),
    CoreKey(name="title", about="The chapter's title; required unless toc is false."),
    CoreKey(
        name="end",
        about="When the chapter ends.",
        form=TIME_FORM,
        default="the start of the next chapter",
        other_names=("endTime",),
    ),
    CoreKey(name="url", about="A link for the chapter.", form=URL, other_names=("href",)),
    CoreKey(name="image", about="A picture for the chapter.", form="path of an image, or URL", other_names=("img",)),
    CoreKey(name="toc", about="Whether it is in the table of contents.", form=FLAG, default="true"),
)
_LISTEN = (
    CoreKey(
        name="SERVICE",
        about="The id that the service gave the show, or the whole URL.",
        form="an id or URL, or a mapping with id or url, label and keep",
    ),
    CoreKey(
        name="custom",
        about="Links to other services.",
        form="a list of mappings with label and url",
    ),
)
_IGNORE_DETAILS = (
    "Write the rule's code and why it does not apply. `podcast-kit check` then leaves out what that rule finds."
)

SHOW_KEYS: tuple[CoreKey, ...] = (
    CoreKey(name="title", about="The show's name.", is_required=True, example="title: Talks"),
    CoreKey(
        name="description",
        about="What the show is about.",
        is_required=True,
        example="description: Two people talk about turning an audience into a conversation.",
    ),
    CoreKey(name="author", about="Who makes the show.", is_required=True, example="author: Ann Lee"),
    CoreKey(
        name="language",
        about="The language that is spoken.",
        form="a language code, such as en, de-AT, pt-BR",
        is_required=True,
        example="language: en",
        details="Pages and prompts are in this language if it is English, German, French or Spanish, or if the show's "
        "`templates/strings/` has a file for it.",
    ),
    CoreKey(
        name="timezone",
        about="The time zone of dates without an offset.",
        form="an IANA name, such as Europe/Vienna",
        default="UTC",
        example="timezone: Europe/Vienna",
    ),
    CoreKey(
        name="owner",
        about="Who owns the show; directories send a message to this address to verify ownership.",
        form="a mapping",
        example="owner: {name: Ann Lee, email: ann@pod.example}",
        fields=(
            CoreKey(name="name", about="The owner's name."),
            CoreKey(name="email", about="The owner's e-mail address.", form="an e-mail address"),
        ),
    ),
    CoreKey(
        name="guid",
        about="The show's guid; it never changes, even if the feed moves.",
        form="a UUID",
        example="guid: 0f12f982-2ba5-5bac-9fbd-25f167d29c38",
        details="`podcast-kit init` derives it from the feed's URL and writes it.",
    ),
    CoreKey(
        name="artwork",
        about="The show's cover.",
        form="path of a JPEG or PNG file, square, 1400 to 3000 pixels a side",
        example="artwork: cover.jpg",
    ),
    CoreKey(
        name="categories",
        about="Apple's categories, the most important first.",
        form="a list; subcategories as Category > Subcategory",
        example="categories: [Business > Marketing, Technology]",
    ),
    CoreKey(
        name="explicit",
        about="Whether the show has explicit content.",
        form=FLAG,
        default="false",
        example="explicit: false",
    ),
    CoreKey(
        name="type",
        about="Whether the newest episode or the first comes first.",
        form="episodic or serial",
        default="episodic",
        example="type: serial",
    ),
    CoreKey(name="copyright", about="The copyright notice.", example="copyright: Ann Lee"),
    CoreKey(
        name="locked",
        about="Whether other hosts are asked not to import the show.",
        form=FLAG,
        example="locked: true",
    ),
    CoreKey(
        name="complete",
        about="Whether there will be no more episodes.",
        form=FLAG,
        default="false",
        example="complete: true",
    ),
    CoreKey(
        name="block",
        about="Hide the show from Apple Podcasts and other directories.",
        form=FLAG,
        default="false",
        example="block: false",
    ),
    CoreKey(
        name="people",
        about="Who is in the show; an episode that lists no people has these.",
        form="a list",
        example="people: [Ann Lee, {name: Bo Ek, role: editor}]",
        details=_PEOPLE_DETAILS,
        fields=_PERSON,
    ),
    CoreKey(
        name="listen",
        about="Where the show is available: one key for each service.",
        form="a mapping",
        example="listen:\n  apple: 1234567890\n  spotify: 0123456789abcdefghijkl\n"
        '  custom: [{label: "Our newsletter", url: "https://pod.example/newsletter"}]',
        details="Apps that only need the feed's URL, or the Apple id, are added to the follow page without an entry. "
        "A service that has closed is left out with a warning; `keep: true` keeps the link.",
        fields=_LISTEN,
    ),
    CoreKey(
        name="prompts",
        about="Sets of prompts to follow, to review and to tell a friend, each under a name.",
        form="a mapping of sets; default is used unless an episode names another",
        example="prompts:\n  default: {follow: true, review: true, placement: end}\n"
        '  finale: {follow: false, review: "This was {title}, the last one. What did you think?"}',
        details="`none` instead of a mapping turns the set off. "
        "Of a list of sentences each episode gets one, chosen by its guid.",
        fields=(
            CoreKey(
                name="follow",
                about="Ask listeners to follow the show.",
                form="true, false, a sentence with {show} and {title}, or a list of sentences",
                default="true",
            ),
            CoreKey(
                name="review",
                about="Ask listeners for a rating or review.",
                form="as for follow",
                default="true",
            ),
            CoreKey(
                name="share",
                about="Ask listeners to tell a friend; the link opens the share panel of the episode's page.",
                form="as for follow",
                default="true",
            ),
            CoreKey(
                name="placement",
                about="Where the prompts are in the notes.",
                form="end, marker (where {{ prompts }} is) or none",
                default="end",
            ),
        ),
    ),
    CoreKey(
        name="publish",
        about="Where the show is uploaded to, and its public URL.",
        form="a mapping",
        is_required=True,
        example="publish:\n  url: https://pod.example/\n  to: s3://my-bucket",
        fields=(
            CoreKey(
                name="url",
                about="The public URL of everything that is published; the feed is below it.",
                form=URL,
                is_required=True,
            ),
            CoreKey(
                name="to",
                about="The place to upload to.",
                form=f"{PROVIDER_NAMES[0]}://bucket/prefix (or {', '.join(PROVIDER_NAMES[1:])}), sftp://user@host/path "
                "or user@host:/path (rsync), or a folder",
            ),
            CoreKey(name="provider", about="The provider, if `to` names only the bucket.", form="such as r2"),
            CoreKey(name="endpoint", about="The store's address, for stores without a provider name.", form=URL),
            CoreKey(name="region", about="The bucket's region.", form="such as eu-central-1"),
            CoreKey(name="account", about="The account id, for Cloudflare R2."),
            CoreKey(name="cloudfront", about="The CloudFront distribution whose changed paths are invalidated."),
            CoreKey(
                name="purge",
                about="A command that receives the changed URLs on standard input, one per line.",
                form="a command; it runs without a shell, and only after you allowed it",
            ),
            CoreKey(
                name="purge_environment",
                about="The environment variables that the command gets besides PATH, HOME and LANG.",
                form="a list of names",
            ),
            CoreKey(
                name="clean_urls",
                about="Link to folders instead of index.html; set it if your host answers them.",
                form=FLAG,
                default="false",
            ),
            CoreKey(
                name="host",
                about="The host that deploys the folder: the files that it reads are published, too.",
                form="github-pages, netlify or cloudflare-pages",
            ),
            CoreKey(
                name="website_redirects",
                about="Moved pages redirect by a header, if the bucket is served as a website of Amazon S3 or Garage.",
                form=FLAG,
                default="false",
            ),
        ),
    ),
    CoreKey(
        name="website",
        about="The show's own website, if it is not the pages that podcast-kit publishes.",
        form=URL,
        default="the index page that is published",
        example="website: https://www.pod.example/",
        details="The feed's `<link>`, JSON Feed and OPML have it. The pages are published nevertheless: each episode "
        "links to its own.",
    ),
    CoreKey(
        name="menu",
        about="The entries of the menu at the top of the pages; the button to follow is always there.",
        form="a list: episodes, the name of a page in pages/, or a mapping with title and url",
        default="the episodes, and the pages that have `menu:`",
        example="menu: [episodes, {title: Shop, url: https://shop.example/}]",
        details="`url` is a web address, `mailto:`, the name of a page, or the path of a file in `static/`. "
        "See [Own pages and files](../../how-to/own-pages.md).",
        fields=(
            CoreKey(name="title", about="What the entry says.", default="the title of the page"),
            CoreKey(name="url", about="Where it leads.", form="URL, name of a page, or path", is_required=True),
        ),
    ),
    CoreKey(
        name="private",
        about="Who has a private feed, and what members get.",
        form="a mapping",
        example="private: {tiers: [supporter, gold]}",
        details="See [Members](../../how-to/members.md).",
        fields=(
            CoreKey(name="tiers", about="The tiers of members, the lowest first.", form="a list of names"),
            CoreKey(
                name="subscribers",
                about="The list of subscribers.",
                form="the path of a .csv file, or a mapping",
                default="subscribers.txt",
                fields=(
                    CoreKey(name="file", about="A CSV file.", form="the path of a .csv file"),
                    CoreKey(
                        name="command",
                        about="A command that prints the list as CSV; `publish` and `private --fetch` run it.",
                        form="a list of words; it runs without a shell, and only after you allowed it",
                    ),
                    CoreKey(
                        name="environment",
                        about="The environment variables that the command gets besides PATH, HOME and LANG.",
                        form="a list of names",
                    ),
                    CoreKey(
                        name="columns",
                        about="The headers of the columns.",
                        form="a mapping",
                        default="recognized by the header of Patreon, Ghost, Stripe or Memberful",
                        fields=(
                            CoreKey(name="name", about="The column that identifies a person.", form="a header"),
                            CoreKey(name="tier", about="The column with the tier.", form="a header"),
                            CoreKey(name="status", about="The column that tells who is active.", form="a header"),
                        ),
                    ),
                    CoreKey(
                        name="active",
                        about="What the column of the status says of active members.",
                        form="a list of words",
                        default="active, trialing, paid, yes, true and 1",
                    ),
                ),
            ),
            CoreKey(
                name="personal",
                about="Put the subscriber's name into the title of each feed, so that no two feeds are the same.",
                form=FLAG,
                default="true without any other key of private, else false",
            ),
        ),
    ),
    CoreKey(
        name="feed",
        about="How the feed is written.",
        form="a mapping",
        example="feed: {path: feed.xml, page_size: 100}",
        fields=(
            CoreKey(
                name="path",
                about="The feed's path below publish.url.",
                form="a path, such as feed.xml",
                default="feed.xml",
            ),
            CoreKey(
                name="page_size",
                about="Episodes in an archive page (RFC 5005); the feed has less than twice as many.",
                form="a whole number; 0 puts all episodes into the feed",
                default="0",
            ),
            CoreKey(
                name="hub",
                about="WebSub hubs: publishing tells them when the feed changes, and they tell apps at once.",
                form="a URL, or a list of them",
            ),
            CoreKey(
                name="prefix",
                about="The address of a service that counts downloads, such as OP3, put in front of the recordings' "
                "addresses in the feed; not in pages and private feeds.",
                form="an https URL that ends in a slash; {guid} becomes the show's podcast:guid",
            ),
        ),
    ),
    CoreKey(
        name="announce",
        about="Where publishing announces new episodes, and which services it tells, once they are live.",
        form="a mapping",
        example="announce:\n  podcast_index: true\n  indexnow: 2f0c6a8e4b7d4d0f9c1e5a3b8d6f7e21\n"
        '  text: "{{ headline }} {{ url }}"\n  mastodon: {account: "@show@social.example"}\n'
        "  bluesky: {account: pod.example}",
        details="Tokens and passwords are read from the environment only.",
        fields=(
            CoreKey(
                name="text",
                about="What is posted about an episode, on networks without a text of their own.",
                form="a Jinja template; its values are headline, title, summary, url, hashtags, tags, show, author, "
                "number and season",
                default="headline, summary, url and hashtags, each in a paragraph",
            ),
            CoreKey(
                name="mastodon",
                about="Announce new episodes on Mastodon.",
                form='a mapping: account, such as "@show@social.example"; server, if it is not the account\'s host; '
                "visibility; text",
            ),
            CoreKey(
                name="bluesky",
                about="Announce new episodes on Bluesky.",
                form="a mapping: account, such as show.bsky.social; pds, if it is not https://bsky.social; text",
            ),
            CoreKey(
                name="telegram",
                about="Announce new episodes in a channel or group of Telegram.",
                form='a mapping: channel, such as "@my_show"; server, for a Bot API server of your own; text',
            ),
            CoreKey(
                name="discord",
                about="Announce new episodes in a channel of Discord.",
                form="a mapping, which may be empty: text",
            ),
            CoreKey(
                name="slack",
                about="Announce new episodes in a channel of Slack or Mattermost.",
                form="a mapping, which may be empty: text",
            ),
            CoreKey(
                name="webhook",
                about="Send news of new episodes to an address of your own.",
                form="a mapping, which may be empty: body, a Jinja template; content_type, by default application/json",
            ),
            CoreKey(
                name="buttondown",
                about="Create a mail about each new episode as a draft at Buttondown; it is never sent.",
                form="a mapping, which must be empty",
            ),
            CoreKey(
                name="podcast_index",
                about="Tell the Podcast Index when the feed changes.",
                form=FLAG,
                default="false",
            ),
            CoreKey(
                name="indexnow",
                about="Tell search engines which pages changed, by IndexNow. The key is public: publishing writes it "
                "to a file of the site.",
                form="8 to 128 letters, digits and hyphens",
                default="search engines are not told",
            ),
        ),
    ),
    CoreKey(
        name="audio",
        about="How recordings are mastered; without it, only tags are added.",
        form="a mapping",
        example="audio: {loudness: -16, trim: true}",
        details="Mastering and `alternate` need the `master` extra.",
        fields=_AUDIO,
    ),
    CoreKey(
        name="theme",
        about="Color, font and logo of the pages.",
        form="a mapping",
        example='theme: {colour: "#0f62a8", font: "Georgia, serif", logo: art/logo.svg}',
        fields=(
            CoreKey(
                name="colour",
                about="The main color; adjusted where needed to stay readable.",
                form='in quotes, such as "#0f62a8"',
                default="taken from the cover",
                other_names=("color",),
            ),
            CoreKey(
                name="font",
                about="The font of the pages.",
                form="font families as in CSS, or the path of a .woff2 file",
            ),
            CoreKey(
                name="logo",
                about="An image in the header instead of the cover.",
                form="path of an image; SVG without scripts",
            ),
        ),
    ),
    CoreKey(
        name="contact",
        about="How listeners reach you: on each episode's page, and where notes have {{ contact }} on a line.",
        form="a mapping",
        example="contact: {mail: hello@pod.example, form: https://pod.example/form, voicemail: https://voice.example/pod}",
        fields=(
            CoreKey(name="mail", about="An address; the subject of the mail is the episode.", form="e-mail address"),
            CoreKey(name="form", about="A form to fill in.", form=URL),
            CoreKey(name="voicemail", about="Where to leave a voice message.", form=URL),
        ),
    ),
    CoreKey(
        name="comments",
        about="Which replies to the posts of `social` are shown on the episodes' pages.",
        form="a mapping",
        example='comments: {hide: ["@spam@social.example"], only: favourited}',
        details="It applies to what `podcast-kit comments` fetches; `hide` also to what it has fetched before.",
        fields=(
            CoreKey(
                name="hide",
                about="Replies that are left out, with the answers to them.",
                form='a list of addresses of replies, or of handles in quotes such as "@ann@social.example"',
            ),
            CoreKey(
                name="only",
                about="Keep only replies that the account of the post has marked as a favourite (on Bluesky: liked).",
                form="favourited",
                default="all replies",
            ),
        ),
    ),
    CoreKey(
        name="ignore",
        about="Rules of `podcast-kit check` that do not apply to this show.",
        form="a mapping of code and reason",
        example='ignore: {it.title: "The number is part of the name"}',
        details=_IGNORE_DETAILS,
    ),
)

EPISODE_KEYS: tuple[CoreKey, ...] = (
    CoreKey(
        name="title",
        about="The episode's title, without its number.",
        is_required=True,
        example="title: More social, less media",
    ),
    CoreKey(
        name="date",
        about="When the episode is published; a future date schedules it.",
        form="2026-03-01 09:00 in the show's time zone, or with an offset; required unless draft is true",
        example="date: 2026-11-22 08:00",
    ),
    CoreKey(
        name="guid",
        about="Identifies the episode in every app; it never changes.",
        form="text; `podcast-kit new` writes a UUID",
        example="guid: 5b322f44-25b3-4fbd-8b64-22c5a5b52877",
        details="If it is missing, the first build adds it.",
    ),
    CoreKey(
        name="audio",
        about="The recording.",
        form="a path relative to the notes, a URL, an address in object storage, or a mapping with file and the keys of"
        " the show's audio",
        default="the audio file with the same name as the notes",
        example="audio: {file: 001-talk.wav, loudness: -19}",
        details="A recording at a URL stays there, and apps download it from there. One in object storage "
        "(s3://bucket/talk.wav) is only read, with your credentials, and published like a file: see "
        "[Build on several processors and machines](../../how-to/many-machines.md#recordings-in-object-storage).",
        fields=(
            CoreKey(
                name="file", about="The recording.", form="a path, a URL or an address such as s3://bucket/talk.wav"
            ),
            CoreKey(
                name="members",
                about="The recording in private feeds, such as one without advertising.",
                form="a path",
            ),
            *_AUDIO,
        ),
    ),
    CoreKey(
        name="number",
        about="The episode's number.",
        form="a whole number from 1",
        other_names=("episode",),
        example="number: 7",
    ),
    CoreKey(name="season", about="The season.", form="a whole number from 1", example="season: 2"),
    CoreKey(
        name="type",
        about="Whether it is a full episode, a trailer or a bonus.",
        form="full, trailer or bonus",
        default="full",
        example="type: trailer",
    ),
    CoreKey(
        name="summary",
        about="One plain sentence about the episode.",
        default="the first paragraph of the notes",
        example="summary: Three habits that bring an answer back.",
    ),
    CoreKey(
        name="image",
        about="The episode's own artwork.",
        form="path of a JPEG or PNG file, square, 1400 to 3000 pixels a side",
        default="the show's artwork",
        example="image: art/001.jpg",
    ),
    CoreKey(
        name="explicit",
        about="Whether the episode has explicit content.",
        form=FLAG,
        default="as the show",
        example="explicit: false",
    ),
    CoreKey(
        name="audience",
        about="Who gets the episode: everyone, or only the private feeds.",
        form="public, members, the name of a tier (it and all above), or a list of tiers (exactly these)",
        default="public",
        example="audience: public",
        details="See [Members](../../how-to/members.md).",
    ),
    CoreKey(
        name="members_from",
        about="When a public episode comes to the private feeds, before its date.",
        form="as date",
        default="its date",
        example="members_from: 2026-11-20 08:00",
    ),
    CoreKey(
        name="draft",
        about="Leave the episode out of what is published.",
        form=FLAG,
        default="false",
        example="draft: true",
    ),
    CoreKey(
        name="slug",
        about="The episode's name in URLs.",
        form="letters a-z, digits, '-', '_' and '.'",
        default="the file's name",
        example="slug: more-social",
    ),
    CoreKey(
        name="aliases",
        about="Former addresses of the episode's page, which redirect to it.",
        form="a list of old names, or of paths after the show's URL",
        example="aliases: [old-name, /2019/05/old-name/]",
    ),
    CoreKey(
        name="chapters",
        about="The episode's chapters.",
        form="auto, none, the path of a file, or a list",
        default="auto: the timestamps in the notes, else the chapters in the recording",
        example='chapters:\n  - {start: "0:00", title: Welcome}\n  - {start: "0:20", title: What a feed is}\n'
        '  - {start: "0:40", title: Three habits}',
        details="A list may also have lines such as `0:12:34 Title`.",
        fields=_CHAPTER,
    ),
    CoreKey(
        name="transcript",
        about="The transcript.",
        form="the path of a .vtt, .srt, .json, .html or .txt file, or a list",
        other_names=("transcripts",),
        example="transcript: 001-talk.vtt",
        details="A language in the name (`talk.de.vtt`) marks a translation.",
    ),
    CoreKey(
        name="people",
        about="Who is in this episode.",
        form="a list",
        example="people: [{name: Bo Ek, role: guest, url: https://bo.example}]",
        details=_PEOPLE_DETAILS,
        fields=_PERSON,
    ),
    CoreKey(
        name="tags",
        about="Topics; each gets a page with its episodes.",
        form="a list, or text with commas",
        example="tags: [engagement, marketing]",
    ),
    CoreKey(
        name="listen",
        about="Links to this episode at other services.",
        form="a mapping",
        example='listen: {apple: "https://podcasts.apple.com/podcast/id1234567890?i=1000000000001"}',
        fields=_LISTEN,
    ),
    CoreKey(
        name="prompts",
        about="The set of prompts for this episode.",
        form="the name of a set in podcast.yaml, or none",
        default="default",
        example="prompts: none",
    ),
    CoreKey(
        name="ignore",
        about="Rules of `podcast-kit check` that do not apply to this episode.",
        form="a mapping of code and reason",
        example='ignore: {it.title: "The number is part of the name"}',
        details=_IGNORE_DETAILS,
    ),
)
