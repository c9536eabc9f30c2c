"""The users who own the batches and uploads that the benchmarks create."""

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from batches.engine.lifecycle import open_batch


def sign_in(username: str = "bench") -> str:
    """Create the user if necessary, sign them in and return the value of the Cookie header."""
    user, _ = User.objects.get_or_create(username=username)
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def new_batch(username: str = "bench") -> int:
    return open_batch(User.objects.get(username=username).pk, "upload").id
