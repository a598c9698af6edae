"""Copybooks to draw: every clause in every spelling and order, on cards as people have left them.

What GnuCOBOL 3.1.2 compiles as IBM's compilers do is drawn. Where it does not (slack bytes in groups and tables, a
group's SIGN SEPARATE over edited pictures, pointers, NATIONAL), and of OCCURS DEPENDING ON, `test_copybook` says what
IBM's manual says.
"""

import re
from random import Random

# GnuCOBOL 3.1.2 reads no picture that stands on the card after PIC
_WORD = re.compile(r"""(?i:PIC(?:TURE)?\s(?:IS\s)?\S+)|(?:'(?:[^']|'')*'|"[^"]*"|[^\s'"])+""")
PICTURES = (
    "X", "XX", "X(7)", "x(3)X(2)", "A(4)", "9", "9(5)", "99", "S9(4)", "s9(3)9(2)v99", "S9(7)V9(2)", "V99", "9(3)PP",
    "SVP(2)9(3)", "S9(13)V99", "9(18)", "Z(5)9.99", "$$,$$9.99-", "+9(3)", "-(4)9.9", "9(5)CR", "ZZ9DB", "**,**9.99",
    "99/99/9999", "X(3)BX(2)", "9(3)B99", "999,999", "Z,ZZZ,ZZ9.99+",
)  # fmt: skip
NUMBERS = ("9", "9(2)", "S9(3)", "S9(4)", "9(5)", "S9(7)V99", "S9(9)", "9(10)", "S9(13)V9(2)", "9(18)", "S9V9(3)",
           "V9(5)", "S9(6)PP")  # fmt: skip
BINARY = ("COMP", "COMPUTATIONAL", "BINARY", "COMP-4", "COMPUTATIONAL-4", "COMP-5", "COMPUTATIONAL-5")
PACKED = ("COMP-3", "COMPUTATIONAL-3", "PACKED-DECIMAL")
FLOATS = ("COMP-1", "COMPUTATIONAL-1", "COMP-2", "COMPUTATIONAL-2")
SIGNED = tuple(text for text in NUMBERS if text.startswith("S"))
VALUES = ("'A'", "'A' THRU 'C'", "X'41'", "SPACE", "'IT''S' \"B. C\"", "'A', 'B', 'D' THROUGH 'F'")


class Drawn:
    """One record, written out, with the names whose place a compiler can say.

    Args:
        random: Where the choices come from.
        name: The record's; all other names begin with it.
    """

    def __init__(self, random: Random, name: str) -> None:
        self.name, self.lines, self.named = name, list[str](), list[tuple[str, int]]()
        self._random, self._count, self._first = random, 0, 0
        self._entry(f"01  {name}.")
        self._children(1, 0, room=random.randint(3, 12))
        plain = [item for item, tables in self.named if not tables]
        if len(plain) > 2 and random.random() < 0.3:
            self._entry(f"66 {name}-AGAIN RENAMES {plain[0]}.")

    def _children(self, level: int, tables: int, room: int) -> None:
        inner = min(48, level + self._random.choice((1, 2, 4, 5, 9)))
        self._first = self._first or inner
        for _ in range(room):
            if room > 3 and inner < 40 and self._random.random() < 0.25:
                self._group(inner, tables, room)
            else:
                self._item(inner, tables)

    def _group(self, level: int, tables: int, room: int) -> None:
        occurs = tables < 2 and self._random.random() < 0.3
        name = self._named(tables + occurs)
        clauses = [self._occurs(name)] if occurs else []
        if self._random.random() < 0.2:
            clauses.append(self._random.choice(("USAGE DISPLAY", "USAGE IS DISPLAY", "display")))
        self._entry(f"{level:02} {name} {self._shuffled(clauses)}.")
        self._children(level, tables + occurs, room // 2)

    def _item(self, level: int, tables: int) -> None:
        random = self._random
        occurs = tables < 2 and random.random() < 0.2
        unnamed = random.random() < 0.1 and not occurs
        name = random.choice(("FILLER", "filler", "")) if unnamed else self._named(tables + occurs)
        clauses = self._clauses(level == self._first and not occurs) + ([self._occurs(name)] if occurs else [])
        self._entry(f"{level:02} {name} {self._shuffled(clauses)}.")
        if not unnamed and random.random() < 0.2 and any("X" in clause.split()[-1] for clause in clauses):
            self._entry(f"88 {name}-C1 {random.choice(('VALUE', 'VALUES', 'VALUE IS', 'VALUES ARE'))} "
                        f"{random.choice(VALUES)}.")  # fmt: skip
        if not (unnamed or occurs) and random.random() < 0.25:
            self._entry(f"{level:02} {self._named(tables)} REDEFINES {name} {self._shuffled(self._clauses(False))}.")

    def _clauses(self, aligned: bool) -> list[str]:
        random, draw = self._random, self._random.random()
        pic = random.choice(("PIC", "PICTURE", "PIC IS", "pic", "PICTURE IS"))
        usage = random.choice(("", "USAGE ", "USAGE IS "))
        if draw < 0.25:
            number, binary = random.choice(NUMBERS), random.choice(BINARY)
            return [f"{pic} {'S9(5)' if '-5' in binary else number}", usage + binary]
        if draw < 0.45:
            return [f"{pic} {random.choice(NUMBERS)}", usage + random.choice(PACKED)]
        if draw < 0.5:
            return [usage + random.choice(FLOATS)]
        if draw < 0.55:
            return ["USAGE INDEX"]
        if draw < 0.65:
            sign = random.choice(("SIGN IS ", "SIGN ", "")) + random.choice(("LEADING", "TRAILING"))
            return [f"{pic} {random.choice(SIGNED)}", sign + random.choice(("", " SEPARATE", " SEPARATE CHARACTER"))]
        if draw < 0.7 and aligned:
            return [f"{pic} S9(4)", random.choice(BINARY), random.choice(("SYNC", "SYNCHRONIZED", "SYNC RIGHT"))]
        if draw < 0.75:
            return [f"{pic} X(9)", random.choice(("JUSTIFIED RIGHT", "JUST", "VALUE 'A. B'", "VALUE SPACES"))]
        if draw < 0.8:
            return [f"{pic} 9(3)", random.choice(("BLANK WHEN ZERO", "BLANK ZERO", "VALUE 5", "VALUE IS ZERO"))]
        return [f"{pic} {random.choice(PICTURES)}"]

    def _occurs(self, name: str) -> str:
        times = self._random.choice(("", " TIMES"))
        index = self._random.choice(("", f" INDEXED BY {name}-I", f" INDEXED {name}-J"))
        return f"OCCURS {self._random.randint(1, 5)}{times}{index}"

    def _named(self, tables: int) -> str:
        self._count += 1
        name = f"{self.name}-{self._random.choice(('F', 'AMT', 'code'))}{self._count}"
        self.named.append((name, tables))
        return name

    def _shuffled(self, clauses: list[str]) -> str:
        return " ".join(self._random.sample(clauses, len(clauses)))

    def _entry(self, text: str) -> None:
        self.lines.append(text)


def on_cards(lines: list[str], random: Random) -> str:
    """The entries in columns 8 to 72, some over several cards, with what else stands on cards."""
    cards: list[str] = []
    for line in lines:
        comment = _card(random.choice(("a comment. with a period", "05 OLD PIC X.")), "*", random)
        cards += random.choice(([], [], [], [comment], ["      /"], [""], ["           EJECT"], ["       SKIP1"]))
        words, held = _WORD.findall(line), " " * random.choice((0, 4, 8))
        for word in words:
            if len(held) + len(word) > 60 or (random.random() < 0.06 and held.strip()):
                cards.append(_card(held, " ", random))
                held = "            "
            held += word + " "
        cards.append(_card(held.rstrip() + random.choice(("", "", "  *> said here")), " ", random))
    return "\n".join(cards) + "\n"


def _card(text: str, indicator: str, random: Random) -> str:
    draw = random.random()
    number = f"{random.randint(0, 999999):06}" if draw < 0.3 else "      "
    if draw > 0.9 and indicator == " ":
        return f"\t{text.strip()}"
    body = f"{number}{indicator}{text}"
    return body.ljust(72) + "STOCK001" if draw < 0.15 and len(body) <= 72 else body
