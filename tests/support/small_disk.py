"""A small file system that tests fill up or make read-only."""

import subprocess
from errno import ENOSPC
from pathlib import Path

import pytest

MIB = 2**20


class SmallDisk:
    """A file system in memory (tmpfs). If it cannot be mounted, the test is skipped."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder = folder
        folder.mkdir()
        made = self._mount("-t", "tmpfs", "-o", f"size={mib}m", "none", str(folder))
        if made.returncode:
            pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")

    def remount(self, options: str) -> None:
        """Change mount options such as `ro` or `size=4m`.

        Raises CalledProcessError if the system refuses them, for example `ro` while a file is open for writing.
        """
        self._mount("-o", f"remount,{options}", str(self.folder)).check_returncode()

    def fill(self) -> None:
        """Occupy all free space until `free` is called."""
        with (self.folder / "fill").open("wb", buffering=0) as file:
            try:
                while file.write(bytes(MIB)) == MIB:
                    pass
            except OSError as error:
                if error.errno != ENOSPC:
                    raise

    def free(self) -> None:
        """Release the space that `fill` occupied."""
        (self.folder / "fill").unlink()

    def unmount(self) -> None:
        """Remove the file system, even if processes still use it."""
        subprocess.run(["umount", "-l", str(self.folder)], check=False)

    def _mount(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(["mount", *arguments], capture_output=True, check=False)
