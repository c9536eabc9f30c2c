"""Analyse pictures: the interfaces of providers, and an embedded provider that ships with its models."""
