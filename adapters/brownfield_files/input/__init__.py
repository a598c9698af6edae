"""The `input_files` adapter: approved writes become the file that a batch job takes, see `connection`."""

from brownfield_files.input.connection import adapter

__all__ = ["adapter"]
