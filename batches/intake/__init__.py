"""Add files to a batch: from tus uploads, the HTML form or a local folder.

All three end with the steps in `finalize`.
"""
