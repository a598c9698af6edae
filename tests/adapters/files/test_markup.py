"""XML files: records by their path, hardened against what XML can do."""

from pathlib import Path

import pytest
from shelf import Shelf

from brownfield.contract import Rejected, Row
from brownfield_files.layout.normal_form import LayoutError


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, "xml", more='path = "stock/items/item"', item="@code", hand="levels/on_hand")


def document(*items: str, head: str = "", root: str = "stock") -> str:
    return f"{head}<{root}><items>{''.join(items)}</items></stock>\n"


GOOD = '<item code="A"><levels><on_hand>1</on_hand></levels></item>'


def test_an_element_is_a_record(shelf: Shelf) -> None:
    """R20: attributes and elements within elements; what is not there is null, blanks around a text are not in it."""
    items = [
        '<item code="A&amp;>"><levels>\n <on_hand> 5 </on_hand></levels><price><![CDATA[1.5]]></price></item>',
        '<item code="B"/>',
        '<item code="C"><price/><counted>1.2.2026</counted><!-- no --></item>',
    ]
    assert shelf.rows(document(*items)) == [
        Row(0, "detail", {"sku": "A&>", "on_hand": 5, "price": "1.50", "counted": None}),
        Row(1, "detail", {"sku": "B", "on_hand": None, "price": None, "counted": None}),
        Row(2, "detail", {"sku": "C", "on_hand": None, "price": None, "counted": "2026-02-01"}),
    ]


def test_a_prefix_of_the_layout_stands_for_a_namespace_whatever_the_file_calls_it(shelf: Shelf) -> None:
    shelf.table, shelf.hand = 'namespaces = { s = "urn:stock" }', "s:levels/s:on_hand"
    item = '<item code="A"><q:levels><q:on_hand>{0}</q:on_hand></q:levels></item>'
    root = 'stock xmlns:q="urn:stock"'
    (row,) = shelf.fields_of(document(item.format(5), root=root))
    assert row["on_hand"] == 5
    with pytest.raises(Rejected, match="is new"):
        shelf.rows(document(item.format(5), root='stock xmlns:q="urn:other"'))
    (damage,) = shelf.damaged(document(item.format("x"), root=root))
    assert damage.raw == item.format("x").encode()
    mended = shelf.feed().reread(3, damage.raw.replace(b"x<", b"5<"))
    assert isinstance(mended, Row)
    assert mended.fields["on_hand"] == 5


@pytest.mark.parametrize(
    ("item", "field", "code"),
    [
        ('<item code="B"><levels><on_hand>x</on_hand></levels></item>', "on_hand", "number"),
        ('<item code="B" ><levels><on_hand>1</on_hand><on_hand>2</on_hand></levels></item >', "on_hand", "twice"),
        ("<item><price>1</price></item>", "sku", "missing"),
        ("<item code='>/>'><price>1e5</price></item>", "price", "exponent"),
        ("<item code=''/>", "sku", "missing"),
    ],
)
def test_what_is_no_value_is_damage_with_its_bytes(shelf: Shelf, item: str, field: str, code: str) -> None:
    """R20: its element as it stands, and where."""
    content = document(GOOD, item, GOOD).encode()
    chunks = shelf.chunks(content, chunk=10)
    ((damage,),) = [chunk.damaged for chunk in chunks]
    assert (damage.number, damage.field, damage.code, damage.raw) == (1, field, code, item.encode())
    assert content[damage.offset :].startswith(damage.raw)
    assert [row.number for row in chunks[0].rows] == [0, 2]


def test_members_that_are_not_the_layouts_are_drift_in_words(shelf: Shelf) -> None:
    for item, words in (
        ('<item code="A"><colour>red</colour></item>', "member 'colour' is new"),
        ('<item cod="A"/>', "member '@code' is gone, and '@cod' is there: it may have been renamed"),
    ):
        with pytest.raises(Rejected) as refused:
            shelf.rows(document(item))
        assert (refused.value.code, words in refused.value.message) == ("drift", True)
    shelf.table = 'undeclared = "ignore"'
    assert len(shelf.rows(document('<item code="A"><c><d>1</d><d>2</d></c></item>'))) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (document(GOOD).replace("item ", "Item ").replace("/item>", "/Item>"), "and 'stock/items/Item' is there"),
        (document(GOOD, '<line code="B"/>'), "element 'stock/items/line' is new"),
        (f"<x>{document(GOOD)}</x>", "and 'x/stock/items/item' is there: it may have been renamed"),
        (document(GOOD).replace("items>", "Items>"), "and 'stock/Items/item' is there"),
        (document(GOOD).replace("</stock>", f"<more>{GOOD}</more></stock>"), "element 'stock/more/item' is new"),
        ("<stock></stock>", "element 'stock/items/item' is gone"),
        ("<html/>", "element 'stock/items/item' is gone"),
    ],
)
def test_a_record_that_is_elsewhere_or_called_otherwise_is_drift(shelf: Shelf, content: str, words: str) -> None:
    """R20: a file whose records are not found is no file without records."""
    with pytest.raises(Rejected) as refused:
        shelf.rows(content)
    assert (refused.value.code, words in refused.value.message) == ("drift", True), refused.value.message


def test_what_is_beside_the_records_is_let_be_where_the_layout_says_so(shelf: Shelf) -> None:
    shelf.table = 'undeclared = "ignore"'
    assert len(shelf.rows(document(GOOD, '<line code="B"/>'))) == 1
    with pytest.raises(Rejected, match="may have been renamed"):
        shelf.rows(document('<line code="B"/>'))


def test_a_list_that_is_there_and_empty_has_no_records(shelf: Shelf) -> None:
    """As a delimited file with its header alone."""
    assert shelf.rows(document()) == []


BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (document(GOOD, head=f"<!DOCTYPE stock [{BILLION}]>").replace("A", "&l9;"), "dtd"),
        (document(GOOD, head='<!DOCTYPE stock [<!ENTITY x SYSTEM "file:///etc/hosts">]>').replace("1", "&x;"), "dtd"),
        (document(GOOD, head='<!DOCTYPE stock SYSTEM "http://127.0.0.1:9/x.dtd">'), "dtd"),
        (document("<item>" * 200 + "</item>" * 200), "depth"),
        (document(f'<item code="{"A" * (2 << 20)}"/>'), "framing"),
        (document(f"<!-- {'A' * (2 << 20)} -->"), "framing"),
        (document("<item code='A'>" + "<price>1</price>" * 200_000 + "</item>"), "framing"),
        (document(GOOD)[:-10], "framing"),
        (document(GOOD) + "<x/>", "framing"),
        (document(GOOD).replace("1", "&nobody;"), "framing"),
        (document(GOOD, head='<?xml version="1.0" encoding="ISO-8859-1"?>'), "encoding"),
        (document(GOOD).encode("utf-16"), "encoding"),
        (document('<item code="A" code="B"/>'), "framing"),
        (document(GOOD).replace("1", "\0"), "framing"),
        ("sku,on_hand\n", "framing"),
    ],
    ids=["lol", "file", "network", "depth", "attribute", "comment", "record", "cut", "after", "entity", "encoding",
         "utf-16", "twice", "nul", "csv"],
)  # fmt: skip
def test_a_hostile_document_is_refused_whole(shelf: Shelf, content: str | bytes, code: str) -> None:
    """R33: before its first record, and without reading what does not end."""
    with pytest.raises(Rejected) as refused:
        shelf.chunks(content)
    assert refused.value.code == code


def test_another_encoding_is_read_where_the_layout_says_so(shelf: Shelf) -> None:
    shelf.table = 'encoding = "iso-8859-1"'
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    assert [row["sku"] for row in shelf.fields_of(document('<item code="é"/>', head=head).encode("latin-1"))] == ["é"]


def test_paths_that_lead_nowhere_are_told_with_their_line(shelf: Shelf) -> None:
    shelf.more = 'path = "stock//item"'
    with pytest.raises(LayoutError, match="no path of elements"):
        shelf.feed()
    shelf.more, shelf.item = 'path = "stock/s:item"', "@code"
    with pytest.raises(LayoutError, match="what the prefix s stands for"):
        shelf.feed()
