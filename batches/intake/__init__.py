"""Add files to a batch: from tus uploads, HTML forms, local folders or archives.

A file whose bytes were received from any of these sources is finalized by `finalize`.
"""
