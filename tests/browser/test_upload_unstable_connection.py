"""Files arrive even if the connection is repeatedly cut before a whole chunk is sent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser

from batches.models import BatchItem
from batches.models.states import ItemStatus
from tests.browser.folders import choose_folder, make_folder
from tests.browser.page_states import signed_in
from tests.browser.waiting import wait_with_page
from tests.support.waiting import wait_until

MIB = 2**20
PASSES = 3 * MIB
# A proxy that cuts each connection after a number of uploaded bytes. It prints its port, then the size of each uploaded
# piece, and "cut" for each connection that it cuts.
CUTTER = """
import socket, sys, threading
to, most = int(sys.argv[1]), int(sys.argv[2])
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)

def carry(one, other, most):
    sent = 0
    try:
        while data := one.recv(65536):
            sent += len(data)
            if most:
                print(len(data), flush=True)
            if most and sent > most:
                print("cut", flush=True)
                break
            other.sendall(data)
    except OSError:
        pass
    for each in (one, other):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        each.close()

while True:
    one, _ = listening.accept()
    other = socket.create_connection(("127.0.0.1", to))
    threading.Thread(target=carry, args=(one, other, most), daemon=True).start()
    threading.Thread(target=carry, args=(other, one, 0), daemon=True).start()
"""


@pytest.fixture
def cutter(site: str, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The running proxy's port and log."""
    log = tmp_path / "cutter.log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", CUTTER, site.rpartition(":")[2], str(PASSES)]
        process = subprocess.Popen(command, stdout=output)
    try:
        port = wait_until(lambda: log.read_text().partition("\n")[0])
        yield int(port), log
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("size", [5 * MIB, 12 * MIB])
def test_file_arrives_over_a_connection_cut_every_three_mebibytes(
    chromium: Browser, cutter: tuple[int, Path], owner: User, tmp_path: Path, size: int
) -> None:
    port, log = cutter
    address = f"http://127.0.0.1:{port}"
    page = signed_in(chromium, address, owner).new_page()
    page.goto(f"{address}/batches/new/")

    choose_folder(page, make_folder(tmp_path / "Roll", 1, size))
    received = BatchItem.objects.exclude(status__in=[ItemStatus.MISSING, ItemStatus.RECEIVING])
    wait_with_page(page, lambda: received.exists())
    page.context.close()

    assert received.get().status == ItemStatus.PENDING
    sent = sum(int(line) for line in log.read_text().split()[1:] if line != "cut")
    assert sent < 8 * size
