"""The name in storage that a file is given before its row is there."""

from uuid import UUID

from django.utils.crypto import salted_hmac


def storage_key(item_id: int) -> UUID:
    """Return the storage key for the bytes of this item: the same at each repetition, not to be guessed by others.

    No two items share a key, and an item whose bytes were stored is never received again, so the bytes of a deleted
    picture that come once more get another key: what is still removed of the old picture is never theirs.
    """
    return UUID(bytes=salted_hmac("batches.intake", str(item_id), algorithm="sha256").digest()[:16], version=4)
