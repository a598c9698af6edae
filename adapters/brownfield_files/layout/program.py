"""What of a COBOL source is data description: a copybook's all, of a program the records of its DATA DIVISION.

Procedure code is told as such, with its line: it is no layout. Source: IBM Enterprise COBOL for z/OS, Language
Reference, "COBOL program structure", "Data division", "COBOL statements".
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.layout.source import Statement

_HEADS = {"FILE", "WORKING-STORAGE", "LOCAL-STORAGE", "LINKAGE", "COMMUNICATION", "REPORT", "SCREEN"}
_NO_RECORDS = {"COMMUNICATION", "REPORT", "SCREEN"}
_FILE_ENTRIES = {"FD", "SD", "78"}
_DECLARING = {"INCLUDE", "DECLARE", "BEGIN", "END", "WHENEVER"}
_VERBS = {
    "ACCEPT", "ADD", "ALLOCATE", "ALTER", "CALL", "CANCEL", "CLOSE", "COMPUTE", "CONTINUE", "DECLARATIVES",
    "DELETE", "DISPLAY", "DIVIDE", "ELSE", "END-IF", "ENTRY", "EVALUATE", "EXIT", "FREE", "GENERATE", "GO",
    "GOBACK", "IF", "INITIALIZE", "INITIATE", "INSPECT", "INVOKE", "JSON", "MERGE", "MOVE", "MULTIPLY", "NEXT",
    "OPEN", "PERFORM", "PROCEDURE", "READ", "RELEASE", "RETURN", "REWRITE", "SEARCH", "SET", "SORT", "START",
    "STOP", "STRING", "SUBTRACT", "TERMINATE", "UNSTRING", "WHEN", "WRITE", "XML",
}  # fmt: skip
_NAME = re.compile(r"[A-Z0-9][A-Z0-9_-]*[A-Z][A-Z0-9_-]*")
_PROGRAM = re.compile(r"^(?:.{6}[ ])?\s*(?:IDENTIFICATION|ID|DATA)\s+DIVISION\b", re.IGNORECASE | re.MULTILINE)


def is_program(text: str) -> bool:
    """Whether the source is a program, or its DATA DIVISION, and not a copybook."""
    return _PROGRAM.search(text) is not None


def described(found: Iterable[Statement]) -> Iterator[Statement]:
    """The data description entries among the statements of a source.

    Left out are the heads of sections, the entries of files, what embedded SQL declares, and the sections whose
    entries describe no record (reports, screens).

    Raises:
        LayoutError: There is procedure code.
    """
    skipped, included = False, 0
    for statement in _without_sql(found):
        words = [token.text.upper() for token in statement.tokens]
        if words[0] in _HEADS and words[1:] == ["SECTION"]:
            skipped = words[0] in _NO_RECORDS
        elif _is_code(words):
            reason = f"it holds PROCEDURE code from line {statement.line} on: not a layout"
            raise LayoutError(statement.file, statement.line, reason)
        elif words[0] == "EXEC":
            included = statement.line
        elif not (skipped or words[0] in _FILE_ENTRIES or words == ["DATA", "DIVISION"]):
            yield _after_sql(statement, included) if included else statement
            included = 0


def _after_sql(statement: Statement, line: int) -> Statement:
    """What embedded SQL brings in before a level below 01 may be a part of the record."""
    if statement.tokens[0].text.lstrip("0") in {"1", "77"}:
        return statement
    reason = "embedded SQL stands within a record: what it brings in is not known"
    return replace(statement, fault=LayoutError(statement.file, line, reason))


def _without_sql(found: Iterable[Statement]) -> Iterator[Statement]:
    """The same with `EXEC SQL … END-EXEC` in a statement of its own: a period need not follow it."""
    for statement in found:
        tokens = statement.tokens
        while tokens and tokens[0].text.upper() == "EXEC":
            ends = (index for index, token in enumerate(tokens, 1) if token.text.upper() == "END-EXEC")
            end = next(ends, len(tokens))
            yield replace(statement, tokens=tokens[:end])
            tokens = tokens[end:]
        if tokens:
            yield replace(statement, tokens=tokens)


def _is_code(words: list[str]) -> bool:
    """Whether a statement begins as procedure code does: with a verb, or as the name of a paragraph or section."""
    if words[0] == "EXEC":
        return words[1:2] != ["SQL"] or words[2:3] == [] or words[2] not in _DECLARING
    named = len(words) == 1 or words[1] == "SECTION"
    return words[0] in _VERBS or (named and _NAME.fullmatch(words[0]) is not None)
