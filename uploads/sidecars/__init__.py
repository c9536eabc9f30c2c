"""Sidecars are files in which other programs describe pictures. Parsing, naming rules and precedence; no database."""
