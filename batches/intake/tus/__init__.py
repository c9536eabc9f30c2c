"""Resumable upload: tus 1.0 (https://tus.io/protocols/resumable-upload) and five of its extensions.

Creation, creation-with-upload, checksum, termination, expiration; no deferred length, no concatenation. `app` is the
ASGI application, `handlers` executes requests, `completion` finalizes complete uploads. `headers`, `checksum`, `writer`
and `responses` implement the protocol without HTTP server or database.
"""
