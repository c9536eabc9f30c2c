"""The storage key of a file, which is needed before its upload row exists."""

from uuid import UUID

from django.utils.crypto import salted_hmac


def storage_key(item_id: int) -> UUID:
    """Return the storage key for the bytes of this item: always the same, and not predictable for others.

    No two items share a key, and an item whose bytes were stored is never received again. So if the bytes of a deleted
    picture are sent again they get another key, and removing the old files cannot hit them.
    """
    return UUID(bytes=salted_hmac("batches.intake", str(item_id), algorithm="sha256").digest()[:16], version=4)
