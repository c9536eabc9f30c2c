"""The storage key of a file, which is needed before its upload row exists."""

from uuid import UUID

from django.utils.crypto import salted_hmac


def storage_key(item_id: int) -> UUID:
    """Return the storage key for the bytes of this item: deterministic, but not predictable without the secret key.

    No two items share a key, and an item whose bytes were stored is never received again. So bytes of a deleted picture
    that are sent again get another key, and deleting the old files cannot affect them.
    """
    return UUID(bytes=salted_hmac("batches.intake", str(item_id), algorithm="sha256").digest()[:16], version=4)
