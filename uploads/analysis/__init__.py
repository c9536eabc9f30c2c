"""Describe pictures: the provider interfaces, and an embedded analyzer that ships with its models."""
