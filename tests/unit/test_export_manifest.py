"""The manifest of an export ignores incomplete and malformed lines."""

from pathlib import Path

from uploads.export.manifest import NAME, Manifest


def test_lines_without_a_checksum_are_ignored(tmp_path: Path) -> None:
    digest = "0f" * 32
    lines = [f"{digest}  2024/06/a.jpg", "g" * 64 + "  b.jpg", "", f"{digest[:-2]}", "1e" * 32 + "  c.j"]
    (tmp_path / NAME).write_text("\n".join(lines))

    with Manifest(tmp_path) as manifest:
        assert (len(manifest), manifest.path(digest)) == (1, "2024/06/a.jpg")
