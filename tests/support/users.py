"""Create users without a password, because hashing one takes 0.3 s. Sign them in with `client.force_login`."""

from django.contrib.auth.models import Permission, User


def make_user(name: str) -> User:
    """Create a user without permissions."""
    return User.objects.create_user(name)


def make_staff(name: str, *codenames: str) -> User:
    """Create a staff user who has only these permissions."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    return user
