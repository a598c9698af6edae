"""What of a reply is the answer: the one rule by which a result is unwrapped.

A SOAP reply wraps its result, usually in an element named after the operation. The caller wants the result.

1. If the reply element has exactly one member, which is an element that occurs at most once, that member is the result
   (`GetItemResponse/GetItemResult`). Otherwise the reply element itself is the result. This step is made once.
2. A result with members of its own gives the reply's fields. A result that is an array wrapper (one repeated member)
   gives one field `items`. A result that is a single value gives one field `value`.
3. A result that is absent or nil gives no fields, except an array, which is then empty, and a nil value, which is null.

Within the result an array wrapper is a plain array, so `Barcodes/string` is `Barcodes: [...]`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from brownfield_soap.model import Field, Model, Part, Record, Scalar

Form = Literal["fields", "items", "value", "nothing"]


@dataclass(frozen=True, slots=True)
class Answer:
    """How to read one operation's reply.

    Attributes:
        form: Which of the forms in the module's text the reply's fields take.
        type: The type of the result.
        step: The member that holds the result, or None when the reply element is the result.
        rows: Whether `items` holds records and may be long, so that it is given as rows.
        encoded: Whether the reply uses SOAP encoding: then any value in it may be nil (SOAP 1.1, section 5.1).
    """

    form: Form
    type: Scalar | str
    step: Field | None = None
    rows: bool = False
    encoded: bool = False

    @property
    def optional(self) -> bool:
        """Whether the contract lets the result be absent or nil."""
        return self.step is not None and (self.step.least == 0 or self.step.nillable)


def answer(model: Model, part: Part | None) -> Answer:
    """The rule, applied to a reply."""
    if part is None:
        return Answer("nothing", Scalar("anyType"))
    step = _only_member(model, model.records[part.type]) if isinstance(part.type, str) else None
    if step is not None and part.encoded:
        step = replace(step, nillable=True)
    return replace(_whole(model, step.type if step else part.type, step), encoded=part.encoded)


def detail(model: Model, part: Part) -> Answer:
    """The rule for a fault's detail: its element is the result, nothing is unwrapped."""
    return replace(_whole(model, part.type, None), encoded=part.encoded)


def _whole(model: Model, content: Scalar | str, step: Field | None) -> Answer:
    if isinstance(content, Scalar):
        return Answer("value", content, step)
    items = model.records[content].items
    if items is None:
        return Answer("fields", content, step)
    return Answer("items", content, step, rows=items.most is None and _is_object(model, items))


def _only_member(model: Model, record: Record) -> Field | None:
    only = record.fields[0] if len(record.fields) == 1 else None
    substituted = only is not None and isinstance(only.type, str) and model.records[only.type].mark == "@element"
    alone = only and only.place == "element" and not only.repeated and only.tag != "*" and not substituted
    return only if alone else None


def _is_object(model: Model, items: Field) -> bool:
    record = model.records[items.type] if isinstance(items.type, str) else None
    return record is not None and record.items is None and record.mark == "@type" and not items.nillable
