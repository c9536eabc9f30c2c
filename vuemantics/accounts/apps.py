"""Configuration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in, passwords, language, and accounts in the admin."""

    name = "vuemantics.accounts"
