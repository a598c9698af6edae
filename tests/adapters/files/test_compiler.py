"""Copybooks drawn at random, held against a COBOL compiler: every item has the place and the length that it says."""

import subprocess
from pathlib import Path
from random import Random

import pytest
from drawn_copybook import Drawn, on_cards

from brownfield_files.layout.copybook import Copybook, read_copybook
from brownfield_files.layout.normal_form import LayoutError

RECORDS = 120


def compiled_places(folder: Path, cobc: str, records: list[Drawn]) -> dict[str, tuple[int, int]]:
    """Offset and length of each name, said by a program that copies the copybooks."""
    code = ["       IDENTIFICATION DIVISION.", "       PROGRAM-ID. PLACES.", "       DATA DIVISION."]
    code += ["       WORKING-STORAGE SECTION.", "       01 P USAGE POINTER."]
    code += ["       01 PN REDEFINES P PIC S9(18) COMP-5.", "       01 Q USAGE POINTER."]
    code += ["       01 QN REDEFINES Q PIC S9(18) COMP-5."]
    code += ["       01 D PIC S9(9) SIGN LEADING SEPARATE.", "       01 L PIC S9(9) SIGN LEADING SEPARATE."]
    code += ["       01 STORE PIC X(32000).", "       LINKAGE SECTION."]
    code += [f"           COPY {record.name}." for record in records]
    code += ["       PROCEDURE DIVISION.", "       FIRST-P.", "           SET P TO ADDRESS OF STORE."]
    for record in records:
        code += [f"       {record.name}-P.", f"           SET ADDRESS OF {record.name} TO P"]
        for name, tables in [*record.named, (record.name, 0)]:
            place = f"{name}({', '.join('1' * tables)})" if tables else name
            code += [f"           SET Q TO ADDRESS OF {place}", "           COMPUTE D = QN - PN"]
            code += [f"           MOVE LENGTH OF {place} TO L", f"           DISPLAY '{name} ' D ' ' L"]
        code += ["           CONTINUE."]
    code += ["       LAST-P.", "           STOP RUN."]
    (folder / "places.cbl").write_text("\n".join(code) + "\n")
    command = [cobc, "-x", "-std=ibm", "-O0", "-w", "-I", str(folder), "-o", str(folder / "places"), "places.cbl"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    said = subprocess.run([folder / "places"], check=True, capture_output=True, text=True, timeout=60).stdout
    lines = (line.split() for line in said.splitlines())
    return {name.upper(): (int(offset), int(length)) for name, offset, length in lines}


def read_places(book: Copybook) -> dict[str, tuple[int, int]]:
    """The same, said by our parser."""
    (record,) = book.records
    found = {entry.name: (entry.offset, entry.length) for entry in record.walk() if entry.name != "FILLER"}
    return found | {record.name: (0, record.length)}


@pytest.mark.parametrize("seed", [1, 2])
def test_drawn_copybooks_are_placed_as_a_compiler_places_them(tmp_path: Path, cobc: str, seed: int) -> None:
    """R20, R21: names, levels, clauses in any order, tables, redefinitions, comments, tabs, sequence numbers."""
    random = Random(seed)
    records = [Drawn(random, f"R{index}") for index in range(RECORDS)]
    for record in records:
        (tmp_path / f"{record.name}.cpy").write_text(on_cards(record.lines, random))
    theirs = compiled_places(tmp_path, cobc, records)
    ours: dict[str, tuple[int, int]] = {}
    for record in records:
        ours |= read_places(read_copybook(tmp_path / f"{record.name}.cpy"))
    assert {name: ours.get(name) for name in theirs} == theirs
    assert len(theirs) > 8 * RECORDS


def test_free_format_holds_the_same(tmp_path: Path) -> None:
    """R20: the same entries without cards, and in small letters."""
    random = Random(3)
    for index in range(RECORDS):
        drawn = Drawn(random, f"R{index}")
        (tmp_path / "fixed.cpy").write_text(on_cards(drawn.lines, random))
        (tmp_path / "free.cpy").write_text("\n".join(line.lower() for line in drawn.lines))
        assert read_places(read_copybook(tmp_path / "free.cpy")) == read_places(read_copybook(tmp_path / "fixed.cpy"))


def test_a_copybook_with_a_piece_missing_is_refused_or_still_means_what_it_says(tmp_path: Path) -> None:
    """R21: a line that is lost, cut or doubled is an error with file and line, never a crash."""
    random, refused = Random(4), list[LayoutError]()
    for index in range(RECORDS):
        lines = on_cards(Drawn(random, f"R{index}").lines, random).splitlines()
        at = random.randrange(len(lines))
        lines[at : at + 1] = random.choice(([], [lines[at][: random.randrange(1, 40)]], [lines[at]] * 2))
        (tmp_path / "broken.cpy").write_text("\n".join(lines))
        try:
            read_copybook(tmp_path / "broken.cpy")
        except LayoutError as error:
            refused.append(error)
    assert all(error.file == "broken.cpy" and error.line and error.reason for error in refused)
    assert len(refused) > RECORDS // 4
