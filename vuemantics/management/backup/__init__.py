"""Back up and restore the database, the stored files and the secret key of one installation.

A backup is a directory that contains `database.dump`, `media/`, `media.sha256`, `secret-key` and, written last,
`backup.json` (stamp.py).
"""
