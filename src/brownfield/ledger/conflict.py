"""What the ledger says when somebody else was first."""


class Conflict(Exception):
    """The row is not as the caller believed: read it again and decide anew. Nothing was changed."""


class Moved(Conflict):
    """A proposal left the state, or the hold, that the caller knew."""


class Taken(Conflict):
    """A name that must be unique is in use: choose another."""


class Settled(Conflict):
    """The file is no longer being collected: its events are complete."""
