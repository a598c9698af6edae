"""The compiled codec and the interpreter read the same: differential fuzz over the corpus, seeds kept.

`BROWNFIELD_FUZZ=50000` sets how many replies are tried; the default is small. A difference names its WSDL and its seed.
"""

import os

import pytest
from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap.answer import answer
from brownfield_soap.codec import Codec, source
from brownfield_soap.decode import Decoder
from brownfield_soap.model import Field, Model, Record, Scalar
from brownfield_soap.reader import read

from .conftest import FOLDER
from .instance import Instances

COUNT = int(os.environ.get("BROWNFIELD_FUZZ", "3000"))
KEPT = {"clinic.wsdl": (3, 17, 101), "rpc.wsdl": (5,)}
"""Seeds that once told the two apart, or reach a corner."""


def outcome(decoder, result, element):
    try:
        return decoder.answer(result, element, "R")
    except Drifted as drifted:
        return drifted.message


def compare(model, seeds, name):
    """How many replies were compared, and how many of them were good ones."""
    slow, fast, good, compared = Decoder(model), Codec(model), 0, 0
    operations = [one for one in model.operations.values() if one.reply is not None]
    for seed in seeds:
        operation = operations[seed % len(operations)]
        part = operation.reply
        element = Instances(model, seed).element(part.tag, part.type)
        try:
            element = etree.fromstring(etree.tostring(element))
        except etree.XMLSyntaxError:  # the WSDL has a name that XML cannot hold
            continue
        expected = outcome(slow, answer(model, part), element)
        found = outcome(fast, answer(model, part), element)
        assert found == expected, f"{name}, seed {seed}: {etree.tostring(element)[:2000]!r}"
        good += not isinstance(expected, str)
        compared += 1
    return compared, good


@pytest.mark.parametrize("name", ["clinic.wsdl", "rpc.wsdl"])
def test_both_read_the_same(name):
    model = read(FOLDER / name, FOLDER)
    compared, good = compare(model, [*KEPT[name], *range(COUNT // 10)], name)
    assert good > compared / 4


@pytest.mark.corpus
@pytest.mark.parametrize("shard", range(4))
def test_both_read_the_same_of_the_world(corpus, shard, capsys):
    index = (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:]
    rows = [line.split("\t")[0] for line in index][shard::4]
    each, compared, good = max(COUNT // 160, 1), 0, 0
    for place, path in enumerate(rows):
        try:
            model = read(corpus / "wsdl" / path, corpus / "wsdl" / path.split("/")[0])
        except Exception:  # noqa: BLE001  # which of them load is test_corpus's matter
            continue
        if any(one.reply is not None for one in model.operations.values()):
            tried = compare(model, range(place * each, (place + 1) * each), path)
            compared, good = compared + tried[0], good + tried[1]
    with capsys.disabled():
        print(f"\ncodec and interpreter agree on {compared} replies, {good} of them good")
    assert good > compared / 3


def test_an_example_of_what_is_compiled():
    """The docstring of `codec` shows what is really made."""
    number, price = Field("ItemNo", "{urn:wms}ItemNo", Scalar("string")), Scalar("decimal")
    record = Record("Item", (number, Field("Price", "{urn:wms}Price", price, least=0)))
    text = source("{urn:wms}Item", record, {}, lambda key: None)
    assert text.splitlines()[7:9] == [
        "            if tag == '{urn:wms}ItemNo' and 'ItemNo' not in value:",
        "                value['ItemNo'] = text if text and not len(child) else empty_0(child)",
    ]


@pytest.mark.parametrize("name", ["it's", 'a"b', "x\\", "a\n__import__('os')", "{}", "class"])
def test_a_name_of_the_far_side_is_never_code(name):
    """Whatever an element is called, the source holds it as a string."""
    attribute = Field("b", "b", Scalar("int"), "attribute", least=0)
    record = Record("Item", (Field(name, "{urn:'\"x}a", Scalar("string")), attribute))
    model = Model("S", "P", "", "urn:e", {}, {"k'\"\\\n": record})
    element = etree.Element("r")
    etree.SubElement(element, "a").text = "1"
    element[0].tag = "{urn:x}a"
    codec, slow = Codec(model), Decoder(model)
    with pytest.raises(Drifted) as fast:
        codec.reader("k'\"\\\n")(element, "R")
    with pytest.raises(Drifted) as expected:
        slow._content("k'\"\\\n", element, "R")
    assert fast.value.message == expected.value.message


def test_a_type_that_contains_itself_is_compiled_once():
    record = Record("Node", (Field("n", "n", "Node", least=0), Field("v", "v", Scalar("int"))))
    codec = Codec(Model("S", "P", "", "urn:e", {}, {"Node": record}))
    element = etree.fromstring("<r><n><n><v>3</v></n><v>2</v></n><v>1</v></r>")
    assert codec.reader("Node")(element, "R") == {"n": {"n": {"v": 3}, "v": 2}, "v": 1}
    assert codec.reader("Node") is codec.reader("Node")
