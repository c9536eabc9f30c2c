"""Add files to a batch: from tus uploads, HTML forms, local folders or archives.

Whatever the source, `finalize` takes over once all bytes of a file have arrived.
"""
