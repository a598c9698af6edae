"""A reply under way → the answer of one operation: rows that still come, or the whole of it."""

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import Any

from lxml import etree

from brownfield.contract import Drifted, Reply, Uncertain
from brownfield_soap.addressing import hold_to
from brownfield_soap.answer import Answer
from brownfield_soap.attachment import binaries, refilled
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.model import SWA_REF, Operation
from brownfield_soap.reply import Parsed, answer_element, parsed
from brownfield_soap.seal import Seal
from brownfield_soap.stream import Rows, Stream
from brownfield_soap.transport import Exchange


@dataclass(frozen=True, slots=True)
class Receiver:
    """Reads the replies of one operation.

    Attributes:
        operation: The operation.
        answer: What of a reply is the answer.
        decoder: Reads it.
        output: Holds it to the contract.
        rows: How to stream it, or None.
        max_bytes: The largest reply.
        seal: What a reply has to prove.
    """

    operation: Operation
    answer: Answer
    decoder: Codec
    output: Check
    rows: Rows | None
    max_bytes: int
    seal: Seal

    def receive(self, exchange: Exchange, id_: str) -> Reply:
        """The reply to the request with an id; without WS-Addressing the id is empty.

        Only rows keep the exchange open.

        Raises:
            Rejected: The system said no.
            Unavailable: The server did not begin.
            Uncertain: No whole answer came.
            Drifted: The answer is outside the contract.
        """
        examine = partial(_examine, id_)
        with contextlib.ExitStack() as held:
            held.enter_context(exchange)
            if self.rows is None or exchange.status != 200 or exchange.media_type.startswith("multipart/"):
                return self._whole(parsed(exchange, self.max_bytes), id_)
            stream = Stream(self.rows, exchange, self._path, self.max_bytes, examine)
            coming = stream.begin()
            if coming is None:
                return self._whole(stream.parsed(), id_)
            held.pop_all()
            return Reply({}, coming)

    @property
    def _path(self) -> str:
        """Where the result stands, for messages."""
        step = self.answer.step
        return f"{self.operation.name}/{step.name}" if step else self.operation.name

    def _whole(self, reply: Parsed, id_: str) -> Reply:
        if reply.root is not None and etree.QName(reply.root).localname == "Envelope":
            self.seal.open(reply.root, self.max_bytes)
            _examine(id_, reply.root)
        elif self.seal.demands and reply.status >= 400:
            # Whoever stands between may have let the call through, and a write that is refused is made again.
            raise Uncertain(f"A refusal that nobody signed (HTTP {reply.status}): the call may have been carried out.")
        name = self.operation.name
        element = answer_element(self.decoder.model, self.decoder, self.operation, reply)
        if element is not None and reply.package is not None and self.operation.reply is not None:
            of_reply = partial(binaries, self.decoder.model, self.operation.reply.type)
            if self.seal.opens and any(kind.name == SWA_REF for _, kind in of_reply(element)):
                raise Drifted("The reply refers to an attachment, which nothing proves. Nothing of it was read.")
            refilled(of_reply(element), reply.package, self.max_bytes // 2)
        try:
            found = {} if element is None else self.decoder.answer(self.answer, element, name)
        except RecursionError:
            raise Drifted(f"The reply is nested too deeply: {name}.") from None
        return self._held(found)

    def _held(self, found: dict[str, Any]) -> Reply:
        """The reply, once the fields have met the contract that `describe` gave."""
        fault = self.output.fault(found)
        if fault is not None:
            raise Drifted(f"The reply is outside the contract: {self.operation.name}: {fault}.")
        return Reply({}, iter(found["items"])) if self.answer.rows else Reply(found)


def _examine(id_: str, envelope: etree._Element) -> None:
    if id_:
        hold_to(envelope, id_)
