"""What is taken out of a recording, and that it keeps its form."""

import pytest

from brownfield.rules.masking import Masks, masked, sounds_personal


@pytest.mark.parametrize("name", [
    "email", "CustomerEmail", "e_mail", "phone", "PhoneNumber", "first_name", "LastName", "dateOfBirth", "DOB", "IBAN",
    "customer_name", "UserName", "password", "authToken", "ssn", "PatientID", "HolderAddress", "zipCode", "AccountNo",
    "national_id", "TaxNumber", "beneficiary", "payeeName", "DebtorName", "accountHolder", "acct_no", "custId", "PAN",
    "cvc", "cvv2", "phoneNo", "mobileNr", "tel", "addr1", "apiKey", "sessionId", "Authorization",
])  # fmt: skip
def test_a_name_that_sounds_personal(name):
    """R60: nobody has to remember to say so."""
    assert sounds_personal(name)


@pytest.mark.parametrize(
    "name",
    [
        "ItemNo",
        "name",
        "Descr",
        "status",
        "OrderNo",
        "Whse",
        "id",
        "FileName",
        "phonetic",
        "Account_Status",
        "CustomerType",
    ],
)
def test_a_name_that_does_not(name):
    assert not sounds_personal(name)


@pytest.mark.parametrize(("text", "number", "expected"), [
    ("jane@example.com", 0, "xxxx@xxxxxxx.xxx"),
    ("jane@example.com", 1, "xxxx@xxxxxxx.xxy"),
    ("+33 6 12-34", 0, "+00 0 00-00"),
    ("+33 6 12-34", 7, "+00 0 00-07"),
    ("Jane DOE", 0, "Xxxx XXX"),
    ("1980-05-17", 0, "2000-01-01"),
    ("1980-05-17T10:20:30Z", 1, "2000-01-02T00:00:00Z"),
    ("", 3, ""),
])  # fmt: skip
def test_a_mask_keeps_the_form_and_nothing_else(text, number, expected):
    assert masked(text, number) == expected


def test_the_same_value_has_the_same_mask_everywhere():
    """So that what is sent after masking is still what was recorded."""
    masks = Masks()
    document = {"Email": "jane@x.org", "Note": "write to jane@x.org", "Other": {"Contact": "jane@x.org"}, "Age": 41}
    masks.learn(document)
    assert masks.apply(document) == {"Email": "xxxx@x.xxx", "Note": "write to xxxx@x.xxx",
                                     "Other": {"Contact": "xxxx@x.xxx"}, "Age": 41}  # fmt: skip
    assert masks.masked == ["Email"]


def test_different_values_stay_different():
    masks = Masks()
    people = [{"phone": f"06{number:08d}"} for number in range(200)]
    masks.learn(people)
    assert len({one["phone"] for one in masks.apply(people)}) == 200


def test_masking_twice_gives_the_same():
    first, second = Masks(), Masks()
    for masks in (first, second):
        masks.learn({"a": {"email": "a@b.cd"}, "phone": 612345678})
    assert first.apply({"x": "a@b.cd", "phone": 612345678}) == second.apply({"x": "a@b.cd", "phone": 612345678})
    assert first.apply({"phone": 612345678}) == {"phone": 100000001}


def test_a_short_value_is_masked_in_its_own_place_only():
    masks = Masks()
    masks.learn({"pin": "12"})
    assert masks.apply({"pin": "12", "units": "12"}) == {"pin": "00", "units": "12"}


def test_what_the_manifest_calls_personal_is_masked_at_its_path():
    masks = Masks()
    masks.learn({"customer": {"ref": "C-4471"}, "ref": "R-1000"}, ("customer.ref",))
    assert masks.apply({"ref": "R-1000", "text": "C-4471"}) == {"ref": "R-1000", "text": "X-0000"}


def test_a_person_has_the_last_word():
    masks = Masks(wanted={"Descr"}, kept={"Email"})
    masks.learn({"Descr": "Wheel", "Email": "info@example.com"})
    assert masks.apply({"Descr": "Wheel", "Email": "info@example.com"}) == {
        "Descr": "Xxxxx",
        "Email": "info@example.com",
    }


def test_no_secret_is_left_wherever_it_stands():
    """R64: not even where the far side repeats it."""
    masks = Masks(secrets=["s3cr3t", ""])
    assert masks.apply({"Note": "login s3cr3t refused", "rows": ["s3cr3t"]}) == {
        "Note": "login (secret) refused", "rows": ["(secret)"]}  # fmt: skip


def test_a_secret_that_is_a_number_is_no_number_of_ours():
    """R60: a PIN is sent as one."""
    assert Masks(secrets=("4711",)).apply({"pin": 4711, "sum": 47110}) == {"pin": 1000, "sum": 47110}
