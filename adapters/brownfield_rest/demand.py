"""What the settings of a connection ask for beside themselves: secrets and files."""

from collections.abc import Iterator

from brownfield.contract.descriptor import Fault
from brownfield_rest.setting import RestSettings

_LOGINS = {"bearer": ("token",), "basic": ("password",), "api-key": ("key",)}
_FILES = ("authorities", "certificate", "certificate_key")


def secrets(settings: RestSettings) -> Iterator[str]:
    """The names of the secrets that calls ask for."""
    if settings.auth == "basic" and "user" not in settings.model_fields_set:
        yield "user"
    yield from _LOGINS.get(settings.auth, ())


def faults(settings: RestSettings) -> Iterator[Fault]:
    """What no call can work with."""
    for key in _FILES:
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            yield Fault(key, f"there is no file {path.name}", "put it there, or name another")
