"""Every problem code that the program can print, with what it means, why it matters and how to fix it.

The rules of the check register their codes when `podcast_kit.check.rules` is loaded; all other codes are listed here.
A `Problem` cannot be made with a code that is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """What a code means."""

    code: str
    meaning: str
    """What is wrong; for a rule, what must hold."""
    why: str
    """Why it matters to the podcaster or to listeners."""
    fix: str
    """What to do about it."""


PROBLEM_CODES: dict[str, ProblemCode] = {}
"""Every registered code."""
SHARED_RULE_CODES = frozenset(
    {
        "art.bytes",
        "art.format",
        "art.size",
        "au.codec",
        "ch.category",
        "ch.category.legacy",
        "ch.description",
        "ch.language",
        "ch.link",
        "ch.title",
        "cp.notes",
        "cp.start",
        "it.episode",
        "it.guid",
        "it.guid.stable",
        "it.guid.unique",
        "it.title",
        "xml.size",
        "xml.utf8",
        "xml.wellformed",
    }
)
"""Codes of rules that reading or building also reports, before any rule is loaded."""


_RECORDED_CODES: set[str] = set()


def register_code(entry: ProblemCode) -> None:
    """Add a code; raises ValueError where it already exists or an explanation is missing."""
    if entry.code in PROBLEM_CODES:
        raise ValueError(f"problem code {entry.code!r} is registered twice")
    if not (entry.meaning and entry.why and entry.fix):
        raise ValueError(f"problem code {entry.code!r} needs a meaning, a reason and a fix")
    PROBLEM_CODES[entry.code] = entry


def is_registered(code: str) -> bool:
    """Whether a problem may have this code."""
    return code in PROBLEM_CODES or code in SHARED_RULE_CODES or code in _RECORDED_CODES


def accept_recorded_codes(codes: Iterable[str]) -> None:
    """Let problems have these codes, of rules that are not loaded: an earlier run of this program reported them."""
    _RECORDED_CODES.update(codes)


def _register_codes(rows: str) -> None:
    """Register a table: a code on a line of its own, then meaning, reason and fix, a line each."""
    for block in rows.strip().split("\n\n"):
        code, *texts = block.strip().split("\n")
        register_code(ProblemCode(code, *(text.strip() for text in texts)))


_REREAD = "Nothing is built or published until the file can be read completely."

_register_codes(f"""
file.encoding
    The file is not UTF-8 text.
    Letters other than a–z would show as garbage in apps.
    Save the file as UTF-8 in your editor.

file.control
    The file contains a control character that does not belong in text.
    XML cannot hold control characters, so the feed would be invalid.
    Delete the character at the given line and column.

file.long
    The file is larger than a file of its kind can sensibly be.
    It is probably the wrong file, and reading it would take a long time.
    Check the file name, or split the file.

file.read
    The file or folder cannot be read.
    {_REREAD}
    Check the name, the permissions and the disk.

file.missing
    A file that the show refers to, or that was named on the command line, does not exist.
    Apps would get a broken link.
    Correct the path or add the file.

file.type
    A file has a type that the show's website must not have at this place.
    A page, a script or a drawing in place of audio or video would run in browsers as part of the show's website.
    Name a file of the expected type.

front.missing
    The episode file does not begin with front matter.
    Title, audio and date are read from the lines between two `---` lines at the top of the file.
    Start the file with a `---` line, then `title: ...`, then another `---` line.

front.open
    The front matter has no closing `---` line.
    Without it, the notes cannot be told from the keys.
    Add a `---` line between the front matter and the notes.

yaml.syntax
    The YAML syntax is invalid.
    {_REREAD}
    Correct the line; quote values that contain ": ", " #" or begin with a special character.

yaml.alias
    The file uses a YAML anchor (`&name`) or alias (`*name`).
    These files do not support them, and a few aliases can expand to gigabytes.
    Write the value out in each place; quote a value that begins with & or *.

yaml.tag
    The file uses a YAML tag (`!name`).
    These files do not support tags, and some tags can run code.
    Remove the tag; quote a value that begins with !.

yaml.deep
    The YAML is nested more deeply than these files ever need.
    Deep nesting is usually an indentation mistake.
    Check the indentation of the lines above.

yaml.documents
    The file contains more than one YAML document.
    Only the first document would be read.
    Remove the extra `---` line and what follows it.

yaml.comment
    Part of a value looks like a comment: YAML ignores everything after " #".
    The rest of the value would be lost without notice.
    Put quotes around the value, or write the comment on a line of its own.

yaml.mapping
    The file must contain keys and values.
    {_REREAD}
    Write lines such as `title: My show`.

key.missing
    A required key is missing.
    Directories and apps need this information.
    Add the key.

key.unknown
    The key is not known here.
    A misspelled key has no effect, so its value would be lost without notice.
    Correct the spelling, remove the line, or start the key with `x-` to keep it for yourself.

key.twice
    The same key occurs twice.
    Only one of the two values could be used.
    Remove one of the lines.

key.renamed
    The key is another tool's name for a key that is called something else here.
    It would have no effect under this name.
    Use the suggested key.

key.derived
    The value of this key is measured or derived and cannot be set.
    A typed value could contradict the file.
    Remove the line.

key.both
    Two names of the same key are both set.
    Only one of the two values could be used.
    Keep one of the lines.

key.secret
    The value looks like a secret.
    podcast.yaml is usually committed, so anyone who can read the repository could read the secret.
    Remove it and set it as an environment variable.

value.empty
    The value is empty.
    The key needs a value.
    Write a value or remove the line.

value.single
    The value must be a single value, not a list or keys.
    Only one value can be used here.
    Write one value after the key.

value.table
    The value must be keys and values.
    A single value is not enough here.
    Write the keys on indented lines below, such as `url: https://example.com/`.

value.number
    The value is not a number of the required kind.
    Apps ignore or misread other values.
    Write the number in digits.

value.flag
    The value is neither true nor false.
    Other words could be understood either way.
    Write true or false.

value.date
    The value is not a date.
    The date decides when an episode is published and how apps sort it.
    Write it as 2026-03-01 09:00, or with an offset as 2026-03-01T09:00:00+01:00.

value.date.gap
    The clocks skip this time of day because daylight saving time begins.
    The episode appears an hour later than written.
    Write the suggested time with its offset, or choose another time.

value.date.twice
    This time of day occurs twice because daylight saving time ends.
    The first of the two is used.
    Write the suggested time with its offset, or choose another time.

value.zone
    The value is not the name of a time zone.
    Dates without an offset are in this zone.
    Use a name such as Europe/Berlin or UTC.

value.form
    The value does not have the required form.
    Apps ignore or misread values in another form.
    Write it in the suggested form.

value.choice
    The value is not one of the possible values.
    Apps ignore unknown values.
    Use one of the listed values.

value.url
    The value is not a URL of the required kind.
    Apps cannot open it.
    Write the complete URL, including https://.

value.email
    The value is not an email address.
    Directories use it to verify that the show is yours.
    Write it as name@example.com.

value.guid
    The value is not a UUID.
    Apps and the Podcast Index identify the show by it.
    Remove the line and run `podcast-kit init`, or copy the guid from your old feed.

value.time
    The value is not a time such as 12:34.
    It gives a position in the recording.
    Write it as 12:34 or 1:02:03.500.

value.long
    The value is too long.
    Apps cut longer values off; a very long value often means that a closing quote is missing.
    Shorten the value, or close the quote.

value.order
    Values that must follow one another are out of order.
    Apps need chapters and ranges in ascending order.
    Sort them, or correct the value.

value.unknown
    The value refers to something that does not exist.
    It has no effect.
    Correct the value or remove the line.

log.format
    The file is not in a format of access logs that is known here.
    Its downloads cannot be counted.
    Switch on one of the formats that `podcast-kit stats` reads, or leave the file out.

log.agents
    The log does not say which apps made the requests.
    Apps cannot be told from bots without it, so no download can be counted.
    Switch to a log format with user agents, such as combined.

log.lines
    Lines of an access log are not in its format.
    They are not counted as downloads.
    Look at the given line; if the log was cut off there, copy it again.

log.incomplete
    A compressed log ends too early.
    It may still be written, so none of its lines is counted yet.
    Wait until it is complete, or copy it again.

log.damaged
    A compressed log cannot be decompressed.
    None of its lines is counted, because some could be missing.
    Copy it again.

log.expansion
    A compressed file expands far more than access logs do.
    It was made to fill memory or disk, or it is not a log.
    Remove it from the logs.

stats.countries
    The database of countries cannot be read.
    Downloads cannot be shown by country.
    Download a .mmdb file of countries, such as GeoLite2-Country or DB-IP, and name it.

stats.networks
    A line of the list of data centres is not a network.
    Requests from data centres would count as listeners.
    Write one network a line, such as 192.0.2.0/24.

notes.picture
    Markdown does not recognize an image here.
    Listeners would see the Markdown code instead.
    Write ![description](file.jpg), with spaces in the path as %20.

notes.link
    A link in the notes points to something that is not published.
    Listeners would get an error page.
    Correct the link, or write the complete URL.

notes.emphasis
    Markdown does not read bold text or a link as such.
    Listeners would see the asterisks or brackets.
    Begin and end bold text with a letter, as in **Host**: Ann, and write a URL with spaces as [words](<https://...>).

notes.marker
    The notes have something in double braces that is not replaced.
    Listeners would read the braces.
    Correct it to {{{{ prompts }}}} or another marker, on a line of its own, or delete it.

notes.footnote
    A footnote and its references do not match.
    Listeners would see a mark without a note, or a note that nothing refers to.
    Give both the same label: a word[^1], and a line [^1]: The note.

notes.begun
    The notes still contain the placeholder text of a new episode.
    Listeners would read it.
    Replace or delete it.

notes.html
    The notes contain HTML, which is not supported in notes.
    It is removed, so listeners do not see it.
    Write it as Markdown.

notes.alt
    An image in the notes has no alternative text.
    Listeners who use a screen reader do not know what it shows.
    Write a description between the brackets: ![description](file.jpg).

path.outside
    The path leads out of the show's folder.
    Only files in the show's folder are published, so the show can be built on any machine.
    Copy the file into the show's folder.

path.form
    The path is not written in the required form.
    A path must work on Linux, macOS and Windows alike.
    Write it relative to the file, with forward slashes.

page.taken
    A page in pages/ has an address that podcast-kit uses itself.
    Only one of the two pages could be published.
    Write another `slug:`, or change the other page by a template.

menu.missing
    An entry of the menu leads to nothing that is published.
    Listeners would get an error page.
    Correct the name, or remove the entry.

host.limit
    The site is larger than its host allows.
    The host would refuse the deployment, or leave files out.
    Publish recordings to object storage, or make them smaller.

host.place
    `publish.host` does not fit where the show is published.
    The host would not read the files that are made for it.
    Correct `host:`, `to:` or `url:` under `publish:`.

pb.website_redirects
    The provider does not redirect by the header of Amazon S3.
    The header would have no effect.
    Remove `website_redirects:`; moved pages redirect without it, too.

static.taken
    A file in static/ has a path that podcast-kit uses itself.
    Only one of the two files could be published.
    Give the file another name, or change the page by a template of the same name.

static.case
    Two files in static/ differ only in upper and lower case, or in how a letter with an accent is encoded.
    Windows and macOS hold only one of them, so the show would differ between computers.
    Rename one of them.

static.hidden
    A file in static/ has a name that begins with a dot, and is not published.
    Such files often have settings or passwords.
    Rename it, or move it out of static/.

static.secret
    A file in static/ is a list of subscribers, a recording for members, or a key.
    Everyone can read what is in static/ on the site.
    Move it out of static/.

static.leftover
    Files in static/ that an operating system, git or an editor made are not published.
    Listeners have no use for them, and some show what you have deleted.
    Delete them, or leave them.

static.many
    static/ has more files, or deeper folders, than a site has.
    It is probably the wrong folder, and every publish would take a long time.
    Remove what does not belong there.

audio.several
    More than one audio file matches the episode.
    The wrong recording could be published.
    Set `audio:` to the file that you want.

audio.kind
    The file extension is not that of a supported audio format.
    Apps could not play it.
    Use MP3, M4A, Opus, Ogg, FLAC, WAV or AIFF.

slug.form
    The file name can't be used in a URL.
    The name becomes part of the address of the episode's page.
    Rename the file, or set `slug:`, using a–z, 0–9, hyphen and underscore.

slug.unique
    Two episodes have the same slug.
    Their pages would have the same address.
    Rename one of the files or set `slug:`.

alias.form
    A former address is not written in the required form.
    Redirects are made from these addresses.
    Write it relative to the site, such as /2019/my-episode/.

alias.taken
    A former address is the address of an existing page.
    The page would be replaced by a redirect.
    Remove the alias.

episode.name
    A command names an episode that does not exist, or more than one.
    Nothing is done, since the wrong episode might be changed.
    Write its slug, number, path or guid; `podcast-kit status` lists the slugs.

episode.place
    A file in the episodes folder is not read.
    It is not published and has no effect.
    Move it, or rename it so that it is read.

listen.closed
    This podcast service has closed.
    Its link leads nowhere.
    Remove the line.

listen.unknown
    There is no known link for this service.
    No button can be made for it.
    Correct the name, or give the complete URL.

listen.episode
    A link of the show leads to a single episode.
    The follow page would send listeners to that episode instead of the show.
    Copy the address of the show's page; an episode's own links belong in its front matter.

listen.id
    The value is not an id of this service.
    The link would lead to an error page.
    Copy the id from the address of your show's page there.

lock.early
    podcast.lock has the address of a file that was uploaded before its episode is out.
    In a public repository, anyone could listen early.
    Keep the repository private until then.

lock.damaged
    podcast.lock is damaged.
    It records what subscribers have, and protects them from downloading everything again.
    Restore the last committed version: git checkout podcast.lock

lock.newer
    podcast.lock was written by a newer version of podcast-kit.
    This version cannot read it safely.
    Upgrade podcast-kit.

lock.conflict
    podcast.lock contains the markers of an unfinished merge.
    Until the merge is resolved, it is unclear which files are published.
    Resolve the merge, keeping the entries of both sides.

cp.grammar
    The chapters cannot be read.
    Listeners would get no chapters.
    Correct the line, or export the chapters again.

tr.grammar
    The transcript cannot be read.
    Listeners would get no transcript.
    Correct the line, or export the transcript again.

tr.repaired
    Apps would not understand the transcript as it is meant.
    It is published in a form that they do, and your file is not changed.
    Correct the file as the message says, or leave it.
""")

_register_codes("""
ignore.unknown
    `ignore:` names a rule that does not exist.
    Nothing is ignored.
    Use the code in square brackets at the end of the message that you want to ignore.

art.broken
    An image file is damaged or is not a supported image.
    Apps would show no image.
    Save it again as JPEG or PNG.

art.missing
    An image file does not exist.
    Apps would show no image.
    Correct the path or add the file.

au.broken
    The recording is damaged.
    Players would stop, skip or show a wrong length.
    Export the recording again.

au.bucket
    A recording in object storage cannot be read.
    The episode cannot be built.
    Correct its address, allow the show to read from the bucket, or check the credentials of this run.

au.chained
    The file contains several streams, one after another.
    Some players stop after the first one.
    Export the recording as one stream.

au.convert
    A recording of this format cannot be published as it is.
    It holds no tags, or podcast apps do not play it.
    Export it as MP3 or M4A, or let each build convert it with `audio: {format: mp3}` in podcast.yaml.

au.empty
    The recording is an empty file.
    There is nothing to play.
    Export or copy the recording again.

au.extension
    The file's content does not match its extension.
    Players choose the decoder by the extension, so they may refuse to play it.
    Rename the file to the suggested extension.

au.gaps
    Parts of the recording are missing.
    Listeners would hear jumps.
    Export or copy the recording again.

au.intro
    The intro that should be joined to the recording does not exist.
    Episodes cannot be mastered without it.
    Correct `audio: {intro: ...}` or add the file.

au.junk
    The file contains bytes that are not audio.
    Some players stop there or show a wrong length.
    Run `podcast-kit inspect --fix DIR FILE`, which writes a copy without them, or export the recording again.

au.later
    A scheduled episode has no recording here, and it was never uploaded.
    On its day it would be left out.
    Run `podcast-kit publish --ahead` where the recording is, and commit podcast.lock.

au.length
    The recording does not contain its length, or a wrong one.
    Players cannot show the length or seek reliably.
    Run `podcast-kit inspect --fix DIR FILE`, which writes a corrected copy, or export the recording again.

au.mastering
    The recording cannot be mastered with these settings.
    The episode cannot be built.
    Change the `audio:` settings as suggested.

au.missing
    The episode has no recording, or its file does not exist.
    There is nothing to play.
    Put an audio file next to the notes, or correct `audio:`.

au.mixed
    The sample rate or the number of channels changes within the recording.
    Many players stop or play the rest at the wrong speed.
    Export the recording again.

au.none
    The file contains no audio.
    There is nothing to play.
    Export the recording again.

au.not-audio
    The file is not a supported audio file.
    Apps could not play it.
    Export the recording as MP3.

au.outro
    The outro that should be joined to the recording does not exist.
    Episodes cannot be mastered without it.
    Correct `audio: {outro: ...}` or add the file.

au.quiet
    The recording is nearly silent.
    Listeners would hear nothing.
    Listen to it, and export the right tracks.

au.range
    A range begins or ends after the end of the recording.
    There is nothing to play there.
    Correct start and length.

au.reencode
    The settings require re-encoding the recording.
    Re-encoding loses a little quality, so it needs your consent.
    Set `reencode: true`, or change the settings.

au.remote
    A recording at another host does not answer as it must.
    Apps could not download the episode.
    Open the URL in a private browser window and check the host.

au.silent
    The recording is silent from beginning to end.
    Listeners would hear nothing.
    Export the recording again, with the right tracks.

au.soundbite
    A soundbite cannot be cut as requested.
    The soundbite would be missing.
    Correct its start and duration: 15–120 s, within the episode.

au.tag.doubled
    The file has two tags of the same kind.
    Players show one or the other.
    Remove one of them; the published copy gets one correct tag.

au.tag.foreign
    The file has tags of another format.
    Some players show these instead of the correct ones.
    Remove them with a tag editor.

au.tag.size
    The data for a tag is larger than the format allows.
    Players could not read the tag.
    Use a smaller image or a shorter text.

au.tracks
    The recording contains several audio tracks.
    Listeners hear only one of them, which may be the wrong one.
    Export it again with one track.

au.large
    A recording of a show that is not trusted is too large or too long to be read.
    Many gigabytes may take no space on disk, and 14 MB can hold 20 hours of silence: the check would take hours.
    Run `podcast-kit check --trusted` if you trust the show.

au.truncated
    The recording is cut off.
    The end of the episode is missing.
    Export or copy the recording again.

au.unreadable
    The recording cannot be read from disk.
    The episode cannot be built.
    Check the file's permissions and the disk.

au.vbr-header
    The MP3 header does not contain the correct length.
    Players show a wrong length and seek to the wrong place.
    Run `podcast-kit inspect --fix DIR FILE`, which writes a corrected copy.

au.video
    The recording contains a video track.
    Audio apps download it for nothing.
    Export the audio only.

au.worker
    The process that built the episode ended each time it was tried.
    The episode is left out; no other one is affected.
    Build again, with `--jobs 1` if memory ran out; if it ends again, export the recording again.

ch.lost
    The recording's chapters have pictures or hidden chapters, which the published format cannot hold.
    Listeners get the other chapters only.
    Publish the episode as MP3.

ch.range
    Some chapters begin after the end of the recording.
    Listeners cannot reach them.
    Correct their start times.

import
    Part of the imported feed could not be taken over unchanged.
    The imported show may differ from the old one there.
    Check the result and edit the notes where needed.

cluster.files
    A worker of the cluster does not have the show's files, or other ones.
    It could not read the recordings.
    Mount the show's folder there under the same path.

cluster.version
    A worker of the cluster has another version of a program or library than this machine.
    The bytes of a build depend on these versions, so its files would differ.
    Install the same versions everywhere.

import.differs
    An imported episode differs from the old feed.
    Listeners may notice the difference.
    Edit the episode's front matter or notes.

import.https
    An address in the old feed uses http.
    Apps refuse to load http; https is used wherever the old host answers, which is safe: apps compare the guid.
    Ask the old host for https, or download the recordings with `--audio`.

import.fetch
    A file that the imported feed refers to could not be downloaded.
    It is missing from the imported show.
    Run the import again, or add the file by hand.

move.differs
    The new feed of a move differs from the old one.
    Directories or listeners may take it for another show.
    Set the old value in podcast.yaml, or leave the change until the move is done.

move.directory
    A directory still has the old feed of a show that moved.
    It loses the show when the old feed goes.
    Change the feed's URL in the directory's own settings.

move.guid
    The new feed of a move lacks an episode that subscribers have.
    They would lose it, or download it again later.
    Publish the episode at the new address, with the same guid.

move.locked
    The feed of a show that moves has `podcast:locked`.
    Other hosts refuse to import such a feed.
    Set `locked: false` until the new host has imported the show.

move.media
    A file of the new feed does not answer, or has another length than the feed says.
    Listeners who follow the redirect cannot play it.
    Publish again, and check that the public address serves what was uploaded.

move.redirect
    The old feed of a move does not lead to the new one as it should.
    Subscribers stay with the old feed, or lose the show.
    Set a permanent redirect (301) from the old feed to the new one.

move.state
    move.json, the record of a move, is damaged.
    The move cannot go on where it was.
    Delete the file and run `podcast-kit move` with the old feed again.

move.unpublished
    The new feed of a move does not answer yet.
    An old feed that redirects to it would leave subscribers without episodes.
    Publish the show, then set the redirect.

export.unpublished
    The export names audio that was never published.
    Another host cannot download it, and would import the episode without audio or not at all.
    Publish the show first, then export it.

import.guid
    An episode of the old feed is not in the new one, or has the guid of another episode.
    Subscribers would lose it or download it again.
    Set `guid:` in the episode to the old value, or give each item of the old feed a guid of its own.

pb.account
    The provider's endpoint needs an account id.
    Without it, the store's address is unknown.
    Set `publish.account`.

pb.audio-needed
    A recording must be uploaded but is not on this machine.
    The episode cannot be published without its audio.
    Publish from a machine that has the recording.

pb.endpoint
    The provider has no standard endpoint.
    Without it, the store's address is unknown.
    Set `publish.endpoint`.

pb.gone
    The old feed refers to files that no longer exist.
    Apps would get broken links.
    Roll back to another feed.

pb.guids
    Published episodes have changed guids.
    Subscribers would get these episodes again as new ones.
    Restore the old guid; to change it on purpose, pass the option that the message names.

pb.older
    A title, note or setting would go back to an earlier version, or an episode that was removed would come back.
    This checkout does not have what someone else published since, so publishing it would undo their work.
    Run `git pull`, then publish again; to go back on purpose, pass `--take-back` with the episode's slug.

pb.interrupted
    An episode has errors, and the page of the feed that has its live version was replaced by an interrupted publish.
    Publishing the others would remove it from the feed.
    Fix the episode's errors, then publish again.

pb.newer
    A title, note or setting was edited here, but not from the version that is live, or nothing shows that it was.
    If someone else published another edit of it first, publishing this one would undo theirs.
    Get the newer files, edit them again and publish; to replace the live version, pass `--take-back` with the slug.

pb.plan
    The saved plan cannot be used.
    A plan must be read completely before anything is published.
    Make a new one with `podcast-kit plan --out FILE`.

pb.region
    The provider's endpoint needs a region.
    Without it, the store's address is unknown.
    Set `publish.region`.

pb.removed
    Published episodes would be removed from the feed.
    They would disappear from subscribers' apps.
    Restore the episodes; to remove them on purpose, pass `--remove`.

pb.revoked
    More than half of the private feeds would be deleted.
    A list that was cut off, or another key, would take the feed from people who pay.
    Check the list and subscribers.key; if it is meant, pass `--allow revoked`.

pb.private
    The store has private feeds, and this machine has no list of subscribers.
    These feeds stay as they are and get no new episodes.
    Publish where subscribers.txt is, or pass the list and the key in the environment.

audience.tier
    A tier is used that podcast.yaml does not declare.
    Members would get too much or nothing.
    Correct its name, or add it to `private: tiers:`.

audience.date
    An episode comes to members after its date, or is not public at all.
    Such an early access would never take place.
    Write a date before that of the episode, for an episode without audience.

audience.key
    An episode is for members, and there are no private feeds.
    It is in no feed at all.
    Give the members feeds with `podcast-kit private --add NAME`, or remove `audience`.

list.column
    A list of subscribers lacks a column.
    It tells who gets which private feed.
    Export the list with its header, or name the columns under `private: subscribers: columns:`.

list.command
    The command that prints the list of subscribers failed.
    The private feeds keep those who had one.
    Run the command yourself, and look at what it prints.

private.key
    There are private feeds, and the key of their addresses is not here.
    A check can do without it; publishing cannot, as the feeds would be lost.
    Set PODCAST_KIT_SUBSCRIBERS_KEY where you publish.

pb.files
    The place has files that no publish of podcast-kit wrote, and publishing would replace them.
    A wrong publish.to must not cost you other files.
    Publish to an empty folder or prefix, or pass `--allow replaced`.

pb.hold
    A rollback placed a hold on publishing.
    Nothing is published, also not by CI, so that the earlier feed stays live.
    Correct what was wrong, then run `podcast-kit publish --release`.

pb.unprotected
    The store does not support conditional writes.
    Of two publishes at the same time, one can undo the other's changes to pages and feeds, and both report success.
    Publish from one place at a time, or use a store that supports them.

pb.lock_file
    The server has no conditional writes, and a lock file takes their place.
    Another program that writes there at the same time can undo changes to pages and feeds.
    Let no other program write there, and set content types and cache headers at the web server.

pb.show
    The place that is published to holds another show.
    Its subscribers would lose every episode, and get yours instead.
    Publish to a place of its own; to replace that show on purpose, pass `--allow removed`.

pb.address
    The address of the feed changes, and the live feed does not tell apps where it goes.
    Apps and directories keep reading the old address, and get no new episodes.
    Run `podcast-kit move --to` with the new address first, or redirect the old one.

pb.to
    `publish.to` is not a supported target.
    It is unknown where to publish.
    Set it to a folder, or to a bucket such as s3://my-bucket.

announce.length
    The text of a post is too long for its network, even without summary and hashtags.
    The network would refuse it.
    Shorten the text under `announce:` in podcast.yaml.

announce.body
    The body of the webhook under `announce:` is not JSON, although its type says so.
    The receiver would refuse it.
    Write values as `{{ title | tojson }}`, or set `content_type:`.

comments.fetch
    The replies to a post could not be fetched, or not all of them.
    The episode's page shows what was fetched before.
    Follow the fix in the message, or run `podcast-kit comments` again later.

comments.form
    A file in comments/ cannot be read.
    The page of its episode cannot show the comments.
    Run `podcast-kit comments` to fetch them again, or restore the file from version control.

prompts.unknown
    The episode uses a set of prompts that is not defined in podcast.yaml.
    No prompts can be shown for it.
    Use one of the listed names, or define the set under `prompts:`.

template.exists
    A template with this name already exists.
    Your changes to it would be lost.
    Edit it, or remove it to start again from the default.

template.missing
    A template does not exist.
    The pages cannot be made.
    Correct the name; names are relative to templates/.

template.render
    A template failed while a page was being made.
    The pages cannot be made.
    Correct the template at the given line.

template.limit
    A template takes too long, or writes too much.
    A template can come from a stranger, and must not keep the computer busy without end.
    Make the template do less: fewer nested loops, shorter texts.

template.unsafe
    A template uses something that templates may not use.
    A template can come from a stranger, and must not run programs or read files.
    Use the values, filters and functions that the documentation lists.

template.syntax
    The syntax of a template is invalid.
    The pages cannot be made.
    Correct the template at the given line.

stats.agents
    The list of user agents cannot be used.
    Bots would be counted as listeners, and apps would have no names.
    Pass user-agents.json, or a folder with the list's src/*.json.

stats.late
    Lines of access logs belong to a month whose counts are final.
    The secret that addresses of the month were hashed with is deleted, so the lines cannot be told from those counted.
    Read logs within --keep-days of the end of their month.

template.words
    A translation file of the show cannot be read.
    The pages cannot be made.
    Correct the TOML; each key needs a text in quotes.

network.twice
    shows.yaml lists a show twice, or two shows say that they are the same.
    Two shows that are published to one place, or that have one guid, replace each other.
    Remove one of the two, or give each show its own place and guid.

network.place
    Two shows of a network are published to one place, to overlapping places or to one address.
    They would overwrite each other's files, and listeners of one would get the other.
    Give each show a place and an address of its own, such as `to: s3://bucket/{name}` in `defaults:` of shows.yaml.

network.nested
    A show is in the folder of another show, or in a network inside of a network.
    It would be unclear which settings a show inherits, and which files belong to it.
    Give each show a folder of its own, and list all shows in one shows.yaml.

network.defaults
    `defaults:` in shows.yaml has a key that shows cannot inherit.
    Each show has its own title and guid: they are what tells shows apart.
    Move the key into the podcast.yaml of each show.

theme.colour
    `theme.colour` is not a colour.
    The pages cannot be styled with it.
    Write it as #rrggbb.

theme.font
    The font cannot be used.
    Pages would fall back to another font.
    Write CSS font families such as Georgia, serif, or the path of a .woff2 file in the show's folder.

theme.logo
    The logo cannot be used.
    Pages would show no logo.
    Use an SVG, PNG, JPEG or WebP file in the show's folder.

theme.svg
    The SVG contains something other than shapes.
    An SVG that runs scripts or loads other files could harm visitors of your pages.
    Export it as a plain SVG, or use a PNG.

tr.missing
    A transcript file does not exist.
    Listeners would get no transcript.
    Correct the path or add the file.
""")
