"""What a reply that is not an answer means: one table, and the reading of SOAP faults.

| what happened | outcome | why |
|---|---|---|
| no connection, DNS, TLS; nothing was sent | Unavailable | nothing happened (`transport`) |
| deadline or connection lost after sending began | Uncertain | it may have happened (`transport`) |
| a SOAP fault, whatever the status | Rejected | the system understood and said no |
| a fault of the server, without a declared detail | Uncertain | something broke in it, before or after the effect |
| 429 without a fault | Unavailable | the server says that it did not begin |
| 408, 502, 503, 504 without a fault | Uncertain | a gateway gave up on a system that may go on; a mesh says 503 too |
| other 4xx without a fault | Rejected `http-NNN` | the server refused the request |
| 3xx | Drifted | a redirect is never followed: it could lead credentials elsewhere |
| anything else that is no envelope: HTML, empty, cut short | Drifted | it cannot be understood |

For a write, `Drifted` means that nobody knows whether it happened: the kernel treats it as unknown.
"""

import re
from typing import Any

from lxml import etree

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield_soap.answer import detail as detail_answer
from brownfield_soap.decode import Decoder, names_match
from brownfield_soap.model import Operation

NOT_BEGUN = frozenset({429})
GATEWAY = frozenset({408, 502, 503, 504})
BROKEN = frozenset({"Server", "Receiver"})
"""The standard codes of a fault that is not the caller's: SOAP 1.1 4.4.1, SOAP 1.2 part 1, 5.4.6."""
STACK = re.compile(r"\s*(?:--->|[\r\n]|\s+at [\w.$<>]+\(|Traceback \(most recent).*", re.DOTALL)
"""Where the words for a person end and a stack trace begins, in .NET, Java and Python."""

LONGEST = 300
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def without_fault(status: int) -> Failure | None:
    """What the HTTP status alone means, None when it says nothing."""
    if status in NOT_BEGUN:
        return Unavailable(f"The system is not serving now (HTTP {status}).", code=f"http-{status}")
    if status in GATEWAY:
        return Uncertain(f"A gateway gave up waiting (HTTP {status}): the call may have been carried out.")
    if 400 <= status < 500:
        return Rejected(f"The server refused the request (HTTP {status}).", code=f"http-{status}")
    if 300 <= status < 400:
        return Drifted(f"The server answers with a redirect (HTTP {status}), which is not followed. Set the endpoint.")
    return None


def said(decoder: Decoder, operation: Operation, fault: etree._Element) -> Rejected | Uncertain:
    """A SOAP 1.1 or 1.2 fault as what the system said: its code, one line of words, its typed detail."""
    space = f"{{{SOAP_12}}}" if str(fault.tag).startswith(f"{{{SOAP_12}}}") else ""
    if space:
        code = _deepest_subcode(fault, space) or fault.findtext(f"{space}Code/{space}Value")
        words = fault.findtext(f"{space}Reason/{space}Text")
    else:
        code, words = fault.findtext("faultcode"), fault.findtext("faultstring")
    detail = _detail(decoder, operation, fault.find(f"{space}Detail" if space else "detail"))
    own = detail.get("Code")
    code = own if isinstance(own, str) and own else _local(code)
    words = one_line(words or "")
    if code in BROKEN and not detail:
        return Uncertain(words or "Something broke in the system, without a word.", code=code)
    return Rejected(words or "The system said no, without a word.", code=code, detail=detail)


def one_line(words: str) -> str:
    """The first line of a fault's words, without a stack trace and not endless."""
    line = " ".join(STACK.sub("", words.strip()).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _local(code: str | None) -> str:
    return (code or "").strip().rpartition(":")[2]


def _deepest_subcode(fault: etree._Element, space: str) -> str | None:
    values = [str(value.text) for value in fault.iterfind(f"{space}Code//{space}Subcode/{space}Value") if value.text]
    return values[-1] if values else None


def _detail(decoder: Decoder, operation: Operation, detail: etree._Element | None) -> dict[str, Any]:
    """The first detail element that the contract declares; anything else may be a stack trace and is dropped."""
    for element in [] if detail is None else detail.iterchildren("*"):
        for declared in operation.faults:
            if names_match(declared.part.tag, str(element.tag)):
                try:
                    return decoder.answer(detail_answer(decoder.model, declared.part), element, declared.part.name)
                except Drifted:
                    return {}
    return {}
