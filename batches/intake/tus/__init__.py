"""Resumable uploads with tus 1.0 (https://tus.io/protocols/resumable-upload) and five of its extensions.

The extensions are creation, creation-with-upload, checksum, termination and expiration. Deferred length and
concatenation are not supported. `app` is the ASGI application. `handlers` handles POST, HEAD, PATCH and DELETE; the
blocking parts are in `steps`. `completion` finalizes complete uploads. `headers`, `checksum`, `writer` and `responses`
implement the protocol and need neither an HTTP server nor a database.
"""
