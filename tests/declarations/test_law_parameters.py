"""The law's dated values: what is shipped, and how a file of them is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from declarations import taxlaw
from declarations.taxlaw import parameters as law
from declarations.taxlaw.case import FactsMissing
from declarations.taxlaw.parameters import (
    NotInForce,
    Parameter,
    bureaus,
    load_yaml,
    local_parameter,
    local_parameters,
    parameter,
    parameters,
    read_parameter,
)
from declarations.taxlaw.texts import cite
from tests.declarations.law_cases import tax_of

HERE = Path(taxlaw.__file__).parent
FILES = sorted((HERE / "parameters").rglob("*.yaml"))
LOCAL = ["assessed_rates", "average_annual_wage", "contribution_caps", "reduction_rate"]
TEXTS: dict[str, dict[str, str]] = load_yaml(HERE / "texts.yaml")

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


# What is shipped.


@every_file
def test_a_parameter_has_a_description_a_title_and_its_dates_in_order(path: Path) -> None:
    document = load_yaml(path)
    starts = list(document["values"])

    assert set(document) == {"description", "chinese", "values"}
    assert document["description"].strip()
    assert document["description"].isprintable()
    assert re.search("[\u4e00-\u9fff]", document["chinese"])
    assert starts == sorted(starts)


@every_file
def test_a_block_cites_texts_and_says_when_they_were_read_or_what_is_doubtful(path: Path) -> None:
    for block in read_parameter(path).history:
        for reference in block.references:
            chinese, english = cite(reference)
            assert chinese
            assert english.isascii()
        assert block.last_confirmed or block.doubt
        assert block.last_confirmed is None or block.last_confirmed >= date(2026, 1, 1)


@every_file
def test_every_number_is_a_decimal(path: Path) -> None:
    def numbers(value: Any) -> Iterator[object]:
        if isinstance(value, str):
            return
        if hasattr(value, "values"):
            value = value.values()
        if hasattr(value, "__iter__"):
            for part in value:
                yield from numbers(part)
        else:
            yield value

    for block in read_parameter(path).history:
        assert all(type(each) is Decimal for each in numbers(block.value) if each is not None)


def test_what_no_official_text_confirms_is_marked_as_doubtful() -> None:
    doubtful = {
        (parameter.name, f"{block.start:%Y-%m}")
        for parameter in parameters()
        for block in parameter.history
        if block.doubt
    }

    assert doubtful >= {
        ("basic_deduction", "2006-01"),  # the additional deduction before 2008-03
        ("bonus_relief", "2028-01"),
        ("cost_deduction", "2006-01"),  # the bound on gross income
        ("dividend_share", "2015-09"),  # a day within the month
        ("exempt_winnings", "2007-03"),
        ("filing_deadline", "2011-08"),
        ("option_relief", "2028-01"),
        ("seafarer_share", "2019-01"),
        ("small_tax", "2012-08"),
        ("special_additional", "2022-01"),  # infants
        ("special_additional", "2023-01"),  # infants, the elderly
        ("student_withholding", "2020-07"),
    }


def test_every_text_has_both_titles_and_is_cited_somewhere() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (*FILES, *HERE.parent.rglob("*.py"))]
    words = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", " ".join(sources)))

    assert {name for name in TEXTS if name not in words} == set()
    assert all(set(text) == {"chinese", "english"} for text in TEXTS.values())
    assert len({text["chinese"] for text in TEXTS.values()}) == len(TEXTS)
    assert len({text["english"] for text in TEXTS.values()}) == len(TEXTS)


@pytest.mark.parametrize(
    ("citation", "chinese", "english"),
    [
        (
            "law-2018 6(1)",
            "《中华人民共和国个人所得税法》(2018年修正)第六条第(一)项",
            "Individual Income Tax Law (2018 amendment), article 6(1)",
        ),
        (
            "regs-2018 19",
            "《中华人民共和国个人所得税法实施条例》(2018年修订)第十九条",
            "Individual Income Tax Regulations (2018 revision), article 19",
        ),
        (
            "regs-2005 40",
            "《中华人民共和国个人所得税法实施条例》(2005年修订)第四十条",
            "Individual Income Tax Regulations (2005 revision), article 40",
        ),
        ("cs-2018-98", "财税〔2018〕98号", "Caishui 2018 No. 98"),
    ],
)
def test_a_citation_is_spelt_out_in_both_languages(
    citation: str, chinese: str, english: str
) -> None:
    assert cite(citation) == (chinese, english)


@pytest.mark.parametrize("citation", ["", "law-1980", "law-2018 6(", "law-2018 6 7", "Caishui"])
def test_what_is_no_citation_is_refused(citation: str) -> None:
    with pytest.raises(ValueError, match=r"cites no text"):
        cite(citation)


def test_before_2006_no_basic_deduction_is_known() -> None:
    with pytest.raises(NotInForce):
        parameter("basic_deduction").at(date(2005, 12, 31))


def test_values_cannot_be_written_to() -> None:
    deductions: Any = parameter("basic_deduction").at(date(2007, 1, 1))

    with pytest.raises(TypeError):
        deductions["china"] = Decimal(1)


# How a file is read.


def read(tmp_path: Path, text: str) -> Parameter[Any]:
    path = tmp_path / "relief.yaml"
    path.write_text(text, encoding="utf-8")
    return read_parameter(path)


def test_a_new_block_rules_from_its_day_and_leaves_the_past_alone(tmp_path: Path) -> None:
    relief = read(
        tmp_path,
        "description: A relief\n"
        "chinese: 减免\n"
        "values:\n"
        "  2019-01-01: {value: 0.03, reference: law-2018 6; cs-2018-98}\n"
        "  2027-01-01:\n"
        "    value: 6000\n"
        "    reference: law-2018 6(1)\n"
        "    last_confirmed: 2026-12-01\n"
        "    doubt: Announced, not yet printed.\n",
    )

    assert (relief.name, relief.description, relief.chinese) == ("relief", "A relief", "减免")
    assert relief.at(date(2026, 12, 31)) == Decimal("0.03")
    assert relief.cited(date(2026, 12, 31)) == ("law-2018 6", "cs-2018-98")
    assert relief.at(date(2027, 1, 1)) == 6000
    newest = relief.block(date(2030, 1, 1))
    assert newest.last_confirmed == date(2026, 12, 1)
    assert newest.doubt == "Announced, not yet printed."


def test_a_value_that_ended_is_no_longer_in_force(tmp_path: Path) -> None:
    relief = read(
        tmp_path,
        "values:\n"
        "  2019-01-01: {value: 0.03, reference: a}\n"
        "  2028-01-01: {value: null, reference: b}\n",
    )

    assert relief.at(date(2027, 12, 31)) == Decimal("0.03")
    with pytest.raises(NotInForce, match=r"relief is not in force on 2028-01-01"):
        relief.at(date(2028, 1, 1))


@pytest.mark.parametrize(
    "text",
    [
        "values:\n  2019-01-01: {value: 1}\n",
        "values:\n  2019-01: {value: 1, reference: a}\n",
        "values:\n  2019-01-01: {value: 1, reference: a}\n  2019-01-01: {value: 2, reference: b}\n",
        "values:\n  2019-01-01: {value: .inf, reference: a}\n  2020: {value: 2, reference: b}\n",
    ],
)
def test_a_parameter_without_source_or_date_or_with_two_values_is_refused(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ValueError, match=r"no reference|not a date|stands twice|not a decimal"):
        read(tmp_path, text)


# A bureau's own values.


@pytest.fixture
def bureau_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of bureaus to fill in; beijing has nothing in it, as it is shipped."""
    parameters()  # the nation's are kept from here on, those of bureaus are read anew
    monkeypatch.setattr(law, "_FOLDER", tmp_path)
    for bureau in ("beijing", "shanghai"):
        (tmp_path / "local" / bureau).mkdir(parents=True)
    kept = (local_parameter, local_parameters, bureaus)
    for each in kept:
        each.cache_clear()
    yield tmp_path / "local"
    for each in kept:
        each.cache_clear()


def enter(folder: Path, bureau: str, name: str, block: str) -> None:
    text = f"description: x\nchinese: x\nvalues:\n  2017-07-01: {block}\n"
    (folder / bureau / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_bureau_has_its_four_parameters_without_an_unconfirmed_value() -> None:
    assert bureaus() == ("beijing",)
    assert sorted(path.stem for path in (HERE / "parameters/local/beijing").iterdir()) == LOCAL
    for name in LOCAL:
        local = local_parameter("beijing", name)
        assert local is not None
        with pytest.raises(NotInForce):
            local.at(date(2026, 11, 1))


SEVERANCE = {"lump": 400000, "years": 10}
USES_OF_LOCAL_VALUES = [
    # 400,000 - 3 × 100,000 = 100,000, alone by the annual table.
    ("average_annual_wage", "0107", SEVERANCE, "{value: 100000, reference: a}", "7480.00"),
    # Quotes: a bare 0602 is a number to YAML.
    (
        "assessed_rates",
        "0602",
        {"base": 3000},
        '{value: {"0602": 0.05, "0702": 0.01}, reference: a}',
        "150.00",
    ),
    (
        "assessed_rates",
        "0702",
        {"base": 1000000},
        '{value: {"0602": 0.05, "0702": 0.01}, reference: a}',
        "10000.00",
    ),
]
uses_of_local_values = pytest.mark.parametrize(
    ("name", "item", "inputs", "block", "tax"), USES_OF_LOCAL_VALUES
)


@uses_of_local_values
def test_an_entered_local_value_is_used_by_its_bureau_from_its_day(
    bureau_files: Path, name: str, item: str, inputs: dict[str, int], block: str, tax: str
) -> None:
    enter(bureau_files, "beijing", name, block)

    assert tax_of("2019-01", item, inputs, bureau="beijing") == Decimal(tax)

    with pytest.raises(FactsMissing):
        tax_of("2017-06", item, inputs, bureau="beijing")


@uses_of_local_values
@pytest.mark.parametrize("bureau", ["", "shanghai", "tianjin"])
def test_no_bureaus_value_stands_in_for_anothers(
    bureau_files: Path,
    name: str,
    item: str,
    inputs: dict[str, int],
    block: str,
    tax: str,
    bureau: str,
) -> None:
    enter(bureau_files, "beijing", name, block)

    assert bureaus() == ("beijing", "shanghai")
    with pytest.raises(FactsMissing):
        tax_of("2019-01", item, inputs, bureau=bureau)


@uses_of_local_values
def test_without_an_entered_value_the_fact_is_missing(
    name: str, item: str, inputs: dict[str, int], block: str, tax: str
) -> None:
    fact = {"0107": "local_avg_annual_wage"}.get(item, "assessed_rate")

    with pytest.raises(FactsMissing, match=fact):
        tax_of("2019-01", item, inputs, bureau="beijing")


def test_a_told_fact_stands_before_the_bureaus_value(bureau_files: Path) -> None:
    enter(bureau_files, "beijing", "average_annual_wage", "{value: 1, reference: a}")

    told = SEVERANCE | {"local_avg_annual_wage": 100000}

    assert tax_of("2019-01", "0107", told, bureau="beijing") == Decimal("7480.00")


def test_an_ended_local_value_is_missing_too(bureau_files: Path) -> None:
    enter(
        bureau_files,
        "beijing",
        "average_annual_wage",
        "{value: 100000, reference: a}\n  2018-07-01: {value: null, reference: b}",
    )

    with pytest.raises(FactsMissing):
        tax_of("2019-01", "0107", SEVERANCE, bureau="beijing")
