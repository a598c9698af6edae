"""The copybook files of the corpus, each with what a person would declare of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import read_copybook
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.normal_form import Layout
from brownfield_files.record.descriptor import Descriptor

COBRIX, DEMO = "AbsaOSS+cobrix/data", "aws-samples+aws-mainframe-modernization-carddemo/app"
EBCDIC, ASCII = f"{DEMO}/data/EBCDIC/AWS.M2.CARDDEMO", f"{DEMO}/data/ASCII"
EXAMPLES = "AbsaOSS+cobrix/examples/example_data"
BARE = Descriptor(order="little", at=2, includes=False)
COMPANIES = {"company": ("STATIC-DETAILS", "C"), "contact": ("CONTACTS", "P")}
LEVELS = ("COMPANY", "DEPT", "EMPLOYEE", "OFFICE", "CUSTOMER", "CONTACT", "CONTRACT")
ENTITIES = {name.lower(): (name, number) for number, name in enumerate(LEVELS, 1)}
EXPORTED = {"C": "CUSTOMER", "A": "ACCOUNT", "T": "TRANSACTION", "X": "CARD-XREF", "D": "CARD"}


@dataclass(frozen=True)
class Sample:
    """A file with what a person would declare of it.

    Attributes:
        copybook: The copybook.
        data: The file.
        code: The code page.
        framing: How records end.
        types: The record types: the alternative and the value of the field that tells it.
        told: That field.
        length: Bytes of a record where they are more than the copybook says.
        record: How a descriptor is written.
        floating: What COMP-1 and COMP-2 are.
    """

    copybook: str
    data: str
    code: str = "cp037"
    framing: str = "fixed"
    types: dict[str, tuple[str, Any]] = field(default_factory=dict)
    told: str = "SEGMENT-ID"
    length: int | None = None
    record: Descriptor = BARE
    floating: Literal["ibm", "ieee"] = "ibm"


def demo(copybook: str, ebcdic: str = "", text: str = "", **more: Any) -> dict[str, Sample]:
    """A file of CardDemo, and its twin in ASCII."""
    found = {ebcdic: Sample(f"{DEMO}/cpy/{copybook}", f"{EBCDIC}.{ebcdic}", **more)}
    return found | ({text: Sample(f"{DEMO}/cpy/{copybook}", f"{ASCII}/{text}", "ascii", "line")} if text else {})


SAMPLES = {
    **demo("CVACT01Y.cpy", "ACCTDATA.PS", "acctdata.txt"),
    **demo("CVACT01Y.cpy", "ACCDATA.PS"),
    **demo("CVACT02Y.cpy", "CARDDATA.PS", "carddata.txt"),
    **demo("CVACT03Y.cpy", "CARDXREF.PS", "cardxref.txt"),
    **demo("CVCUS01Y.cpy", "CUSTDATA.PS", "custdata.txt"),
    **demo("CVTRA06Y.cpy", "DALYTRAN.PS", "dailytran.txt"),
    **demo("CVTRA06Y.cpy", "DALYTRAN.PS.INIT"),
    **demo("CVTRA02Y.cpy", "DISCGRP.PS", "discgrp.txt"),
    **demo("CVTRA01Y.cpy", "TCATBALF.PS", "tcatbal.txt"),
    **demo("CVTRA04Y.cpy", "TRANCATG.PS", "trancatg.txt"),
    **demo("CVTRA03Y.cpy", "TRANTYPE.PS", "trantype.txt"),
    **demo("CSUSR01Y.cpy", "USRSEC.PS"),
    **demo("CVEXPORT.cpy", "EXPORT.DATA.PS", told="EXPORT-REC-TYPE",
           types={name.lower(): (f"EXPORT-{name}-DATA", letter) for letter, name in EXPORTED.items()}),
    "test1": Sample(f"{COBRIX}/test1_copybook.cob", f"{COBRIX}/test1_data/example.bin", length=2202),
    "test3": Sample(f"{COBRIX}/test3_copybook.cob", f"{COBRIX}/test3_data/TRAN2.AUG31.DATA.dat"),
    "test4": Sample(f"{COBRIX}/test4_copybook.cob", f"{COBRIX}/test4_data/COMP.DETAILS.SEP30.DATA.dat", "latin-1",
                    "variable", COMPANIES),
    "test4a": Sample(f"{COBRIX}/test4_copybook.cob", f"{COBRIX}/test4a_data/COMP.DETAILS.SEP30.DATA.dat", "latin-1",
                     "variable", COMPANIES),
    "companies": Sample(f"{EXAMPLES}/companies_copybook.cpy",
                        f"{EXAMPLES}/companies_data/COMP.DETAILS.SEP30.DATA.dat", framing="variable", types=COMPANIES),
    "test9": Sample(f"{COBRIX}/test9_copybook.cob", f"{COBRIX}/test9_data/TRAN.APR14.NPT.DATA.dat"),
    "test10": Sample(f"{COBRIX}/test10_copybook.cob", f"{COBRIX}/test10_data/data.dat", "ascii"),
    "test14": Sample(f"{COBRIX}/test14_copybook.cob", f"{COBRIX}/test14_data/COMP.DETAILS.JUL02.DATA.dat",
                     framing="variable", types=COMPANIES, record=Descriptor(order="little", at=2)),
    "test15": Sample(f"{COBRIX}/test15_copybook.cob", f"{COBRIX}/test15_data/a/example.bin", length=2202),
    "test16": Sample(f"{COBRIX}/test16_fix_len_segments.cob", f"{COBRIX}/test16_data/ENTITY.DB.AUG12.DATA.FIX.LEN.dat",
                     types={"company": ("COMPANY", "C"), "person": ("PERSON", "P"), "po": ("PO-BOX", "B")}),
    "test17": Sample(f"{COBRIX}/test17_hierarchical.cob", f"{COBRIX}/test17/HIERARCHICAL.DATA.RDW.dat",
                     framing="variable", types=ENTITIES),
    "types": Sample(f"{EXAMPLES}/data_types.cpy", f"{EXAMPLES}/data_types/INTEGR.TYPES.NOV28.DATA.dat",
                    floating="ieee"),
}  # fmt: skip


def layout_of(sample: Sample, folder: Path) -> Layout:
    declared = {name: RecordDeclaration(of=of, when={sample.told: (value,)}) for name, (of, value) in
                sample.types.items()}  # fmt: skip
    return assemble(read_copybook(folder / sample.copybook), declared, length=sample.length)
