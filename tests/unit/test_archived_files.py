"""The list of a large archive's files takes constant memory until the files are inserted."""

import tracemalloc

from batches.engine.archive_items import ArchivedFile, ArchivedFiles
from batches.engine.incoming import NewFile
from batches.models.states import ItemStatus
from uploads.archives.zip_directory import ZipEntry

COUNT = 20_500


def archived(number: int) -> ArchivedFile:
    name = f"ü{number}.jpg"
    entry = ZipEntry(name, number, 10, 20, 0, 8)
    return ArchivedFile(NewFile(name, f"Takeout/{name}", f"{number:064}", 20), entry, "" if number else "ignored.junk")


def test_files_of_a_large_archive_take_constant_memory() -> None:
    files = ArchivedFiles()
    tracemalloc.start()

    for number in range(COUNT):
        files.add(archived(number))
    count = sum(len(columns["paths"]) for columns in files.chunks())

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, peak < 6_000_000) == (COUNT, True)


def test_files_are_returned_in_order_and_counted() -> None:
    files = ArchivedFiles()
    for number in range(COUNT):
        files.add(archived(number))

    chunks = list(files.chunks())

    assert [path for chunk in chunks for path in chunk["paths"]] == [f"Takeout/ü{n}.jpg" for n in range(COUNT)]
    assert [offset for chunk in chunks for offset in chunk["offsets"]] == list(range(COUNT))
    assert files.statuses == {ItemStatus.IGNORED: 1, ItemStatus.PENDING: COUNT - 1}
    assert files.pending_bytes == 20 * (COUNT - 1)
