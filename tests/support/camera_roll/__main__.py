"""Write the camera roll, with larger pictures than the tests need: `python -m tests.support.camera_roll FOLDER`."""

import sys
from pathlib import Path

from tests.support.camera_roll import camera_roll

if __name__ == "__main__":
    camera_roll((960, 720)).write(Path(sys.argv[1]))
