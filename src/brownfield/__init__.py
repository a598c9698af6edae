"""Wrap a legacy system in a thin typed API. This is what a wrapper author imports."""

from brownfield.contract import Fields, Rejected, Reply
from brownfield.wrapper.declaration import Call, Record, Wrapper
from brownfield.wrapper.money import Money

__all__ = ["Call", "Fields", "Money", "Record", "Rejected", "Reply", "Wrapper"]
