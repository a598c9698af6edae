"""Samples: what the encoder takes, the schema accepts and the decoder reads back, of every operation there is."""

import re

import pytest
from lxml import etree

from brownfield.contract import Failure
from brownfield_soap.answer import answer
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.describe import shape
from brownfield_soap.draft import _read
from brownfield_soap.encode import Encoder
from brownfield_soap.fetch import fetch
from brownfield_soap.literal import literal
from brownfield_soap.model import Facets, Scalar
from brownfield_soap.sample import Samples, value, wrapped

from .conftest import FOLDER


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"[A-Z]{2}\d{3,}", "AA000"),
        (r"(a|b)?c+", "c"),
        (r"[^a0]x{2}", "Axx"),
        (r"\p{Lu}\p{Nd}*", "A"),
        (r"[\-+]?[0-9.]+", "0"),
        (r"[a-z-[aeiou]]", "a"),
        (r"", ""),
        (r"(a", None),
        (r"[a", None),
        (r"a{1000000}", None),
    ],
)
def test_a_pattern_has_a_plainest_text(pattern, expected):
    assert literal(pattern) == expected


@pytest.mark.parametrize(
    ("kind", "limits", "patterns"),
    [
        ("string", {"minLength": "7"}, ()),
        ("string", {"maxLength": "2"}, ()),
        ("string", {"length": "5"}, (r"[A-Z]+",)),
        ("int", {"minInclusive": "10", "maxInclusive": "12"}, ()),
        ("int", {"maxExclusive": "-3"}, ()),
        ("decimal", {"minExclusive": "10"}, ()),
        ("dateTime", {}, (r".+Z",)),
        ("positiveInteger", {}, ()),
    ],
)
def test_a_value_keeps_to_its_facets(kind, limits, patterns):
    made = value(Scalar(kind, Facets(limits=limits, patterns=patterns)))
    if kind == "string":
        least = int(limits.get("minLength", limits.get("length", 0)))
        assert least <= len(made) <= int(limits.get("maxLength", limits.get("length", 99)))
        assert all(re.fullmatch(pattern, made) for pattern in patterns)
    elif kind == "int":
        assert int(limits.get("minInclusive", -99)) <= made <= int(limits.get("maxInclusive", -4))
    elif kind == "decimal":
        assert float(made) > 10
    elif kind == "dateTime":
        assert made.endswith("Z")
    else:
        assert made == 1


def faults(model):
    """What of the samples does not go round, by operation."""
    samples, encoder, codec = Samples(model), Encoder(model), Codec(model)
    for name, operation in model.operations.items():
        described = shape(model, operation)
        request = samples.part(operation.request)
        if (fault := Check(described.input).fault(request)) is not None:
            yield name, f"request: {fault}"
        try:
            if operation.request is not None:
                encoder.part(operation.request, request, body(model))
            reply = samples.reply(operation)
            if (fault := Check(described.output).fault(reply)) is not None:
                yield name, f"reply: {fault}"
            if operation.reply is not None:
                root = body(model)
                encoder.part(operation.reply, wrapped(model, operation.reply, reply), root)
                element = root if operation.reply.tag == root.tag else root[0]
                if codec.answer(answer(model, operation.reply), element, name) != reply:
                    yield name, "the reply is read as something else"
        except Failure as failure:
            yield name, failure.message


def body(model):
    return etree.Element(f"{{{model.envelope}}}Body")


def test_the_samples_of_a_wsdl_go_round():
    assert list(faults(_read(fetch(str(FOLDER / "clinic.wsdl"))))) == []


@pytest.mark.corpus
@pytest.mark.parametrize("shard", range(4))
def test_every_operation_of_the_corpus_has_a_sample_that_goes_round(corpus, shard):
    """Request: schema and encoder. Reply: encoder, decoder and schema. No operation of any WSDL is left out."""
    listed = (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:][shard::4]
    found = {}
    for path in (line.split("\t")[0] for line in listed):
        try:
            model = _read(fetch(str(corpus / "wsdl" / path)))
        except Failure:
            continue  # what cannot be satisfied is held by test_corpus
        found |= {f"{path} {name}": fault for name, fault in faults(model)}
    assert found == {}
