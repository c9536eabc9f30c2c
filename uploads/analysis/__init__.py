"""Analyse pictures: the interfaces of providers, and an embedded provider whose models ship with the program."""
