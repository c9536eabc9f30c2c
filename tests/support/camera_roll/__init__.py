"""Generate a camera roll of 300 files in many formats, with pairs, sidecars, junk and an export in two archives."""

from tests.support.camera_roll.encoders import SIZE
from tests.support.camera_roll.others import add_camera, add_odd_files, add_other_films, add_other_formats
from tests.support.camera_roll.phones import add_android, add_icloud, add_iphone
from tests.support.camera_roll.roll import Outcome, Roll
from tests.support.camera_roll.takeout import add_takeout

__all__ = ["Outcome", "Roll", "camera_roll"]


def camera_roll(size: tuple[int, int] = SIZE) -> Roll:
    """Return the whole roll. Most pictures have the size `size`."""
    roll = Roll(size)
    for add in (add_iphone, add_android, add_icloud, add_camera, add_other_formats, add_other_films):
        add(roll)
    add_odd_files(roll)
    add_takeout(roll)
    return roll
