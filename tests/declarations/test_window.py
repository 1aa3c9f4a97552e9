"""The window: a file of declarations, line by line; what is wrong with one harms no other."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from declarations.models import AgentMonth, Declaration
from declarations.services.window import file_declarations
from portal.models import WithholdingAgent
from tests.declarations.builders import LI, ZHANG, an_agent, filed, reconciled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def acme() -> WithholdingAgent:
    return an_agent()


def a_line(**changes: Any) -> dict[str, Any]:
    line = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
        "income_item": "0101",
        "income": "5000.00",
        "tax_withheld": "340.00",
    }
    return line | changes


def a_declaration(*taxes: str, **changes: Any) -> dict[str, Any]:
    declaration = {
        "computer_code": "11010001",
        "tax_month": "2006-04",
        "kind": "regular",
        "coverage": "full",
        "declarant": "王五",
        "phone": "010-60000001",
        "address": "某街1号",
        "postcode": "100000",
        "lines": [a_line(tax_withheld=tax) for tax in taxes or ("340.00",)],
    }
    return declaration | changes


def a_file(folder: Path, declarations: Sequence[Any]) -> Path:
    path = folder / "window.jsonl"
    texts = [
        entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
        for entry in declarations
    ]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def test_each_line_is_filed_or_refused_by_itself(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        [
            a_declaration("10.00", filed_on="2006-05-03"),
            "{",
            a_declaration("10.00", computer_code="11019999"),
            a_declaration(lines=[a_line(), a_line(income="1,0", document_number=LI[:-1] + "9")]),
            a_declaration("20.00", kind="refund", surplus=1),
            a_declaration("30.00", tax_month="2006-05"),
        ],
    )

    report = file_declarations(path)

    assert report.filed == 2
    assert {
        number: [(fault["field"], fault["code"]) for fault in faults]
        for number, faults in report.refused.items()
    } == {
        2: [("", "JSON")],
        3: [("computer_code", "AGENT")],
        4: [("income", "AMOUNT"), ("document_number", "IDENTITY")],
        5: [("surplus", "UNKNOWN_KEY")],
    }
    assert report.refused[4][0]["message"].startswith("明细第 2 行:")
    assert LI[:-1] not in json.dumps(report.as_json())
    declaration = Declaration.objects.get(agent_month__tax_month="2006-04-01")
    assert (declaration.channel, declaration.filed_by) == ("window", None)
    assert str(declaration.filed_on) == "2006-05-03"


def test_a_later_line_replaces_an_earlier_one_and_a_repeat_is_filed(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        [
            a_declaration("10.00"),
            a_declaration("20.00", filed_on="2006-05-01"),
            a_declaration("20.00", filed_on="2006-05-09"),
        ],
    )

    report = file_declarations(path)

    assert report.as_json() == {"filed": 3, "refused": {}}
    versions = Declaration.objects.order_by("version").values_list("version", "status")
    assert list(versions) == [(1, "superseded"), (2, "filed")]


def test_a_closed_month_is_refused_but_for_a_repeat(acme: WithholdingAgent, tmp_path: Path) -> None:
    first = file_declarations(a_file(tmp_path, [a_declaration("10.00")]))
    assert first.filed == 1
    reconciled(AgentMonth.objects.get(), "matched", closed_at=timezone.now())

    report = file_declarations(a_file(tmp_path, [a_declaration("10.00"), a_declaration("20.00")]))

    assert report.filed == 1
    assert [(fault["field"], fault["code"]) for fault in report.refused[2]] == [
        ("tax_month", "MONTH_CLOSED")
    ]


def test_a_month_that_closes_during_the_file_is_not_refused(
    acme: WithholdingAgent, tmp_path: Path
) -> None:
    month = filed(acme, "10.00").agent_month
    reconciled(month, "matched", closed_at=timezone.now() + timedelta(minutes=1))

    assert file_declarations(a_file(tmp_path, [a_declaration("20.00")])).filed == 1


@pytest.mark.parametrize("status", ["02", "03", "04", "05"])
def test_the_status_of_a_registration_does_not_matter(
    acme: WithholdingAgent, tmp_path: Path, status: str
) -> None:
    WithholdingAgent.objects.update(status=status)

    assert file_declarations(a_file(tmp_path, [a_declaration()])).filed == 1


def test_the_command_prints_what_became_of_the_file_and_reconciles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    call_command("file_declarations", a_file(tmp_path, [a_declaration()]), stdout=out)
    assert json.loads(out.getvalue()) == {"filed": 1, "refused": {}}
    month = AgentMonth.objects.get()
    assert (month.reconciled, month.result) == (1, "waiting")

    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("file_declarations", a_file(tmp_path, ["[]"]), stdout=out)
    assert ended.value.code == 1
    assert list(json.loads(out.getvalue())["refused"]) == ["1"]

    with pytest.raises(CommandError) as refusal:
        call_command("file_declarations", tmp_path / "none.jsonl")
    assert refusal.value.returncode == 2


def test_the_command_judges_closed_by_all_that_is_known_at_its_start(
    acme: WithholdingAgent, tmp_path: Path
) -> None:
    filed(acme, "0.00")

    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("file_declarations", a_file(tmp_path, [a_declaration("20.00")]), stdout=out)

    refused = json.loads(out.getvalue())["refused"]
    assert [fault["code"] for fault in refused["1"]] == ["MONTH_CLOSED"]
