"""Derive a file's storage key from its item's id, because the key is needed before the Upload row exists."""

from uuid import UUID

from django.utils.crypto import salted_hmac


def storage_key(item_id: int) -> UUID:
    """Return the storage key for the item's file. It is deterministic, but unpredictable without the secret key.

    Every item has its own key, and an item whose bytes were stored never receives bytes again. So if the file of a
    deleted picture is sent again, it is stored under a different key, and deleting the old files does not affect it.
    """
    return UUID(bytes=salted_hmac("batches.intake", str(item_id), algorithm="sha256").digest()[:16], version=4)
