"""Copybooks: every byte of a record stands where COBOL puts it, or the copybook is refused with file and line."""

from pathlib import Path

import pytest

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import parse_copybook, read_copybook
from brownfield_files.layout.declaration import RecordDeclaration, TotalDeclaration
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, Table, every_field


def fixed(text: str) -> str:
    """Free text moved into columns 8 to 72."""
    return "".join(f"       {line}\n" for line in text.strip().splitlines())


def layout_of(text: str) -> Layout:
    return assemble(parse_copybook(fixed(text), "x.cpy"))


def places(text: str) -> dict[str, tuple[int, int]]:
    layout = layout_of(text)
    return {field.name: (field.offset, field.length) for field in every_field(layout.records[0].parts)}


@pytest.mark.parametrize(
    ("clause", "kind", "length", "digits", "scale", "signed"),
    [
        ("X(10)", "text", 10, 0, 0, False),
        ("XX", "text", 2, 0, 0, False),
        ("A(3)", "text", 3, 0, 0, False),
        ("9(5)", "zoned", 5, 5, 0, False),
        ("S9(7)V99", "zoned", 9, 9, 2, True),
        ("9(3)PPP", "zoned", 3, 3, -3, False),
        ("VPP99", "zoned", 2, 2, 4, False),
        ("V99", "zoned", 2, 2, 2, False),
        ("S9(5) SIGN IS LEADING SEPARATE CHARACTER", "zoned", 6, 5, 0, True),
        ("S9(5) TRAILING", "zoned", 5, 5, 0, True),
        ("S9(7) COMP-3", "packed", 4, 7, 0, True),
        ("S9(6)V99 PACKED-DECIMAL", "packed", 5, 8, 2, True),
        ("S9(4) COMP", "binary", 2, 4, 0, True),
        ("9(5) BINARY", "binary", 4, 5, 0, False),
        ("S9(9) USAGE IS COMP-4", "binary", 4, 9, 0, True),
        ("S9(10) COMPUTATIONAL-5", "binary", 8, 10, 0, True),
        ("-9(7).9(4)", "text", 13, 0, 0, False),
        ("+ZZZ,ZZZ,ZZZ.ZZ", "text", 15, 0, 0, False),
        ("9(5)CR", "text", 7, 0, 0, False),
        ("£££,££9.99", "text", 10, 0, 0, False),
        ("Z.ZZZ.ZZ9,99-", "text", 13, 0, 0, False),
        ("S9(3).99", "zoned", 6, 5, 2, True),
        ("99V99 SIGN IS LEADING SEPARATE", "zoned", 5, 4, 2, True),
        ("9(19) BINARY", "binary", 9, 19, 0, False),
        ("S9(37) BINARY", "binary", 16, 37, 0, True),
        ("9(3) BLANK WHEN ZERO", "zoned", 3, 3, 0, False),
        ("N(4)", "text", 8, 0, 0, False),
        ("N(4) USAGE NATIONAL", "text", 8, 0, 0, False),
        ("N(4)BN/N", "text", 16, 0, 0, False),
        ("G(4)", "text", 8, 0, 0, False),
        ("G(2)BG USAGE DISPLAY-1", "text", 8, 0, 0, False),
        ("N(4) DISPLAY-1", "text", 8, 0, 0, False),
    ],
)
def test_a_picture_says_how_many_bytes_there_are_and_what_they_mean(
    clause: str, kind: str, length: int, digits: int, scale: int, signed: bool
) -> None:
    """R20: legacy formats are read as COBOL wrote them."""
    (field,) = layout_of(f"01 REC.\n   05 A PIC {clause}.").records[0].parts
    assert isinstance(field, Field)
    assert (field.kind, field.length, field.digits, field.scale, field.signed) == (kind, length, digits, scale, signed)


def test_fields_follow_each_other_through_groups_filler_and_tables() -> None:
    """R20: offsets count what is not delivered too."""
    assert places(
        """
01 REC.
   05 KEY-PART.
      10 SKU PIC X(4).
      10 FILLER PIC X(3).
   05 LINES-IN OCCURS 2 TIMES.
      10 AMOUNT PIC S9(3) COMP-3.
      10 CODE-OF PIC X.
   05 DAY PIC 9(2) OCCURS 3.
   05 LAST-ONE PIC X.
"""
    ) == {
        "sku": (0, 4),
        "lines_in[0].amount": (7, 2),
        "lines_in[0].code_of": (9, 1),
        "lines_in[1].amount": (10, 2),
        "lines_in[1].code_of": (12, 1),
        "day[0]": (13, 2),
        "day[1]": (15, 2),
        "day[2]": (17, 2),
        "last_one": (19, 1),
    }


def test_a_table_is_a_list_of_objects_or_of_plain_values() -> None:
    """R25: a typed schema: what repeats is a list."""
    parts = layout_of("01 R.\n 05 G OCCURS 2.\n  10 A PIC X.\n 05 B PIC X OCCURS 3.").records[0].parts
    assert [(part.name, part.count, part.plain) for part in parts if isinstance(part, Table)] == [
        ("g", 2, False),
        ("b", 3, True),
    ]


def test_slack_bytes_put_synchronized_items_on_their_boundaries() -> None:
    """R20: IBM's own example, Language Reference, "Slack bytes within records": the byte stands after FIELD-D."""
    text = "01 A.\n 05 B PIC X(5).\n 05 C.\n  10 D PIC XX.\n  10 E COMP PIC S9(6) SYNC."
    assert places(text) == {"b": (0, 5), "d": (5, 2), "e": (8, 4)}


def test_slack_bytes_stand_before_the_groups_that_begin_with_a_synchronized_item() -> None:
    """R20: a doubleword for COMP-2 only; eight-byte binaries stand on a fullword; packed and text stand anywhere."""
    assert places(
        """
01 R SYNC.
   05 A PIC X.
   05 G.
      10 H.
         15 B PIC S9(4) COMP.
      10 C PIC X.
      10 D PIC S9(18) COMP.
      10 E COMP-2.
      10 F COMP-1.
      10 P PIC S9(3) COMP-3.
"""
    ) == {"a": (0, 1), "b": (2, 2), "c": (4, 1), "d": (8, 8), "e": (16, 8), "f": (24, 4), "p": (28, 2)}


def test_slack_bytes_after_each_element_let_all_of_them_stand_alike() -> None:
    """R20: Language Reference, "Slack bytes between records" of a table: 11 bytes become 12."""
    text = "01 R.\n 05 T OCCURS 2.\n  10 A PIC S9(9) COMP SYNC.\n  10 B PIC X(7).\n 05 Z PIC X."
    assert places(text)["t[1].a"] == (12, 4)
    assert places(text)["z"] == (24, 1)


def test_a_table_that_depends_on_a_counter_says_which_and_how_many() -> None:
    """R25: offsets are those of the record in full; the counter is known by its own name, groups and all."""
    text = "01 R.\n 05 G.\n  10 N PIC 99.\n 05 T OCCURS 0 TO 3 TIMES DEPENDING ON N OF G INDEXED BY I."
    text += "\n  10 A PIC X(2).\n 05 Z PIC X."
    table = next(part for part in layout_of(text).records[0].parts if isinstance(part, Table))
    assert (table.count, table.least, table.counter, table.slides) == (3, 0, "n", True)
    assert places(text)["z"] == (8, 1)


def test_level_66_names_bytes_again_and_delivers_nothing() -> None:
    """R20: what it renames is read already; that it renames something is checked."""
    book = parse_copybook(fixed("01 R.\n 05 A PIC X(2).\n 05 B PIC X(3).\n 05 C PIC X.\n 66 AB RENAMES A THRU B."))
    assert [(one.name, one.offset, one.length) for one in book.renamings] == [("AB", 0, 5)]
    assert [field.name for field in every_field(assemble(book).records[0].parts)] == ["a", "b", "c"]


def test_level_66_may_say_which_of_two_fields_it_means() -> None:
    """R20: names are qualified by their groups."""
    text = "01 R.\n 05 G.\n  10 A PIC X.\n 05 H.\n  10 A PIC X(2).\n  10 B PIC X.\n 66 Z RENAMES A OF H THRU B IN H."
    assert [(one.name, one.offset, one.length) for one in parse_copybook(fixed(text)).renamings] == [("Z", 1, 3)]


def test_tabs_are_no_column_73() -> None:
    """R20: where the tab stops were, only the editor knew; what stands right of column 72 is code all the same."""
    text = "       01  R.\n\t\t     05  A-LONG-NAME-OF-A-FIELD                  PIC X(50).\n           05  B PIC X.\n"
    assert [(f.name, f.length) for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == [
        ("a_long_name_of_a_field", 50),
        ("b", 1),
    ]


def test_a_copied_member_stands_where_it_is_named(tmp_path: Path) -> None:
    """R20: words, tags in colons, starts and ends of words are replaced, as compilers do."""
    (tmp_path / "main.cpy").write_text(
        fixed(
            """
01 REC.
   COPY PART REPLACING ==:TAG:== BY ==CUST== ==X(4)== BY ==X(6)==
        LEADING ==OLD== BY ==NEW==
        TRAILING ==-A== BY ==-B== FILLER-X BY SURNAME.
   05 LAST-ONE PIC X.
"""
        )
    )
    (tmp_path / "Part.CPY").write_text(
        fixed("05 :TAG:-ID PIC X(4).\n05 OLD-NAME PIC X(2).\n05 END-A PIC X.\nCOPY DEEP.\n05 FILLER-X PIC X.")
    )
    (tmp_path / "deep").write_text(fixed("05 DEEP-ONE PIC X(3)."))
    parts = assemble(read_copybook(tmp_path / "main.cpy")).records[0].parts
    assert [(field.name, field.offset) for field in every_field(parts)] == [
        ("cust_id", 0),
        ("new_name", 6),
        ("end_b", 8),
        ("deep_one", 9),
        ("surname", 12),
        ("last_one", 13),
    ]


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        ("COPY GONE.", "there is no such member"),
        ("COPY '../PART'.", "a file beside the copybook"),
        ("COPY '/etc/passwd'.", "a file beside the copybook"),
        ("COPY LINK.", "the member is a link"),
        ("COPY MAIN.", "does it copy itself"),
        ("COPY PART REPLACING A WITH B.", "not a list of `old BY new`"),
        ("COPY PART REPLACING ==  == BY B.", "not a list of `old BY new`"),
        ("COPY.", "not followed by a name"),
        ("COPY PART FROM X.", "not followed by a name"),
        ("COPY WRONG.", r"WRONG\.cpy:1: A: USAGE FOO is not known"),
    ],
)
def test_copy_reads_the_bundles_folder_and_nothing_else(tmp_path: Path, copy: str, reason: str) -> None:
    """R21: no path leads out, nothing is left out, and an error names the file that it stands in."""
    (tmp_path / "MAIN.cpy").write_text(fixed(f"01 REC.\n {copy}\n 05 Z PIC X."))
    (tmp_path / "PART.cpy").write_text(fixed("05 A PIC X."))
    (tmp_path / "WRONG.cpy").write_text(fixed("05 A PIC X USAGE FOO."))
    (tmp_path / "LINK.cpy").symlink_to("/etc/passwd")
    with pytest.raises(LayoutError, match=reason):
        read_copybook(tmp_path / "MAIN.cpy")


def test_a_table_without_a_name_is_delivered_all_the_same() -> None:
    """R20: FILLER is dropped where it is padding, not where named fields stand in it."""
    text = "01 R.\n 05 FILLER OCCURS 2.\n  10 A PIC X.\n  10 FILLER PIC X."
    assert places(text) == {"filler[0].a": (0, 1), "filler[1].a": (2, 1)}


@pytest.mark.parametrize("end", [b"\x15", b"\x0d\x15", b"\x25", b""])
def test_a_copybook_may_be_in_ebcdic(tmp_path: Path, end: bytes) -> None:
    """R20: fetched with the data, in binary, as cards or as lines."""
    lines = ["       01  REC.", "           05  A-ONE PIC S9(5)V99 COMP-3 VALUE +1.", "           05  B PIC X(3)."]
    (tmp_path / "x.cpy").write_bytes(b"".join(line.ljust(80).encode("cp037") + end for line in lines))
    assert [entry.name for entry in read_copybook(tmp_path / "x.cpy").records[0].walk()] == ["REC", "A-ONE", "B"]


def test_a_groups_usage_is_for_the_numbers_in_it() -> None:
    """R20: text among packed fields is text: it can be nothing else."""
    text = "01 R COMP-3.\n 05 A PIC S9(5).\n 05 B PIC X(3).\n 05 C PIC ZZ9.\n 05 D PIC 9(3) COMP."
    assert places(text) == {"a": (0, 3), "b": (3, 3), "c": (6, 3), "d": (9, 2)}


def test_a_group_passes_its_usage_and_sign_on() -> None:
    """R20: USAGE and SIGN of a group hold for what is in it."""
    text = "01 R.\n 05 G COMP-3.\n  10 A PIC 9(5).\n 05 H SIGN LEADING SEPARATE.\n  10 B PIC S9(2)."
    assert places(text) == {"a": (0, 3), "b": (3, 3)}


def test_of_what_redefines_the_same_bytes_one_is_read() -> None:
    """R20: the first, unless a record type picks another."""
    text = "01 R.\n 05 D PIC 9(8).\n 05 D-R REDEFINES D.\n  10 Y PIC 9(4).\n  10 M PIC 9(4).\n 05 E PIC X."
    assert places(text) == {"d": (0, 8), "e": (8, 1)}
    picked = assemble(parse_copybook(fixed(text)), {"detail": RecordDeclaration(of="D-R")})
    assert [field.name for field in every_field(picked.records[0].parts)] == ["y", "m", "e"]


def test_the_longest_alternative_makes_the_room() -> None:
    """R20: what follows a REDEFINES stands after the longest of them."""
    text = "01 R.\n 05 A PIC X(2).\n 05 B REDEFINES A PIC X(5).\n 05 C REDEFINES A PIC X(3).\n 05 D PIC X."
    assert places(text) == {"a": (0, 2), "d": (5, 1)}


def test_two_fields_of_one_name_are_told_apart_by_their_groups() -> None:
    """R25: every field has a name of its own, and only the doubtful ones get longer."""
    text = "01 R.\n 05 LOW.\n  10 ZIP PIC X.\n 05 HIGH.\n  10 ZIP PIC X.\n 05 1ST PIC X."
    assert list(places(text)) == ["low_zip", "high_zip", "f_1st"]


def test_conditions_are_kept_as_documentation() -> None:
    """R27: level 88 says what the values mean."""
    text = "01 R.\n 05 T PIC X.\n  88 IS-OPEN VALUE 'O'.\n  88 IS-SHUT VALUES ARE 'S' 'X'."
    (field,) = layout_of(text).records[0].parts
    assert isinstance(field, Field)
    assert field.values == (("IS-OPEN", "'O'"), ("IS-SHUT", "'S' 'X'"))


def test_sequence_numbers_comments_and_the_identification_area_are_not_code() -> None:
    """R20: fixed format is columns 8 to 72; the rest of the card is for people."""
    text = (
        "000100 01  REC.                                                         STOCK001\n"
        "000200* a comment.\n"
        "000300/\n"
        "000400     05  A PIC X(2) VALUE 'it''s. fine'.  *> said here\n"
        "       EJECT\n"
        "000500     05  B\n"
        "000600         PIC X(3) VALUE SPACES.\n"
    )
    assert [(f.name, f.length) for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == [
        ("a", 2),
        ("b", 3),
    ]


def test_free_format_is_seen_by_where_its_levels_stand() -> None:
    """R20: a copybook of this century need not keep to the card."""
    text = "01 rec.\n  05 a-b pic x(2). *> text\n  05 c pic 9(3) comp-3.\n"
    assert [(f.name, f.offset) for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == [
        ("a_b", 0),
        ("c", 2),
    ]


def test_a_continued_literal_does_not_end_the_statement() -> None:
    """R20: a period within a literal that runs over two cards is text."""
    text = (
        "       01  REC.\n           05  A PIC X(2) VALUE 'one. two\n      -        ' three. four'.\n"
        "           05  B PIC X.\n"
    )
    assert [f.name for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == ["a", "b"]


def test_a_literal_may_run_to_the_end_of_its_card_when_it_is_continued() -> None:
    """R20: what stands right of column 72 is a card's number then, not a word that was cut."""
    text = (
        "       01  REC.\n           05  A PIC X(60) VALUE\n" + "           'A literal of".ljust(72, "A") + "00000140\n"
    )
    text += "      -    'AND MORE. OF IT'.\n           05  B PIC\n               X(3).\n"
    assert [(f.name, f.length) for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == [
        ("a", 60),
        ("b", 3),
    ]


def test_comments_are_seen_wherever_people_put_them() -> None:
    """R20: in column 8, right of column 72, in a file of free format with a slash in column 7, as compilers allow."""
    text = "       * a comment.\n       01  REC.\n           05  A PIC X(2).".ljust(80) + " *> said far right of it\n"
    text += "           05  B PIC X VALUE '*>'.\n"
    assert [f.name for f in every_field(assemble(parse_copybook(text)).records[0].parts)] == ["a", "b"]
    free = "      01  REC.\n         03  A PIC X.\n      /  03  OLD PIC X.\n000020   03  B PIC X.\n"
    assert [f.name for f in every_field(assemble(parse_copybook(free)).records[0].parts)] == ["a", "b"]


def test_entries_beside_each_other_may_have_different_levels() -> None:
    """R20: IBM's and Micro Focus' compilers allow it; a level closes every group that is not below it."""
    text = "01 R.\n 05 NAME-OF.\n  10 FIRST-ONE PIC X(10).\n 04 ADDRESS-OF.\n  08 STREET PIC X(5).\n  08 CITY PIC X."
    assert places(text) == {"first_one": (0, 10), "street": (10, 5), "city": (15, 1)}


def test_an_index_and_a_pointer_take_their_bytes_and_are_not_delivered() -> None:
    """R20: they mean nothing outside their program; what follows them does."""
    text = "01 R.\n 05 A PIC X.\n 05 I USAGE INDEX.\n 05 P POINTER.\n 05 Q PROCEDURE-POINTER.\n 05 B PIC X."
    assert places(text) == {"a": (0, 1), "b": (17, 1)}


PROGRAM = """
 CBL LIB,APOST
 IDENTIFICATION DIVISION.
 PROGRAM-ID. NIGHTLY.
 AUTHOR. it's nobody's.
 ENVIRONMENT DIVISION.
 INPUT-OUTPUT SECTION.
 FILE-CONTROL.
     SELECT STOCK ASSIGN TO STK.
 DATA DIVISION.
 FILE SECTION.
 FD  STOCK RECORDING MODE IS F.
 01  STOCK-REC.
     05  SKU    PIC X(8).
     05  UNITS  PIC S9(5) COMP-3.
 WORKING-STORAGE SECTION.
     EXEC SQL INCLUDE SQLCA END-EXEC.
 01  WORK-AREA.
     05  SHOWN  PIC X USAGE OBJECT REFERENCE.
 77  COUNTED    PIC 9(4) COMP.
     COPY DFHAID.
 01  COPIED-REC.
     COPY GONE.
 LINKAGE SECTION.
 01  GIVEN      PIC X(80).
 PROCEDURE DIVISION USING GIVEN.
 MAIN.
     MOVE 'it's' TO WORK-AREA
"""


def test_the_records_of_a_whole_program_can_be_named() -> None:
    """R20: who has the program and no copybook has a layout all the same."""
    book = parse_copybook(fixed(PROGRAM), "NIGHTLY.cbl")
    assert [record.name for record in book.records] == ["STOCK-REC", "GIVEN"]
    layout = assemble(book, {"detail": RecordDeclaration(of="STOCK-REC")})
    assert [(f.name, f.length) for f in every_field(layout.records[0].parts)] == [("sku", 8), ("units", 3)]
    with pytest.raises(LayoutError, match="STOCK-REC, GIVEN: declare under `records`"):
        assemble(book)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("WORK-AREA", r"NIGHTLY\.cbl:18: SHOWN: USAGE OBJECT is not known"),
        ("COPIED-REC", r"NIGHTLY\.cbl:22: COPY GONE: a member is a file beside the copybook"),
        ("COUNTED", r"NIGHTLY\.cbl:20: COPY DFHAID"),  # what is copied after it may belong to it
        ("NO-REC", "NO-REC is not in the copybook"),
    ],
)
def test_a_record_of_a_program_that_cannot_be_read_is_refused_when_it_is_asked_for(name: str, reason: str) -> None:
    """R21: the others are not lost for it."""
    with pytest.raises(LayoutError, match=reason):
        assemble(parse_copybook(fixed(PROGRAM), "NIGHTLY.cbl"), {"detail": RecordDeclaration(of=name)})


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("       01 R.\n           05 A PIC X.\n".replace("\n", "").encode("cp037"), "no whole number of cards of 80"),
        ("01 R.\n  05 A PIC X.\n".encode("utf-16"), "there is a NUL: it is no text"),
    ],
)
def test_a_source_that_is_no_text_is_told(tmp_path: Path, raw: bytes, reason: str) -> None:
    """R21: a copybook that was transferred as it stood on the mainframe is not taken for another."""
    (tmp_path / "x.cpy").write_bytes(raw)
    with pytest.raises(LayoutError, match=reason):
        read_copybook(tmp_path / "x.cpy")


def test_a_source_may_be_utf_8_with_a_mark_or_one_byte_a_character(tmp_path: Path) -> None:
    """R20: the columns are those of characters, whoever edited the comments."""
    text = f"       01 R. *> é\n      * {'é' * 63}.\n           05 A PIC X.\n"
    for codec in ("utf-8", "utf-8-sig", "latin-1"):
        (tmp_path / "x.cpy").write_bytes(text.encode(codec))
        assert read_copybook(tmp_path / "x.cpy").records[0].length == 1


def test_a_fragment_that_begins_below_01_is_one_record() -> None:
    """R20: copybooks that are made to be copied into a group have no 01; their fields do not lie on each other."""
    assert places("05 A PIC X(2).\n05 B PIC X(3).") == {"a": (0, 2), "b": (2, 3)}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("01 R.\n 05 A PIC X OCCURS 5 TO 1 DEPENDING ON N.", 2, "wrong way round"),
        ("01 R.\n 05 A PIC X OCCURS 1 TO 99999999 DEPENDING ON N.", 2, "not a number of times"),
        ("01 R.\n 05 A PIC X OCCURS 5 DEPENDING ON N.", 2, "not one whole number"),
        ("01 R.\n 05 N PIC X.\n 05 A PIC X OCCURS 5 DEPENDING ON N.", 3, "not one whole number"),
        ("01 R.\n 05 N PIC 9V9.\n 05 A PIC X OCCURS 5 DEPENDING ON N.", 3, "not one whole number"),
        ("01 R.\n 05 A PIC X OCCURS 5 DEPENDING ON N.\n 05 N PIC 9.", 2, "not read before it"),
        (
            "01 R.\n 05 X PIC X.\n 05 Y REDEFINES X.\n  10 N PIC 9.\n 05 A PIC X OCCURS 5 DEPENDING ON N.",
            5,
            "not read before it",
        ),
        (
            "01 R.\n 05 N PIC 9.\n 05 G OCCURS 2.\n  10 N PIC 9.\n  10 A PIC X OCCURS 5 DEPENDING ON N OF G.",
            5,
            "two fields are called n",
        ),
        ("01 R.\n 05 A PIC 9 COMP-2.", 2, "has no picture"),
        ("01 R.\n 05 A PIC 9(3) COMP BLANK WHEN ZERO.", 2, "BLANK WHEN ZERO are for DISPLAY"),
        ("01 R.\n 05 A PIC S9(3).99 COMP-3.", 2, "are for DISPLAY"),
        ("01 R.\n 05 A PIC S9,99.", 2, "are not COBOL"),
        ("01 R.\n 05 A PIC G(4) NATIONAL.", 2, "cannot be NATIONAL"),
        ("01 R.\n 05 A PIC X(4) DISPLAY-1.", 2, "cannot be DISPLAY-1"),
        ("01 R.\n 05 A PIC 9(4) COMP-6.", 2, "packed digits without a sign are not read"),
        ("01 R.\n 05 A PIC 9(4) NATIONAL.", 2, "cannot be NATIONAL"),
        ("01 R.\n 05 A PIC X(4).\n 66 B RENAMES Z.", 3, "renames Z, which is not one item"),
        ("01 R.\n 05 A PIC X.\n 05 C PIC X.\n 66 B RENAMES C THRU A.", 4, "does not stand after"),
        ("01 R.\n 05 A PIC X COMP-3.", 2, "cannot be COMP-3"),
        ("01 R.\n 05 A PIC 9V9V9.", 2, "not a number"),
        ("01 R.\n 05 A PIC X(99999999).", 2, "bytes"),
        ("01 R.\n 05 A PIC X(2) FOO.", 2, "'FOO' is not known"),
        ("01 R.\n 05 A PIC X REDEFINES Z.", 2, "does not stand before it"),
        ("01 R.\n 05 A PIC X.\n  10 B PIC X.", 3, "which has a picture"),
        ("01 R.\n 05 A.", 2, "no picture and nothing in it"),
        ("01 R.\n 05 A PIC X", 2, "no period"),
        ("01 R.\n COPY OTHER.", 2, "a member is a file beside the copybook"),
        ("MOVE A TO B.", 1, "holds PROCEDURE code from line 1 on: not a layout"),
        ("01 R.\n 05 A PIC X.\nA-PARAGRAPH.\n MOVE A TO B.", 3, "holds PROCEDURE code from line 3 on: not a layout"),
        ("IF A\n  MOVE B TO C\nEND-IF", 1, "holds PROCEDURE code from line 1 on: not a layout"),
        ("EXEC SQL.", 1, "holds PROCEDURE code from line 1 on: not a layout"),
        (
            "01 R.\n 05 A OCCURS 9999.\n  10 B OCCURS 9999.\n   15 C PIC X OCCURS 9999.",
            1,
            "R has 999700029999 bytes, over",
        ),
        ("EXEC CICS RETURN END-EXEC.", 1, "holds PROCEDURE code from line 1 on: not a layout"),
        ("01 R.\n EXEC SQL INCLUDE PART END-EXEC.\n 05 A PIC X.", 2, "embedded SQL stands within a record"),
        ("WORD A TO B.", 1, "no data description"),
    ],
)
def test_what_would_need_a_guess_is_refused_with_file_and_line(text: str, line: int, reason: str) -> None:
    """R21: a layout that is not understood is an error, never another layout."""
    with pytest.raises(LayoutError, match=reason) as caught:
        layout_of(text)
    assert str(caught.value).startswith(f"x.cpy:{line}: ")


def test_text_that_runs_past_column_72_is_refused() -> None:
    """R21: COBOL would cut the word there, and PIC X(10) would become PIC X(1."""
    text = "       01  R.\n" + "           05  A PIC X(10).".rjust(75) + "\n"
    with pytest.raises(LayoutError, match=r"x\.cpy:2: text runs past column 72"):
        parse_copybook(text, "x.cpy")


TWO = "01 HEAD-REC.\n 05 T PIC X.\n 05 N PIC 9(3).\n01 ITEM-REC.\n 05 T PIC X.\n 05 Q PIC S9(5)V99 COMP-3."


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ({}, "declare under `records`"),
        ({"detail": {}}, "`of` must name"),
        ({"detail": {"of": "NO-REC"}}, "NO-REC is not in the copybook"),
        ({"detail": {"of": "T"}}, "T stands 2 times"),
        ({"detail": {"of": "ITEM-REC", "when": {"Z": "D"}}}, "told by z, which is no field"),
        ({"detail": {"of": "ITEM-REC", "when": {"T": 1}}}, "t is text"),
        ({"header": {"of": "HEAD-REC"}}, "no record type stands between"),
        ({"a": {"of": "HEAD-REC"}, "b": {"of": "ITEM-REC"}}, "records.a has no `when`"),
        (
            {
                "header": {"of": "HEAD-REC", "when": {"T": "H"}},
                "top": {"of": "HEAD-REC", "when": {"T": "I"}, "place": "first"},
                "detail": {"of": "ITEM-REC"},
            },
            "two record types stand first",
        ),
    ],
)
def test_record_types_and_copybook_must_go_together(records: dict[str, object], reason: str) -> None:
    """R21: a declaration that does not fit is found when the bundle is opened, not at 3 a.m."""
    declared = {name: RecordDeclaration.model_validate(one) for name, one in records.items()}
    with pytest.raises(LayoutError, match=reason):
        assemble(parse_copybook(fixed(TWO)), declared)


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        ({"trailer": "N", "counts": "nothing"}, "nothing is no record type"),
        ({"trailer": "T", "counts": "detail"}, "t is no numeric field of the last record"),
        ({"trailer": "N", "sums": "detail.T"}, "no numeric field"),
        ({"trailer": "N", "sums": "detail.Z"}, "no numeric field"),
    ],
)
def test_a_total_of_nothing_is_refused(total: dict[str, str], reason: str) -> None:
    """R21: a control total that could never be checked is an error of the declaration."""
    records = {
        "detail": RecordDeclaration(of="ITEM-REC", when={"T": ("D",)}),
        "trailer": RecordDeclaration(of="HEAD-REC"),
    }
    with pytest.raises(LayoutError, match=reason):
        assemble(parse_copybook(fixed(TWO)), records, (TotalDeclaration.model_validate(total),))


def test_a_program_that_copies_a_member_of_its_own_name_does_not_copy_itself(tmp_path: Path) -> None:
    """R17: source and member have one name in two libraries; here they lie side by side, or one is not there."""
    program = tmp_path / "STOCK.cbl"
    program.write_text("       01 A.\n          05 B PIC X.\n       01 C.\n       COPY STOCK.\n")
    with pytest.raises(LayoutError, match="does it copy itself"):
        read_copybook(program)
    (tmp_path / "STOCK.cpy").write_text("          05 D PIC X(3).\n")
    assert [record.length for record in read_copybook(program).records] == [1, 3]
