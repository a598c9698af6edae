"""What a reply that is not an answer means: one table, and the reading of SOAP faults.

| what happened | outcome | why |
|---|---|---|
| no connection, DNS, TLS; nothing was sent | Unavailable | nothing happened (`transport`) |
| deadline or connection lost after sending began | Uncertain | it may have happened (`transport`) |
| a SOAP fault, whatever the status | Rejected | the system understood and said no |
| a fault of the server, without a declared detail | Uncertain | something broke, before or after the effect |
| 429 without a fault | Unavailable | the server says that it did not begin |
| 408, 5xx without a fault | Uncertain | it broke, or a gateway gave up on it; a mesh says 503 too |
| 202 without the answer | Uncertain | it was taken, and nobody will hear how it ended |
| other 4xx without a fault | Rejected `http-NNN` | the server refused the request |
| 3xx | Drifted | a redirect is never followed: it could lead credentials elsewhere |
| anything else that is no envelope: HTML, empty, cut short | Drifted | it cannot be understood |

For a write, `Drifted` means that nobody knows whether it happened: the kernel treats it as unknown.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lxml import etree

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield_soap.answer import detail as detail_answer
from brownfield_soap.decode import TYPE, Decoder, names_match
from brownfield_soap.model import Operation, Part

NOT_BEGUN = frozenset({429})
BROKEN = frozenset({"Server", "Receiver", "InternalServiceFault"})
"""Codes of a fault that is not the caller's: SOAP 1.1, 4.4.1; SOAP 1.2 part 1, 5.4.6; WCF where a service threw."""

STACK = re.compile(
    r"""(?:
        --->                                  # .NET, the exception within
      | \b(?:Stack\ ?[Tt]race|Trace):          # PHP, .NET, Axis
      | Traceback\ \(most\ recent              # Python
      | ;?\ ?nested\ exception\ is              # Java RMI, Axis
      | (?<!\S)at\ [\w$<>`\[\]/]+(?:\.[\w$<>`\[\]/]+)+\ ?\(      # Java, .NET, JavaScript: at com.clinic.Get.run(
      | \#\d+\ +(?:/|\[|\{|[A-Za-z]:\\)     # PHP: #0 /var/www/x.php(12)
      | \b(?:in|at|File)\ "?(?:(?:/[\w.-]+){2}|[A-Za-z]:\\)  # a file of theirs: PHP, Perl, Python, .NET
    ).*""",
    re.DOTALL | re.VERBOSE,
)
"""Where the words for a person end and a stack trace begins, or a file of the server is named."""

LINE = re.compile(r"[\r\n].*", re.DOTALL)

LONGEST = 300
DEEPEST = 6
"""Subcodes that are told."""

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def without_fault(status: int) -> Failure | None:
    """What the HTTP status alone means, None when it says nothing."""
    if status in NOT_BEGUN:
        return Unavailable(f"The system is not serving now (HTTP {status}).", code=f"http-{status}")
    if status == 408 or status >= 500:
        return Uncertain(f"The system or a gateway gave up (HTTP {status}): the call may have been carried out.")
    if 400 <= status < 500:
        return Rejected(f"The server refused the request (HTTP {status}).", code=f"http-{status}")
    if 300 <= status < 400:
        return Drifted(f"The server answers with a redirect (HTTP {status}), which is not followed. Set the endpoint.")
    return None


@dataclass(frozen=True, slots=True)
class _Said:
    """A fault taken apart.

    Attributes:
        codes: The code, and in SOAP 1.2 the subcodes from the outside in, without their prefixes.
        words: For a person.
        detail: What holds the detail.
    """

    codes: tuple[str, ...]
    words: str
    detail: etree._Element | None

    @property
    def code(self) -> str:
        """The subcodes, which say more than the code; the code when there are none."""
        return "/".join(self.codes[1:] or self.codes)

    @property
    def broken(self) -> bool:
        """Whether it is the server that broke, or nobody says who. SOAP 1.1 refines behind a dot: `Server.Database`."""
        return not self.codes or self.codes[0].partition(".")[0] in BROKEN


def said(decoder: Decoder, operation: Operation, fault: etree._Element) -> Rejected | Uncertain:
    """A SOAP 1.1 or 1.2 fault as what the system said: its code, one line of words, its typed detail."""
    found = _said_11(fault) if fault.find("{*}faultcode") is not None else _said_12(fault)
    detail = _detail(decoder, operation, found.detail)
    own = detail.get("Code")
    code = own if isinstance(own, str) and own else found.code
    words = one_line(found.words)
    if found.broken and not detail:
        return Uncertain(words or "Something broke in the system, without a word.", code=code)
    strange = "" if detail else code or "a fault without a code"
    return Rejected(words or "The system said no, without a word.", code=code, detail=detail, undeclared=strange)


def one_line(words: str) -> str:
    """The first line of a fault's words, without a stack trace and not endless."""
    line = " ".join(LINE.sub("", STACK.sub("", words.lstrip()).strip()).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _said_11(fault: etree._Element) -> _Said:
    code, words = (fault.findtext(f"{{*}}{name}") or "" for name in ("faultcode", "faultstring"))
    return _Said(_locals([code]), words, fault.find("{*}detail"))


def _said_12(fault: etree._Element) -> _Said:
    """The members of SOAP 1.2, in whichever envelope: node sends them in one of 1.1."""
    space = f"{{{etree.QName(fault).namespace}}}"
    values = [value.text for value in fault.iterfind(f"{space}Code//{space}Value")]
    texts = list(fault.iterfind(f"{space}Reason/{space}Text"))
    english = [text for text in texts if text.get(LANGUAGE, "").lower().startswith("en")]
    words = next((text.text for text in [*english, *texts] if text.text), "")
    return _Said(_locals(values), words, fault.find(f"{space}Detail"))


def _locals(codes: Iterable[str | None]) -> tuple[str, ...]:
    """Codes without prefixes, none of them endless."""
    return tuple(local for code in codes if (local := (code or "").strip().rpartition(":")[2][:LONGEST]))[:DEEPEST]


def _detail(decoder: Decoder, operation: Operation, detail: etree._Element | None) -> dict[str, Any]:
    """The first detail element that the contract declares; anything else may be a stack trace and is dropped."""
    if detail is None:
        return {}
    for element in detail.iterchildren("*"):
        for declared in operation.faults:
            if names_match(declared.part.tag, str(element.tag)) or _is_of(declared.part, element):
                return _read(decoder, declared.part, element)
    if len(operation.faults) == 1 and len(detail):
        return _read(decoder, operation.faults[0].part, detail)  # PHP leaves the element out
    return {}


def _is_of(part: Part, element: etree._Element) -> bool:
    """Whether an element says that it is of a part's type: Axis names it after the exception and not after the part."""
    named = re.split("[:}]", element.get(TYPE, "").strip())[-1]
    return isinstance(part.type, str) and bool(named) and named == part.type.rpartition("}")[2]


def _read(decoder: Decoder, part: Part, element: etree._Element) -> dict[str, Any]:
    try:
        found = decoder.answer(detail_answer(decoder.model, part), element, part.name)
    except Drifted:
        return {}
    return {name: _without_traces(member) for name, member in found.items()}


def _without_traces(value: Any) -> Any:
    """A typed detail may have a member for the stack trace: WCF's `ExceptionDetail` has."""
    if isinstance(value, dict):
        return {name: _without_traces(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_without_traces(member) for member in value]
    return STACK.sub("", value).rstrip() if isinstance(value, str) and STACK.search(value) else value
