"""Wrap a legacy system in a thin typed API."""
