"""What a person says of a bundle that is to be drawn, and what an adapter drew."""

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from brownfield.contract import Draft, DraftCall
from brownfield.rules.problem import Problem
from brownfield.wrapper.manifest import Name, nearest


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says of the bundle that an adapter cannot know.

    Attributes:
        id: The wrapper's id.
        title: The system's name for people.
        owner: Who answers for the wrapper.
        page: Who is paged when it does wrong.
        read: Calls declared to be reads, by the far side's name or by ours, and the feed: exposed, and grantable to
            an agent.

    Raises:
        Problem: The id is none.
    """

    id: str
    title: str
    owner: str
    page: str
    read: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            TypeAdapter(Name).validate_python(self.id)
        except ValidationError:
            raise Problem("invalid", f"`{self.id}` is no id: small letters, digits and _, beginning with a letter",
                          next="Choose another id.") from None  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawing:
    """A draft with the adapter that made it."""

    adapter: str
    draft: Draft


def declared(wish: Wish, draft: Draft) -> dict[str, DraftCall]:
    """The calls that the person declared reads, by our name.

    Raises:
        Problem: One of them is not there.
    """
    by_word = {word: call for call in draft.calls for word in (call.name, call.call)}
    known = sorted({*by_word, *([draft.feed] if draft.feed else [])})
    errors = [
        {"path": word, "message": "there is no such call", "allowed": nearest(word, known) or known}
        for word in wish.read
        if word not in known
    ]
    if errors:
        raise Problem("not-found", f"no such call: {', '.join(str(error['path']) for error in errors)}",
                      next="Correct --read; nothing was written.", errors=tuple(errors))  # fmt: skip
    return {by_word[word].name: by_word[word] for word in wish.read if word in by_word}


def exposed(wish: Wish, draft: Draft) -> list[str]:
    """The names that an agent may be granted at once: what was declared."""
    return [*declared(wish, draft), *([draft.feed] if draft.feed and draft.feed in wish.read and draft.key else [])]


def secret_names(wish: Wish, draft: Draft) -> dict[str, str]:
    """What the secrets of the drawn settings are called at the provider, by the adapter's name for them."""
    return {name: f"{wish.id}/{name.replace('_', '-')}" for name in draft.secrets}
