"""The names and markers of the core system's files."""

import pytest

from reconciliation.feed import (
    FileRefusal,
    Marker,
    Reason,
    RefusalCode,
    Refused,
    parse_marker,
    parse_name,
)
from reconciliation.inbox import LONGEST_MARKER


@pytest.mark.parametrize("name", ["JKRK_20060402_001.txt", "SWDJ_20080229_999.txt"])
def test_a_name_says_kind_date_and_number(name):
    parsed = parse_name(name)

    assert str(parsed) == name
    assert parsed.kind == name[:4]
    assert parsed.business_date.isoformat().replace("-", "") == parsed.day == name[5:13]
    assert parsed.number == int(name[14:17])


def test_a_name_of_an_early_year_keeps_its_zeros():
    assert str(parse_name("JKRK_00010203_001.txt")) == "JKRK_00010203_001.txt"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "JKRK_20060402_001",
        "JKRK_20060402_001.txt\n",
        "JKRK_20060402_001.txt.ok",
        "JKRK_20060402_001.TXT",
        "JKRK_20060402_000.txt",
        "JKRK_20060402_01.txt",
        "JKRK_20060402_0001.txt",
        "JKRK_20060230_001.txt",
        "JKRK_00000101_001.txt",
        "JKRK_２００６0402_001.txt",
        "JKRK-20060402-001.txt",
        "jkrk_20060402_001.txt",
        "ABCD_20060402_001.txt",
        " JKRK_20060402_001.txt",
        "../JKRK_20060402_001.txt",
    ],
)
def test_a_name_that_does_not_follow_the_agreement(name):
    with pytest.raises(Refused) as caught:
        parse_name(name)

    assert caught.value.refusal == FileRefusal(RefusalCode.NAME, Reason.NAME_UNREADABLE)


def test_a_run_takes_files_by_date_then_registrations_first_then_number():
    names = [
        "SWDJ_20060401_002.txt",
        "JKRK_20060401_001.txt",
        "JKRK_20060401_002.txt",
        "SWDJ_20060402_001.txt",
        "JKRK_20060402_001.txt",
    ]

    in_order = sorted(map(parse_name, reversed(names)), key=lambda name: name.import_order)

    assert [str(name) for name in in_order] == names


DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_marker_says_digest_and_size(end):
    assert parse_marker(f"{DIGEST} 1234{end}".encode()) == Marker(DIGEST, 1234)


def test_the_longest_marker_is_within_the_limit():
    content = f"{DIGEST} {'9' * 19}\r\n".encode()

    assert len(content) <= LONGEST_MARKER
    assert parse_marker(content).size == int("9" * 19)


@pytest.mark.parametrize(
    "content",
    [
        "",
        DIGEST,
        f"{DIGEST} ",
        f"{DIGEST.upper()} 12",
        f"{DIGEST[1:]} 12",
        f"{DIGEST}0 12",
        f"{DIGEST}  12",
        f"{DIGEST}\t12",
        f"{DIGEST} 12 ",
        f" {DIGEST} 12",
        f"{DIGEST} -12",
        f"{DIGEST} 1e3",
        f"{DIGEST} １２",
        f"{DIGEST} {'9' * 5000}",
        f"{DIGEST} 12\r",
        f"{DIGEST} 12\n\n",
        f"{DIGEST} 12\r\r\n",
        f"{DIGEST} 12\n{DIGEST} 12\n",
        f"\ufeff{DIGEST} 12",
        f"{DIGEST} 12\0",
    ],
)
def test_an_unreadable_marker(content):
    with pytest.raises(Refused) as caught:
        parse_marker(content.encode())

    assert caught.value.refusal == FileRefusal(RefusalCode.MARKER, Reason.MARKER_UNREADABLE)
