"""The simulated core system: repeatable, accepted by the importer, and right about every month."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from declarations.declaration import Declaration as DeclarationRead
from declarations.jsonlines import read_declarations
from declarations.services.window import file_declarations
from portal.identity_numbers import is_credit_code, is_strange_credit_code
from portal.models import WithholdingAgent
from reconciliation import simulation
from reconciliation.models import Payment, QuarantinedRow
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all
from reconciliation.simulation import (
    Code,
    Neighbourhood,
    Options,
    Rates,
    Summary,
    WrongOption,
    simulate,
)
from reconciliation.simulation.books import Mistake, Slip, Story
from reconciliation.simulation.cast import computer_code, credit_code, document_number, make_agent
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.income import Line
from reconciliation.simulation.mistakes import misspelt, shifted, transposed
from reconciliation.simulation.months import Life
from reconciliation.simulation.paying import Paying
from reconciliation.simulation.results import relation_of
from tests.reconciliation.worlds import BUSY, MONTHS_OF_LAW, expected, exported, truths


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Path, Summary]]:
    """Make a world; return its folder and its summary."""

    def make(options: Options, name: str = "world") -> tuple[Path, Summary]:
        folder = tmp_path / name
        return folder, simulate(options, folder)

    return make


Made = Callable[..., tuple[Path, Summary]]


def test_the_same_options_give_the_same_bytes_and_another_seed_gives_others(made: Made) -> None:
    options = Options(seed=3, agents=12, rates=replace(BUSY, file_refused=0.1))

    first, again = (digests(made(options, name)[0]) for name in ("first", "again"))
    other = digests(made(replace(options, seed=4), "other")[0])

    assert first == again
    assert first != other


def test_another_process_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    """Nothing hangs on the order of a set or on a hash that differs from process to process."""
    folder, _ = made(Options(seed=5, agents=11, rates=BUSY))
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from reconciliation.simulation import Options, Rates, simulate\n"
        f"rates = Rates(**{vars(BUSY)!r})\n"
        "simulate(Options(seed=5, agents=11, rates=rates), Path(sys.argv[1]))\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'django']\n"
    )

    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "other")],
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert digests(tmp_path / "other") == digests(folder)


def test_fewer_days_are_the_beginning_of_more(made: Made) -> None:
    options = Options(seed=6, agents=12, rates=BUSY)
    whole, _ = made(options, "whole")
    part, summary = made(replace(options, days=70), "part")

    files = {path.name for path in (part / "inbox").iterdir()}
    for name in files:
        assert (part / "inbox" / name).read_bytes() == (whole / "inbox" / name).read_bytes()
    declared = (part / "declarations.jsonl").read_bytes()
    assert declared
    assert (whole / "declarations.jsonl").read_bytes().startswith(declared)
    assert max(name[5:13] for name in files) == f"{summary.options.last_day:%Y%m%d}"
    days_between = (summary.options.last_day - summary.options.first_day).days + 1
    assert days_between == 70


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seed", "first_month", "rates"),
    [(seed, month, BUSY) for seed, month in enumerate(MONTHS_OF_LAW)]
    + [(9, date(2006, 4, 1), Rates())],
)
def test_the_importer_accepts_all_and_every_month_comes_to_what_is_true(
    made: Made, seed: int, first_month: date, rates: Rates
) -> None:
    options = Options(seed=seed, agents=20, first_month=first_month, persons=4, rates=rates)
    folder, summary = made(options)

    report = import_feed(folder / "inbox").as_json()
    filed = file_declarations(folder / "declarations.jsonl")
    reconcile_all(changed_only=True)

    assert report["refused"] == {}
    assert report["repeated"] == []
    assert report["gaps"] == []
    assert report["watermark"] == summary.options.last_day.isoformat()
    assert filed.refused == {}
    assert filed.filed == summary.declarations
    assert WithholdingAgent.objects.count() == summary.agents
    assert Payment.objects.count() == summary.payments
    total = Payment.objects.aggregate(total=Sum("amount"))["total"]
    assert total == Decimal(summary.payments_total).scaleb(-2)
    assert Payment.objects.in_transit().count() == summary.in_transit
    waiting = QuarantinedRow.objects.filter(left_at=None).values_list("code", flat=True)
    assert Counter(waiting) == summary.quarantined
    assert report["rows"]["not_ours"] == summary.not_ours  # type: ignore[index]  # JSON
    assert exported() == expected(folder)
    assert {truth["result"] for truth in truths(folder)} >= {"matched", "mismatched"}
    relations = {
        (sums["declared"] == sums["paid"], sums["relation"])
        for truth in truths(folder)
        for sums in truth["kinds"].values()
    }
    assert ((False, "equal") in relations) is (first_month >= date(2012, 7, 1))


@pytest.mark.django_db
@pytest.mark.parametrize("last", [40, 45, 60, 75])
def test_on_every_evening_the_months_come_to_what_is_true(made: Made, last: int) -> None:
    options = Options(seed=12, agents=20, first_month=date(2006, 4, 1), days=last, rates=BUSY)
    folder, _ = made(options)

    import_feed(folder / "inbox")
    file_declarations(folder / "declarations.jsonl")
    reconcile_all(changed_only=True)

    assert exported() == expected(folder)
    if last == 40:
        assert "waiting" in {truth["result"] for truth in truths(folder)}


def test_the_causes_of_a_kind_add_up_to_its_difference(made: Made) -> None:
    folder, _ = made(Options(seed=21, agents=60, months=4, rates=BUSY))

    together = 0
    for truth in truths(folder):
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        for cause in truth["causes"]:
            amounts[cause["kind"]] += Decimal(cause["amount"])
        together += len(truth["causes"]) > 1
        for kind, sums in truth["kinds"].items():
            assert Decimal(sums["declared"]) - Decimal(sums["paid"]) == amounts[kind], truth
    assert together > 20


def test_every_cause_occurs_and_a_world_without_mistakes_has_none(made: Made) -> None:
    _, busy = made(Options(seed=1, agents=150, months=4, rates=BUSY), "busy")
    folder, quiet = made(Options(seed=1, agents=150, months=4, rates=Rates.nothing()), "quiet")

    assert set(busy.causes) == set(Code)
    assert set(busy.quarantined) == {"AGENT", "FORMAT", "PERIOD", "SPAN", "FIELDS"}
    assert not quiet.causes
    assert not quiet.quarantined
    assert set(quiet.months) == {"matched"}
    assert len(truths(folder)) == 150 * 4


@pytest.mark.parametrize("code", list(Code))
def test_each_cause_can_be_had_alone(made: Made, code: Code) -> None:
    name = code.lower()
    rates = Rates.nothing(**{name: 0.3})

    # So many days that who pays late, and with a late fee, has paid.
    _, summary = made(Options(seed=2, agents=40, months=2, days=200, rates=rates))

    assert set(summary.causes) == {code}


def test_a_wrong_item_leaves_the_month_matched(made: Made) -> None:
    rates = Rates.nothing(other_item=0.5)
    folder, summary = made(Options(seed=2, agents=20, months=2, rates=rates))

    causes = [cause for truth in truths(folder) for cause in truth["causes"]]
    assert {cause["amount"] for cause in causes} == {"0.00"}
    assert set(summary.months) == {"matched"}


def test_evidence_points_into_the_files(made: Made) -> None:
    folder, _ = made(Options(seed=31, agents=60, months=3, rates=BUSY))
    vouchers = {
        tuple(row.split("|")[1:3])
        for path in (folder / "inbox").glob("JKRK_*.txt")
        for row in path.read_text("gb18030").splitlines()
        if row.startswith("D|")
    }
    in_force = {}
    for line in (folder / "declarations.jsonl").read_text().splitlines():
        declaration = json.loads(line)
        key = tuple(declaration[name] for name in ("computer_code", "tax_month", "kind"))
        in_force[key] = declaration

    seen: Counter[str] = Counter()
    for truth in truths(folder):
        for cause in truth["causes"]:
            for entry in cause["evidence"]:
                if "voucher_number" in entry:
                    assert (entry["voucher_number"], str(entry["line_number"])) in vouchers
                    seen["vouchers"] += 1
                    continue
                key = (truth["computer_code"], truth["tax_month"], cause["kind"])
                lines = in_force[key]["lines"]
                if cause["code"] == "LINE_MISSING":
                    person = (entry["document_number"], entry["income_item"])
                    assert person not in {
                        (line["document_number"], line["income_item"]) for line in lines
                    }
                    for month in entry["usual_in"]:
                        usual = in_force[truth["computer_code"], month, "regular"]["lines"]
                        assert {
                            "document_number": person[0],
                            "income_item": person[1],
                            "tax_withheld": cause["amount"].removeprefix("-"),
                        }.items() <= next(
                            line for line in usual if line["document_number"] == person[0]
                        ).items()
                    seen["missing"] += 1
                else:
                    line = lines[entry["declared_line"] - 1]
                    assert line["document_number"] == entry["document_number"]
                    if cause["code"] == "LINE_DOUBLED":
                        assert lines.count(line) == 2
                    seen[cause["code"]] += 1
    assert seen["vouchers"] > 100
    assert min(seen["missing"], seen["LINE_DOUBLED"], seen["DIGITS_TRANSPOSED"]) > 0


@pytest.mark.django_db
def test_bad_files_are_refused_for_the_reason_listed_and_the_good_ones_then_accepted(
    made: Made,
) -> None:
    rates = Rates.nothing(file_refused=0.7, file_in_parts=0.5)
    folder, summary = made(Options(seed=8, agents=15, months=1, rates=rates))
    inbox = folder / "inbox"
    assert set(summary.refused.values()) == {
        "MARKER",
        "ENCODING",
        "HEADER",
        "TRAILER",
        "ROWS",
        "TOTAL",
    }

    bad = import_feed(folder / "refused")
    good = import_feed(inbox)

    assert bad.as_json()["refused"] == summary.refused
    assert bad.imported == []
    assert good.as_json()["refused"] == {}
    assert len(good.imported) == summary.files
    assert any(name.endswith("_002.txt") for name in good.imported)


@pytest.mark.django_db
def test_rows_are_shared_out_among_as_many_files_as_they_need(made: Made) -> None:
    folder, summary = made(Options(seed=8, agents=23, months=1, rows_per_file=4))

    names = sorted(path.name for path in (folder / "inbox").glob("SWDJ_20060401_*.txt"))
    report = import_feed(folder / "inbox")

    assert len(names) >= 5
    assert report.as_json()["refused"] == {}
    assert WithholdingAgent.objects.count() == summary.agents


def test_a_corrected_world_agrees_in_the_end(made: Made) -> None:
    rates = replace(BUSY, corrected=1.0)
    _, in_between = made(Options(seed=4, agents=40, rates=rates), "between")
    folder, in_the_end = made(Options(seed=4, agents=40, rates=rates, days=500), "end")

    assert in_between.months["mismatched"] > 10
    assert in_between.causes
    # A month that agreed by chance in spite of a mistake is closed, and nobody amends it.
    left = [truth for truth in truths(folder) if truth["causes"]]
    assert all(truth["result"] == "matched" for truth in left)
    assert set(in_the_end.months) == {"matched"}


def test_nobody_amends_a_month_that_has_agreed_in_spite_of_two_slips() -> None:
    """Such a month is closed: the amendment would be refused at the window."""
    options = Options(agents=1, months=1, rates=Rates.nothing())
    month = options.first_month
    agent = make_agent(options, 0)
    lines = [Line(0, "0101", 300_000, 10_000), Line(1, "0101", 310_000, 10_000)]
    slips = [
        Slip(Mistake(Code.LINE_MISSING), "regular", 0, fixed_on=date(2006, 5, 20)),
        Slip(Mistake(Code.LINE_DOUBLED), "regular", 1, doubled=True, fixed_on=date(2006, 6, 1)),
    ]
    life = Life(options, agent, [agent])
    story = Story(agent, month, {"regular": lines}, (2, 0, 610_000), date(2006, 5, 6), slips=slips)
    life.stories[month] = story
    paying = Paying(story, Chance("pay"), options.rates, [agent])
    paying.pay("regular", [])
    life.records = paying.records

    [truth] = Neighbourhood([life]).truths(date(2006, 12, 31))

    assert [slip.fixed_on for slip in slips] == [None, None]
    assert truth.result == "matched"
    assert [(cause.code, cause.amount) for cause in truth.causes] == [
        (Code.LINE_MISSING, -10_000),
        (Code.LINE_DOUBLED, 10_000),
    ]


def test_a_yuan_or_less_may_stay_unpaid_from_august_2012(made: Made) -> None:
    rates = Rates.nothing(small_tax=1, small_tax_unpaid=1)
    options = Options(agents=40, first_month=date(2012, 6, 1), months=4, persons=1, rates=rates)
    folder, _ = made(options)

    unpaid = set()
    for truth in truths(folder):
        sums = truth["kinds"]["regular"]
        small = Decimal(0) < Decimal(sums["declared"]) <= 1
        if small and sums["paid"] == "0.00":
            unpaid.add((truth["tax_month"], truth["result"] == "matched"))
    assert unpaid == {("2012-08", True), ("2012-09", True)}
    assert [relation_of(date(2012, month, 1), 100, 0) for month in (7, 8)] == ["greater", "equal"]
    assert relation_of(date(2012, 8, 1), 101, 0) == "greater"
    assert relation_of(date(2012, 8, 1), 100, 1) == "greater"


def test_every_declaration_is_read_without_a_fault(made: Made) -> None:
    for month in MONTHS_OF_LAW:
        folder, _ = made(Options(seed=1, agents=10, first_month=month, rates=BUSY), f"{month}")
        with (folder / "declarations.jsonl").open("rb") as file:
            read = [declaration for _, declaration in read_declarations(file)]
        assert read
        assert all(isinstance(declaration, DeclarationRead) for declaration in read)


def test_the_simulator_shares_nothing_with_what_it_is_held_against() -> None:
    """Of the project it knows the law and the forms of numbers, and no more."""
    folder = Path(simulation.__file__).parent
    imported = {
        node.module
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.split(".")[0] in ("portal", "declarations", "reconciliation", "django")
    }

    foreign = {name for name in imported if not name.startswith("reconciliation.simulation")}
    assert foreign == {
        "declarations.taxlaw.case",
        "declarations.taxlaw.methods",
        "declarations.taxlaw.tax_month",
        "declarations.taxlaw.wages",
        "portal.identity_numbers",
    }


def test_codes_and_numbers_are_right_in_form_and_nobodys() -> None:
    codes = [computer_code(number) for number in range(2000)]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 8 for code in codes)
    for first in range(0, 2000, 10):
        together = codes[first : first + 10]
        assert all(
            sum(a != b for a, b in zip(together[0], other, strict=True)) == 1
            for other in together[1:]
        )
    for number in (0, 1, 49_999):
        assert is_credit_code(credit_code(number))
        assert not is_strange_credit_code(credit_code(number))
    numbers = {document_number(agent, person) for agent in (0, 1, 49_999) for person in range(500)}
    assert len(numbers) == 1500
    assert all(number[6:8] == "19" and int(number[6:10]) < 1920 for number in numbers)


def test_digits_are_mistyped_as_the_names_of_the_causes_say() -> None:
    for number in range(300):
        chance = Chance("digits", number)
        amount = chance.randrange(100, 10**7)
        wrong = transposed(amount, chance)
        if wrong is not None:
            assert sorted(str(wrong)) == sorted(str(amount))
            assert (wrong - amount) % 9 == 0
            assert wrong != amount
        assert shifted(amount, chance) in (amount * 10, amount / 10)
        code = misspelt("10000000", chance)
        assert code is not None
        assert sum(a != b for a, b in zip(code, "10000000", strict=True)) == 1
    assert transposed(11, Chance("same")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"agents": 0},
        {"agents": 50_001},
        {"months": 0},
        {"days": -1},
        {"first_month": date(2005, 12, 1)},
        {"first_month": date(2006, 4, 2)},
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongOption):
        Options(**wrong)
    with pytest.raises(WrongOption):
        Rates(paid_twice=1.5)
    with pytest.raises(WrongOption):
        Rates().changed({"no_such_rate": 0.5})
