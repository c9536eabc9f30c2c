"""Analyse pictures: the interfaces of providers, the providers, and the recognition of text in pictures."""
