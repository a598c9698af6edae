"""A bundle for a system never seen: drawn by an adapter, rendered so that a person can finish it in minutes.

Nothing is exposed unless the person said so, call by call: a name that looks like a read proves nothing.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from brownfield.contract import Failure, Sources
from brownfield.rules.problem import Problem
from brownfield.runtime.home import SETTINGS
from brownfield.runtime.locking import lock_bundle, unreadable
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.rendering import manifest, readme, samples
from brownfield.runtime.wish import Drawing, Wish, declared
from brownfield.wrapper.manifest import MANIFEST


def draw(sources: Sources, around: Surroundings) -> Drawing:
    """Ask the adapter that can read such a source for a draft.

    Raises:
        Problem: No adapter can, or the source cannot be reached or read.
    """
    kind = next(iter(sources))
    drafters = around.registry.drafters(kind)
    if not drafters:
        raise Problem("not-found", f"no adapter can draft a bundle from --{kind}", next="Install one that can.")
    try:
        return Drawing(drafters[0].name, drafters[0].draft[kind](sources))
    except (Failure, ValueError) as error:
        raise unreadable(sources[kind], error) from error


def render(wish: Wish, drawing: Drawing) -> dict[str, bytes]:
    """The files that a person would otherwise have to write, by path within the bundle.

    Raises:
        Problem: A declared read is not there.
    """
    reads = declared(wish, drawing.draft)
    texts = {
        MANIFEST: "\n".join(manifest(wish, drawing, reads)) + "\n",
        "README.md": "\n".join(readme(wish, drawing.draft)) + "\n",
    }
    files = {path: text.encode() for path, text in texts.items()}
    return files | dict(samples(drawing.draft)) | dict(drawing.draft.files)


def write(folder: Path, files: Mapping[str, bytes], around: Surroundings) -> None:
    """Make the bundle and lock it: all of it, or nothing.

    Raises:
        Problem: There is something already: nothing is overwritten.
        BundleError: What was rendered cannot be locked.
    """
    refuse_to_overwrite(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as place:
        _make(Path(place) / folder.name, files, around).rename(folder)


def rehearse(folder: Path, files: Mapping[str, bytes], around: Surroundings) -> None:
    """Do all that `write` does, elsewhere, and leave nothing: what it refuses is refused.

    Raises:
        Problem: A file would be written outside the bundle.
        BundleError: What was rendered cannot be locked.
    """
    with tempfile.TemporaryDirectory(prefix="brownfield-new-") as place:
        _make(Path(place) / folder.name, files, around)


def _make(made: Path, files: Mapping[str, bytes], around: Surroundings) -> Path:
    made.mkdir()
    for name, content in files.items():
        path = (made / name).resolve()
        if not path.is_relative_to(made.resolve()):
            raise Problem("internal", f"the adapter wants to write {name}, outside the bundle")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    lock_bundle(made, around)
    return made


def refuse_to_overwrite(folder: Path) -> None:
    """Return when nothing is in the way.

    Raises:
        Problem: Something is.
    """
    if folder.exists():
        raise Problem("conflict", f"{folder} is there already; nothing was written",
                      next="Choose another id or another --into, or take it away.")  # fmt: skip


def write_settings(folder: Path) -> Path | None:
    """A `brownfield.toml` for a sandbox beside the wrappers, unless there is one; the path of the new one."""
    path = folder / SETTINGS
    if path.exists():
        return None
    path.write_text(
        "# The one environment of this brownfield. Keys, proposals and audit entries carry its name, and a key of one\n"
        "# environment is no key of another. Only in a sandbox may a wrapper be live without a promotion.\n"
        'environment = "sandbox"\n'
        '# timezone = "Europe/Paris"   # in which questions are asked and answered\n',
        "utf-8",
    )
    return path
