"""Random replies of a model, mostly as the contract says, sometimes not: the same seed gives the same reply."""

import random

from lxml import etree

from brownfield_soap.model import ANY_TAG, Model, Scalar

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
GOOD = {
    "string": ["x", " a b ", "é", "0", "l\nm"],
    "boolean": ["true", "0", "false", "1"],
    "decimal": ["0", "1.50", "-3.", ".5", "0012.300"],
    "float": ["1.5", "INF", "-0", "1e3", "NaN"],
    "double": ["1.5", "-INF", "2E-3"],
    "dateTime": ["2026-11-21T10:00:00", "2026-11-21T24:00:00Z", "12026-01-01T00:00:00.123456789+01:00"],
    "date": ["2026-11-21", "-0044-03-15Z"],
    "time": ["10:00:00", "23:59:59.999"],
    "duration": ["P1D", "-PT1.5S", "P1Y2M"],
    "base64Binary": ["aGk=", "aG\nk=", ""],
    "hexBinary": ["00ff", ""],
}
BAD = ["", " ", "x", "1_000", "٣", "9" * 45, "yes", "P", "1E1000000", "2026-13-01"]


class Instances:
    """Elements for the records of one model."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model = model
        self._random = random.Random(seed)
        self.odd = self._random.random() < 0.5

    def element(self, tag: str, content: Scalar | str, depth: int = 0) -> etree._Element:
        element = etree.Element(tag)
        if isinstance(content, Scalar):
            element.text = self.text(content)
        elif depth < 6:
            self._fill(element, content, depth)
        return element

    def text(self, kind: Scalar) -> str:
        pick = self._random.choice
        if self._rarely():
            return pick(BAD)
        if kind.kind == "list":
            return " ".join(self.text(kind.members[0]) for _ in range(self._random.randint(0, 3)))
        if kind.kind == "union":
            return self.text(pick(kind.members)) if kind.members else "x"
        if kind.facets.enumeration:
            return pick(kind.facets.enumeration)
        number = "nt" in kind.kind or "ong" in kind.kind
        return pick(GOOD.get(kind.kind, ["7", "-12", "+3", " 4 "] if number else ["x", "a b"]))

    def _fill(self, element: etree._Element, key: str, depth: int) -> None:
        for field in self._model.records[key].fields:
            if field.place == "attribute":
                if field.least or self._random.random() < 0.5:
                    element.set(field.tag, self.text(field.type))
            elif field.place == "text":
                element.text = self.text(field.type)
            elif field.place == "group":
                for _ in range(self._random.randint(0, 2)):
                    self._fill(element, str(field.type), depth + 1)
            else:
                self._children(element, field, depth)

    def _children(self, element, field, depth) -> None:
        least, most = field.least, min(field.most if field.most is not None else 3, 3)
        count = self._random.randint(min(least, most), most) if depth < 4 else least
        if self._rarely():
            count += self._random.choice([-1, 1])
        for _ in range(count):
            tag = "{urn:any}thing" if field.tag == ANY_TAG else field.tag
            tag = tag.rpartition("}")[2] if self._rarely() else tag
            child = self.element(tag, field.type, depth + 1)
            if self._random.random() < (0.2 if field.nillable else 0.01):
                child.set(f"{XSI}nil", self._random.choice(["true", "1", "false"]))
                if self._random.random() < 0.8:
                    del child[:]
                    child.text = None
            element.append(child)
        if self._rarely():
            etree.SubElement(element, self._random.choice(["{urn:odd}x", "y"])).text = "1"

    def _rarely(self) -> bool:
        return self.odd and self._random.random() < 0.02
