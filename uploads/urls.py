"""Addresses of the library."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
