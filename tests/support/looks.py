"""Create results of the analysis probe, which estimates the medium and the scenes of a picture."""

from uploads.analysis.probe import MEDIA, SCENES, Look


def make_look(
    medium: str = "photo", share: float = 1.0, scenes: dict[str, float] | None = None, luminance: float = 0.5
) -> Look:
    """Return the look of a colour picture that is a `medium` with probability `share`, and otherwise a photo."""
    media = dict.fromkeys(MEDIA, 0.0) | {"photo": 1 - share}
    media[medium] += share
    return Look(media, dict.fromkeys(SCENES, 0.0) | (scenes or {}), saturation=0.3, luminance=luminance)
