"""Add files to a batch: from tus uploads, the HTML form or a local folder.

Files from all three sources are finalized by `finalize`.
"""
