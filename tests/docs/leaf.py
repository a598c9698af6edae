"""The pages as the tests read them: fences, sections, tables, links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if page.name != "architecture.md"]
_FENCE = re.compile(r"^```(\w+)?[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    language: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.page}-{self.text.splitlines()[0][:40]}"


def text_of(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(language: str, text: str | None = None) -> list[Block]:
    pages = [(page.name, page.read_text("utf-8")) for page in PAGES] if text is None else [("section", text)]
    return [
        Block(name, kind, inner)
        for name, content in pages
        for kind, inner in _FENCE.findall(content)
        if kind == language
    ]


def section(page: str, title: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*)", text_of(page), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {title!r}"
    return re.split(rf"^#{{1,{len(found[1])}}} ", found[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, headers and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    tables = [i for i, line in enumerate(lines) if set(line) <= set("|- ")]
    skipped = {index for at in tables for index in (at, at - 1)}
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for index, line in enumerate(lines)
        if index not in skipped
    ]


def keys(text: str) -> list[str]:
    """The first cell of every row that is one word in backticks."""
    return [found[1] for row in rows(text) if (found := re.fullmatch(r"`([^`]+)`", row[0]))]


def anchors(path: Path) -> set[str]:
    """Headings as GitHub makes anchors of them."""
    titles = _HEADING.findall(re.sub(_FENCE, "", path.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
