"""Sidecars: files that other programs wrote about pictures. Parsing, naming rules and precedence; no database."""
