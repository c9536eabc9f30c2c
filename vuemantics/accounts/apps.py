from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Sign-in, passwords, language, and user accounts in the admin."""

    name = "vuemantics.accounts"
