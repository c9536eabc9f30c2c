"""Describe pictures: the Analyzer interface and the embedded analyzer, which comes with its models."""
