"""Django's sessions in the database, without an error for session keys that PostgreSQL refuses."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """A session whose key comes from a cookie. A key that contains NUL is treated like an unknown one."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(None if session_key and "\0" in session_key else session_key)
