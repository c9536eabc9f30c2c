"""Addresses of the batches."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
