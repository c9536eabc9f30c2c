"""Converters of published networks to the files that the analyzer ships; see tools/build_weights.py."""
