"""Describe pictures: the Analyzer interface, and the embedded analyzer with its shipped models."""
