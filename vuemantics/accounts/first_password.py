"""The page for choosing the first password. `manage.py run` prints a link to it.

`manage.py run` creates the first account without a password. The link contains one of Django's tokens for resetting
passwords, so only someone who can read the terminal can choose the password, and only once.
"""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode


def account_without_password() -> User | None:
    """Return the first administrator, or None if any user already has a password."""
    if User.objects.exclude(password="").exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists():
        return None
    return User.objects.filter(is_superuser=True, is_active=True).order_by("id").first()


def first_password_path(user: User) -> str:
    """Return the path of the page for choosing the user's password. The path is valid for PASSWORD_RESET_TIMEOUT."""
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return reverse("first-password", args=[uid, token])


class FirstPassword(PasswordResetConfirmView):
    """Set the first password and sign the user in."""

    template_name = "registration/first_password.html"
    success_url = reverse_lazy("batch-list")
    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"

    def get_user(self, uidb64: str) -> User | None:
        """Return the link's user if that account still needs its first password."""
        user = super().get_user(uidb64)
        return user if user == account_without_password() else None
