"""Clips on disk: the files are the truth, the index makes them quick to find.

Knows nothing of how a clip is rendered or shown.
"""
