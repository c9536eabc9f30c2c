"""Resumable upload: tus 1.0 (https://tus.io/protocols/resumable-upload), core protocol and creation.

`headers` and `reception` are the protocol without HTTP or database, `work` does what touches them, `app` is the ASGI
application. No deferred length, no concatenation.
"""
