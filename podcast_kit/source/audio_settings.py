"""How the audio is mastered: `audio:` in podcast.yaml, and an episode's own wishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from podcast_kit.model import AudioSettings
from podcast_kit.source.paths import AUDIO, Folder
from podcast_kit.source.yaml import converters
from podcast_kit.source.yaml.document import Table, Wrong, nearest

FORMATS = ("mp3", "m4a", "opus")


def read(table: Table, folder: Folder, default: AudioSettings | None = None) -> AudioSettings:
    """The settings that a table says; what it leaves out is as in `default`. The caller closes the table."""
    base = default or AudioSettings()
    sound = folder.path(AUDIO, must_exist=False)  # as with episodes: a checkout in CI has no audio
    return replace(
        base,
        loudness=table.take("loudness", _loudness, base.loudness),
        true_peak=table.take("true_peak", _between(-9, 0, "dBTP, such as -1"), base.true_peak),
        mono=table.take("mono", _word("measured", "dual"), base.mono),
        format=table.take("format", _word(*FORMATS), base.format),
        bitrate=table.take("bitrate", _bitrate, base.bitrate),
        channels=table.take("channels", _channels, base.channels),
        trim=table.take("trim", converters.flag, base.trim),
        intro=table.take("intro", sound, base.intro),
        outro=table.take("outro", sound, base.outro),
        overlap=table.take("overlap", _between(0, 60, "seconds"), base.overlap),
        reencode=table.take("reencode", converters.flag, base.reencode),
        alternate=table.take("alternate", _word("opus", "m4a"), base.alternate),
    )


def _loudness(raw: str) -> float | None:
    """LUFS, where -16 is what Apple asks for; `off` leaves the recording as loud as it is."""
    if raw.strip().lower() in {"off", "none"}:
        return None
    return _between(-40, -5, "LUFS, such as -16")(re.sub(r"\s*(LUFS|LKFS)$", "", raw.strip(), flags=re.IGNORECASE))


def _between(least: float, most: float, unit: str) -> Callable[[str], float]:
    def read(raw: str) -> float:
        number = converters.decimal(raw)
        if not least <= number <= most:
            text = f"{converters.shown(raw)} is not between {least:g} and {most:g}"
            raise Wrong(text, f"write it in {unit}", "value.number")
        return number

    return read


def _word(*words: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        word = raw.strip().lower().lstrip(".")
        if word not in words:
            raise Wrong(f"{converters.shown(raw)} is none of {', '.join(words)}", nearest(raw, words), "value.choice")
        return word

    return read


def _bitrate(raw: str) -> str:
    found = re.fullmatch(r"(\d{2,3})(?:000)?\s*k?(?:bit/s|bps|b/s)?", raw.strip().lower(), re.ASCII)
    least, most = 24, 320
    if not found or not least <= int(found[1]) <= most:
        text = f"{converters.shown(raw)} is not a bit rate from {least}k to {most}k"
        raise Wrong(text, "write it as 128k", "value.number")
    return f"{int(found[1])}k"


def _channels(raw: str) -> int:
    known = {"1": 1, "mono": 1, "2": 2, "stereo": 2}
    if (found := known.get(raw.strip().lower())) is None:
        raise Wrong(f"{converters.shown(raw)} is not a number of channels", "write mono or stereo", "value.choice")
    return found
