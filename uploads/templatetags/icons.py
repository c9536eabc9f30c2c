"""The template tag `icon`. Templates need not load it, because TEMPLATES in settings.py makes it a builtin."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return the icon with this id in static/icons.svg. Screen readers ignore it, so the control also needs text."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)
