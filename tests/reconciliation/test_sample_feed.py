"""The sample feed of 2006, whole, against what must come of it."""

import json
import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from declarations.taxlaw.tax_month import parse_tax_month
from portal.models import WithholdingAgent
from reconciliation.models import FeedFile, Payment, QuarantinedRow
from reconciliation.selectors.query import figures_of_month

SAMPLE = Path(__file__).parent.parent / "samples" / "feed-2006"
EXPECTED = json.loads((SAMPLE / "expected.json").read_text())
KINDS = {"1": "regular", "2": "additional", "3": "refund"}
BAD_NAMES = {
    name: code for code, names in EXPECTED["refused"].items() for name in names if code != "NOMARK"
}

pytestmark = pytest.mark.django_db


def deliver_bad_files(inbox: Path) -> None:
    """Deliver each `X.txt.bad` as `X.txt`; one has no marker."""
    for path in (SAMPLE / "inbox").glob("*.bad"):
        shutil.copy(path, inbox / path.stem)
        marker = path.with_name(f"{path.name}.ok")
        if marker.exists():
            shutil.copy(marker, inbox / f"{path.stem}.ok")


def deliver_good_files(inbox: Path) -> None:
    for path in (SAMPLE / "inbox").iterdir():
        if ".bad" not in path.name:
            shutil.copy(path, inbox / path.name)


def run(command: str, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    """Run a command; return its exit status and the JSON that it printed."""
    status = 0
    try:
        call_command(command, *arguments)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    return status, json.loads(capsys.readouterr().out)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def exported(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    months: dict[str, dict[str, Any]] = defaultdict(lambda: {"kinds": {}})
    for entry in run("export_months", capsys=capsys)[1]:
        month = months[f"{entry['computer_code']} {entry['tax_month']}"]
        month["result"] = entry["result"]
        month["kinds"][entry["kind"]] = (
            Decimal(entry["declared"]),
            Decimal(entry["paid"]),
            entry["relation"],
        )
    return months


def expected_months() -> dict[str, dict[str, Any]]:
    return {
        name: {
            "result": month["result"],
            "kinds": {
                KINDS[kind]: (Decimal(sums["declared"]), Decimal(sums["paid"]), sums["relation"])
                for kind, sums in month["kinds"].items()
            },
        }
        for name, month in EXPECTED["months"].items()
    }


def declarations() -> list[dict[str, Any]]:
    lines = (SAMPLE / "declarations.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def superseded_lines_of_closed_months() -> set[str]:
    """Return the lines that a later one of the file supersedes, in months that agree by now."""

    def key(line: dict[str, Any]) -> tuple[str, str, str]:
        return line["computer_code"], line["tax_month"], line["kind"]

    last = {key(line): number for number, line in enumerate(declarations(), 1)}
    return {
        str(number)
        for number, line in enumerate(declarations(), 1)
        if number != last[key(line)]
        and EXPECTED["months"]["{} {}".format(*key(line))]["result"] == "matched"
    }


def check_the_feed(report: dict[str, Any]) -> None:
    assert report["watermark"] == EXPECTED["watermark"]
    assert report["gaps"] == []
    assert WithholdingAgent.objects.count() == EXPECTED["agents"]
    assert Payment.objects.count() == EXPECTED["payments"]
    total = Payment.objects.aggregate(total=Sum("amount"))["total"]
    assert total == Decimal(EXPECTED["payments_total"])
    assert Payment.objects.in_transit().count() == EXPECTED["in_transit"]
    waiting = QuarantinedRow.objects.filter(left_at=None).values_list("code", flat=True)
    assert {code: list(waiting).count(code) for code in set(waiting)} == EXPECTED["quarantined"]


def test_the_sample_feed_gives_what_is_expected_twice_over(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for again in (False, True):
        deliver_bad_files(inbox)
        status, report = run("import_feed", str(inbox), capsys=capsys)
        assert status == 1
        assert report["refused"] == BAD_NAMES
        assert report["imported"] == []
        unmarked = EXPECTED["refused"]["NOMARK"]
        assert all((inbox / name).exists() for name in unmarked)

        deliver_good_files(inbox)
        status, report = run("import_feed", str(inbox), capsys=capsys)
        assert status == 0
        good = {path.name for path in (SAMPLE / "inbox").glob("*.txt")}
        assert set(report["repeated" if again else "imported"]) == good
        assert report["rows"]["not_ours"] == (0 if again else EXPECTED["not_ours"])
        assert report["rows"]["quarantined"] == ({} if again else EXPECTED["quarantined"])
        check_the_feed(report)
        assert sorted(path.name for path in inbox.iterdir()) == ["done", "rejected"]

        status, filed = run("file_declarations", str(SAMPLE / "declarations.jsonl"), capsys=capsys)
        refused = (
            {str(number) for number in superseded_lines_of_closed_months()} if again else set()
        )
        assert set(filed["refused"]) == refused
        assert filed["filed"] == len(declarations()) - len(refused)
        assert status == (1 if refused else 0)
        assert exported(capsys) == expected_months()

        status, counts = run("reconcile", "--all", capsys=capsys)
        results = [month["result"] for month in EXPECTED["months"].values()]
        for result in ("matched", "waiting", "mismatched"):
            assert counts[result] == results.count(result)
        assert exported(capsys) == expected_months()


def test_the_item_tables_of_the_sample_are_as_expected(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver_good_files(inbox)
    run("import_feed", str(inbox), capsys=capsys)
    run("file_declarations", str(SAMPLE / "declarations.jsonl"), capsys=capsys)

    for name, month in EXPECTED["months"].items():
        code, tax_month = name.split()
        agent = WithholdingAgent.objects.get(computer_code=code)
        figures = figures_of_month(agent, parse_tax_month(tax_month))
        items = {kind.kind.value: kind.items for kind in figures.kinds}
        for number, kind in KINDS.items():
            found = {row.item: (row.declared, row.paid) for row in items[kind]}
            assert found == {
                item: (Decimal(declared), Decimal(paid))
                for item, (declared, paid) in month["items"][number].items()
            }, (name, kind)


def test_refused_files_are_kept_beside_the_good_ones_and_no_name_is_overwritten(
    inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        deliver_bad_files(inbox)
        run("import_feed", str(inbox), capsys=capsys)

    kept = sorted(path.name for path in (inbox / "rejected").glob("*_001.txt*"))
    assert "JKRK_20060402_001.txt" in kept
    assert "JKRK_20060402_001.txt.1" in kept
    assert FeedFile.objects.filter(state="refused").count() == 2 * len(BAD_NAMES)
