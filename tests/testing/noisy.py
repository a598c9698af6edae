"""An adapter's module that does something when it is imported."""

from brownfield.testing.canned.system import CannedSettings

print("hello")


class NoisySettings(CannedSettings):
    """Settings that live here."""
