"""Describe pictures: the Analyzer interface and an embedded analyzer, which includes its models."""
