"""The four bytes before a record or a block of variable length, as mainframes write them and as transfers leave them.

IBM writes the length in the first two bytes, big-endian, and counts the descriptor itself; the third byte says which
segment of a spanned record follows. Transfers and other tools write it little-endian, or at the end of the four bytes
(`at = 2`), or count what follows only. Source: IBM z/OS DFSMS Using Data Sets, "Format-V records".
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

SIZE = 4
WHOLE, FIRST, LAST, MIDDLE = range(4)


class BadFraming(Exception):
    """The file cannot be cut into records; the message says why. Internal to the adapter."""


class Descriptor(BaseModel):
    """How the length is written.

    Attributes:
        order: Byte order of the length.
        at: The byte at which its two bytes stand; the other two are zero but for what is said here.
        includes: Whether the length counts the four bytes of the descriptor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: Literal["big", "little"] = "big"
    at: Literal[0, 2] = 0
    includes: bool = True

    def record(self, head: bytes, offset: int, *, spanned: bool) -> tuple[int, int]:
        """Bytes of the record that follows, and which segment it is.

        Raises:
            BadFraming: It is cut short, the length is zero or less, or the bytes beside it are not what they should be.
        """
        if len(head) < SIZE:
            raise BadFraming(f"byte {offset}: {len(head)} bytes are left, and a descriptor has {SIZE}")
        rest = head[2 - self.at : 4 - self.at]
        control = rest[0] if self.at == 0 else WHOLE
        if rest[1] or (self.at and rest[0]) or control > (MIDDLE if spanned else WHOLE):
            raise BadFraming(f"byte {offset}: {head.hex(' ').upper()} is no descriptor: beside its length are no zeros")
        return self._counted(int.from_bytes(head[self.at : self.at + 2], self.order), head, offset), control

    def block(self, head: bytes, offset: int) -> int:
        """Bytes of the block that follows; a first bit of 1 says that the length takes all four bytes.

        Raises:
            BadFraming: As above.
        """
        if self.order == "big" and self.at == 0 and len(head) == SIZE and head[0] & 0x80:
            return self._counted(int.from_bytes(head, "big") & 0x7FFFFFFF, head, offset)
        return self.record(head, offset, spanned=False)[0]

    def _counted(self, length: int, head: bytes, offset: int) -> int:
        size = length - SIZE if self.includes else length
        if size < 1:
            raise BadFraming(
                f"byte {offset}: {head.hex(' ').upper()} is a descriptor of {length} bytes: nothing follows"
            )
        return size


IBM = Descriptor()
