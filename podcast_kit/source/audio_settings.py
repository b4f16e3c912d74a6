"""`audio:` in podcast.yaml and in an episode's front matter: how recordings are mastered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from podcast_kit.model import AudioSettings
from podcast_kit.model.audio_formats import AUDIO_SUFFIXES
from podcast_kit.source.paths import ShowFolder
from podcast_kit.source.yaml import InvalidValue, Table, converters, suggest_name

MASTERING_FORMATS = ("mp3", "m4a", "opus")
MIN_BITRATE_K, MAX_BITRATE_K = 24, 320


def audio_settings_from_table(table: Table, folder: ShowFolder, defaults: AudioSettings | None = None) -> AudioSettings:
    """The settings in a table; keys that it leaves out are as in `defaults`. The caller finishes the table."""
    base = defaults or AudioSettings()
    to_audio_path = folder.path_converter(AUDIO_SUFFIXES, must_exist=False)  # a checkout in CI has no audio files
    return replace(
        base,
        loudness=table.optional("loudness", _to_loudness, base.loudness),
        true_peak=table.optional("true_peak", _number_between(-9, 0, "dBTP, such as -1"), base.true_peak),
        mono=table.optional("mono", _word_of("measured", "dual"), base.mono),
        format=table.optional("format", _word_of(*MASTERING_FORMATS), base.format),
        bitrate=table.optional("bitrate", _to_bitrate, base.bitrate),
        channels=table.optional("channels", _to_channel_count, base.channels),
        trim=table.optional("trim", converters.to_flag, base.trim),
        intro=table.optional("intro", to_audio_path, base.intro),
        outro=table.optional("outro", to_audio_path, base.outro),
        overlap=table.optional("overlap", _number_between(0, 60, "seconds"), base.overlap),
        reencode=table.optional("reencode", converters.to_flag, base.reencode),
        alternate=table.optional("alternate", _word_of("opus", "m4a"), base.alternate),
    )


def _to_loudness(raw: str) -> float | None:
    """LUFS (Apple recommends -16); None for `off`, which leaves the loudness unchanged."""
    if raw.strip().lower() in {"off", "none"}:
        return None
    number = re.sub(r"\s*(LUFS|LKFS)$", "", raw.strip(), flags=re.IGNORECASE)
    return _number_between(-40, -5, "LUFS, such as -16")(number)


def _number_between(least: float, most: float, unit: str) -> Callable[[str], float]:
    def convert(raw: str) -> float:
        number = converters.to_decimal(raw)
        if not least <= number <= most:
            text = f"{converters.quote_value(raw)} is not between {least:g} and {most:g}"
            raise InvalidValue(text, f"the unit is {unit}", "value.number")
        return number

    return convert


def _word_of(*words: str) -> Callable[[str], str]:
    def convert(raw: str) -> str:
        word = raw.strip().lower().lstrip(".")
        if word not in words:
            text = f"{converters.quote_value(raw)} is not one of {', '.join(words)}"
            raise InvalidValue(text, suggest_name(raw, words), "value.choice")
        return word

    return convert


def _to_bitrate(raw: str) -> str:
    match = re.fullmatch(r"(\d{2,3})(?:000)?\s*k?(?:bit/s|bps|b/s)?", raw.strip().lower(), re.ASCII)
    if not match or not MIN_BITRATE_K <= int(match[1]) <= MAX_BITRATE_K:
        text = f"{converters.quote_value(raw)} is not a bit rate from {MIN_BITRATE_K}k to {MAX_BITRATE_K}k"
        raise InvalidValue(text, "write it as 128k", "value.number")
    return f"{int(match[1])}k"


def _to_channel_count(raw: str) -> int:
    counts = {"1": 1, "mono": 1, "2": 2, "stereo": 2}
    count = counts.get(raw.strip().lower())
    if count is None:
        raise InvalidValue(f"{converters.quote_value(raw)} is not mono or stereo", "use mono or stereo", "value.choice")
    return count
