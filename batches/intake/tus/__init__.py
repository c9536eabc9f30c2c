"""Resumable upload: tus 1.0 (https://tus.io/protocols/resumable-upload) with five of its extensions.

Creation, creation-with-upload, checksum, termination, expiration; no deferred length, no concatenation. `headers`,
`checksum`, `reception` and `answers` are the protocol without HTTP or database, `standing` and `work` do what touches
them, `app` is the ASGI application.
"""
