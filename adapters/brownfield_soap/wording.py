"""What a far-side name says: its snake_case, what it suggests of an effect, and what it is about. Guesses, no facts."""

import re
from collections import Counter
from collections.abc import Collection, Iterable

LONGEST = 48
"""Characters of a name in the manifest."""
READS = frozenset(
    """
    browse calculate check compare compute contains convert count describe display download echo enumerate evaluate
    exists export fetch find get has inquire is list load locate lookup ping poll preview print query read report
    resolve retrieve return say search select show sum test track validate verify view
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
WRITES = frozenset(
    """
    accept activate add adjust allocate apply approve archive assign associate attach block book cancel change clear
    clone close commit complete confirm copy create deactivate delete deliver deploy destroy detach disable
    disassociate discard edit empty enable end execute forward generate grant import insert install invoke issue lock
    mark merge modify move notify open order pay place post process provision publish purge put receive refund register
    reject release remove rename renew replace reserve reset resend reverse revoke rollback run save schedule
    send set ship sign start stop store submit subscribe suspend sync terminate transfer undelete uninstall unlock
    unregister unsubscribe update upgrade upload upsert void withdraw write
    """.split()  # noqa: SIM905  # as above
)
CONSUMES = frozenset({"next", "and", "or", "pop", "take", "claim", "ack", "acknowledge"})
"""Words that make a verb of reading doubtful: `GetNextTicket` may hand the ticket out."""
JOINTS = frozenset("and as at by for from in into of on or per through to using via with".split())  # noqa: SIM905
"""Words after which a name says how, and no longer what."""
FILLERS = frozenset("all any async batch data detail info information list multiple new request service".split())  # noqa: SIM905


def snake(name: str) -> str:
    """A far-side name in snake_case: `GetNextPickTicket` is `get_next_pick_ticket`, `getURL2` is `get_url2`."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])|([a-z0-9])([A-Z])", r"\1\3_\2\4", name)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", spaced).strip("_").lower()
    return short(plain if plain[:1].isalpha() else f"call_{plain}".rstrip("_"))


def short(name: str, longest: int = LONGEST) -> str:
    """A snake_case name of at most so many characters: words from its middle go, for its ends tell most."""
    words = name.split("_")
    while len("_".join(words)) > longest and len(words) > 2:
        del words[len(words) // 2]
    return "_".join(words)[:longest].rstrip("_")


def distinct(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    made, number = name, 1
    while made in taken:
        number += 1
        made = f"{short(name, LONGEST - len(str(number)) - 1)}_{number}"
    return made


def guess(name: str) -> str:
    """What the verb of a snake_case name suggests. A person decides; this exposes nothing."""
    first, *others = _words(name) or [""]
    if first in WRITES:
        return "looks like a write"
    if first in READS and not CONSUMES.intersection(others):
        return "looks like a read"
    return "cannot tell"


def groups(names: Iterable[str]) -> dict[str, str]:
    """What each name is about: `hold` for `place_hold` and `find_holds`; empty where no other is about the same."""
    found = {name: _subject(name) for name in names}
    sizes = Counter(found.values())
    return {name: subject if sizes[subject] > 1 else "" for name, subject in found.items()}


def _words(name: str) -> list[str]:
    words = name.split("_")
    return words[1:] if words[0] == "do" and len(words) > 1 else words


def _subject(name: str) -> str:
    """The last noun of what a name does something to."""
    words = _words(name)
    verbs = READS | WRITES
    words = words[1:] if words[0] in verbs else words[:-1] if words[-1] in verbs else words
    end = next((place for place, word in enumerate(words) if place and word in JOINTS), len(words))
    nouns = [word for word in words[:end] if word not in FILLERS and word not in JOINTS and not word.isdigit()]
    return _singular(nouns[-1]) if nouns else ""


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word
