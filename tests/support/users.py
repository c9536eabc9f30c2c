"""People for tests. They have no password, which would cost a third of a second each: `client.force_login` them."""

from django.contrib.auth.models import Permission, User


def make_user(name: str) -> User:
    """A user of the pages."""
    return User.objects.create_user(name)


def make_staff(name: str, *codenames: str) -> User:
    """A staff user with these permissions and no others."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    assert user.user_permissions.count() == len(codenames)
    return user
