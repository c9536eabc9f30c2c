"""How much needs the person's look, for the navigation."""

from django import template
from django.contrib.auth.models import AnonymousUser, User

from batches.inbox import MOST_COUNTED, count_failures

register = template.Library()


@register.simple_tag
def needs_a_look(user: User | AnonymousUser) -> str:
    """The number of the user's failures as text, “99+” for many; nothing when there are none."""
    count = count_failures(user.pk) if user.pk else 0
    if count >= MOST_COUNTED:
        return f"{MOST_COUNTED - 1}+"
    return str(count) if count else ""
