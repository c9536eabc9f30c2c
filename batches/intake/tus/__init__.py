"""Resumable upload: tus 1.0 (https://tus.io/protocols/resumable-upload) and five of its extensions.

Creation, creation-with-upload, checksum, termination, expiration; no deferred length, no concatenation. `app` is the
ASGI application, `handlers` does what a request asks for, `completion` finalizes uploads whose bytes are all here.
`headers`, `checksum`, `writer` and `responses` are the protocol without HTTP server or database.
"""
