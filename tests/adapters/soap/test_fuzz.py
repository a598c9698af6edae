"""brownfield and zeep read the same random replies of the corpus: nothing is lost, every difference has its reason.

For each reply that the schema allows: (1) every word of it is in brownfield's JSON; (2) written again by the encoder,
it has the same words at the same places, and reads as the same JSON; (3) what zeep reads is compared, word by word and
place by place. A difference is explained by one of the rules of `difference.toml`, or the test fails with its seed.

`BROWNFIELD_FUZZ=50000` sets how many replies are made and writes what was found to bench/results/fuzz.json; the default
is small. The seeds of a WSDL are 0, 1, 2 …: its operations take turns, the same seed gives the same reply.
"""

import json
import logging
import os
import signal
import tomllib
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from lxml import etree
from zeep.exceptions import XMLParseError

from brownfield.contract import Failure
from brownfield_soap.closure import collect
from brownfield_soap.codec import Codec
from brownfield_soap.doctor import heal
from brownfield_soap.encode import Encoder
from brownfield_soap.family import Families
from brownfield_soap.flatten import Flattener
from brownfield_soap.link import link
from brownfield_soap.reader import BundleOnly, _choose, _load, _model

from .conftest import FOLDER
from .oracle import canonical, held, seen, text_of
from .valid import TooDeep, Valid

COUNT = int(os.environ.get("BROWNFIELD_FUZZ", "500"))
RESULTS = Path(__file__).parents[3] / "bench" / "results" / "fuzz.json"
RULES = [rule["name"] for rule in tomllib.loads(Path(__file__).with_name("difference.toml").read_text("utf-8"))["rule"]]
KEPT = {
    "gematik+api-telematik/conn/SignatureService_V7_5_6.wsdl": (138,),
    "jamesiarmes+php-ews/src/assets/services.wsdl": (50,),
    "savonrb+wasabi/spec/fixtures/tradetracker.wsdl": (4, 8),
}
"""Seeds that once showed something that the rules did not have yet."""
SECONDS = 2.0
DATES = {"date", "dateTime", "time", "gYear", "gYearMonth"}


@dataclass
class Far:
    """One WSDL as both read it."""

    model: object
    schema: object
    parts: list
    codec: Codec = field(init=False)
    encoder: Encoder = field(init=False)

    def __post_init__(self):
        self.codec, self.encoder = Codec(self.model), Encoder(self.model)


@dataclass
class Found:
    """What was compared and what differed."""

    replies: int = 0
    same: int = 0
    differing: Counter = field(default_factory=Counter)
    unexplained: list = field(default_factory=list)
    lost: list = field(default_factory=list)


def far(path, folder):
    """A WSDL as `reader.read` reads it, zeep's objects kept; None where it has nothing to compare."""
    linked = link(collect(str(path), BundleOnly(folder).read))
    heal(linked)
    document = _load(linked)
    chosen = _choose(document, None, None)
    model = _model(linked, [], Flattener(Families(document.types)), *chosen)
    parts = [
        (part, message.body)
        for name, operation in sorted(chosen[3].all().items())
        for part, message in (
            (model.operations[name].request, operation.input),
            (model.operations[name].reply, operation.output),
        )
        if part is not None and not part.tag.endswith("}Body")
    ]
    return Far(model, document.types, parts)


def compare(of, name, seed, found):
    """Makes one reply and holds both readings against it."""
    part, theirs = of.parts[seed % len(of.parts)]
    made = Valid(of.model, seed)
    try:
        element = made.whole(part.tag, part.type)
    except (TooDeep, etree.XMLSyntaxError):  # no finite one was found, or a name that XML cannot hold
        return
    found.replies += 1
    here = f"{name}, seed {seed}, {part.name}"
    try:
        lost = losses(of, part, element)
    except Failure as failure:
        lost = [failure.message]
    if lost:
        found.lost.append(f"{here}: {lost[:3]}")
    reasons = Counter(differences(of, part, theirs, element, made))
    found.same += not reasons
    found.differing.update(set(reasons))
    found.unexplained += [f"{here}: {reason}" for reason in reasons if reason not in RULES]


def losses(of, part, element):
    """What of a reply is not in our JSON, or not in what is written of it again."""
    value = of.codec._content(part.type, element, part.name)
    words = Counter(word for (_, word), count in held(element).items() for _ in range(count))
    missing = [f"not in the JSON: {word}" for word in words - told(value)]
    again = written(of, part, value)
    missing += [f"not written again: {place}" for place in held(element) - held(again)]
    if plain(of.codec._content(part.type, again, part.name)) != plain(value):
        missing.append("reads as something else when it is written again")
    return missing


def written(of, part, value):
    """The element that our JSON is written as."""
    items = of.model.records[part.type].items if isinstance(part.type, str) else None
    body = etree.Element("Body")
    fields = {"value": value} if not isinstance(part.type, str) else value if items is None else {items.name: value}
    of.encoder.part(replace(part, encoded=False), fields, body)
    return body[0]


def told(value):
    """The words of a JSON value."""
    if isinstance(value, dict):
        return sum((told(inner) for name, inner in value.items() if name != "@xml"), Counter())
    if isinstance(value, list):
        return sum(map(told, value), Counter())
    return Counter() if value is None else Counter(canonical(word) for word in text_of(value).split())


def plain(value):
    """A value without `@xml`, whose prefixes are nobody's business."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name != "@xml"}
    return [plain(one) for one in value] if isinstance(value, list) else value


def differences(of, part, theirs, element, made):
    """For each word that zeep lacks or has beside the reply: the rule that explains it, else the word itself."""
    facts = {(place, canonical(word)): of_it for (place, word), of_it in made.facts.items()}
    whole = made.of.union(*facts.values())
    try:
        with little_time():
            value = theirs.parse(element, of.schema)
    except Exception as error:  # noqa: BLE001  # zeep fails with whatever it stumbles over
        yield raised(error, whole)
        return
    expected, actual = held(element), seen(value, (part.name,))
    missing, extra = expected - actual, actual - expected
    for place, word in missing:
        yield lacking(place, word, facts.get((place, word), set()))
    for place, word in extra:
        yield beside(place, word, missing, made.of)


def raised(error, facts):
    if "substitution" in facts and isinstance(error, XMLParseError):
        return "substitution"
    if isinstance(error, AttributeError) and "'keys'" in str(error) and "group" in facts:
        return "simple value in a repeated choice"
    if isinstance(error, XMLParseError) and ("choice" in facts or "any" in facts):
        return "order"
    return f"zeep raised {error!r}"


def lacking(place, word, facts):
    if "mixed" in facts:
        return "mixed"
    if facts & DATES:
        return "zone of a date" if "date" in facts and word.endswith("Z") else kind_of_time(word)
    if word in ("0", "false") and "choice" in facts:
        return "0 or false in a choice"
    if "substitution" in facts:
        return "substitution"
    if {"choice", "any"} <= facts:
        return "wildcard in a choice"
    if {"choice", "group"} <= facts:
        return "nested choice"
    return f"zeep lacks {word} at {place}, which is {sorted(facts)}"


def kind_of_time(word):
    return "nanoseconds" if "." in word and len(word.partition(".")[2].rstrip("Z")) > 6 else "calendar"


def beside(place, word, missing, facts):
    for other_place, other in missing:
        if place == other_place and other.startswith(word):
            return "zone of a date" if other == f"{word}Z" else "nanoseconds"
    return "default" if "default" in facts else f"zeep has {word} at {place}"


@contextmanager
def little_time():
    """A reply that takes zeep longer than this is one that it never reads."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def quiet():
    """zeep logs a traceback for each value that it drops."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def judged(found):
    assert found.lost == []
    assert found.unexplained == []


def test_zeep_and_brownfield_agree_on_the_clinic():
    found = Found()
    of = far(FOLDER / "clinic.wsdl", FOLDER)
    for seed in range(60):
        compare(of, "clinic.wsdl", seed, found)
    judged(found)
    assert found.same > 20


@pytest.mark.corpus
def test_zeep_and_brownfield_agree_on_the_world_but_for_what_is_explained(corpus, capsys):
    paths = [line.split("\t")[0] for line in (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    found, read = Found(), 0
    for path in paths:
        try:
            of = far(corpus / "wsdl" / path, corpus / "wsdl" / path.split("/")[0])
        except Exception:  # noqa: BLE001  # which of them load is test_corpus's matter
            continue
        if of.parts:
            read += 1
            for seed in (*KEPT.get(path, ()), *range(-(-COUNT // 150))):
                compare(of, path, seed, found)
    told = {
        "replies": found.replies,
        "wsdls": read,
        "lost_by_brownfield": len(found.lost),
        "same_as_zeep": found.same,
        "replies_with_a_difference_by_rule": dict(sorted(found.differing.items())),
        "unexplained": len(found.unexplained),
    }
    with capsys.disabled():
        print(f"\n{json.dumps(told)}")
    judged(found)
    if found.replies >= 50_000:
        RESULTS.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
