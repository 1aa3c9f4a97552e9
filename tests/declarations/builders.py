"""Builders of agents, lines and declarations: only what matters is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from declarations.declaration import Header
from declarations.lines import AMOUNTS_FROM_2019, Line
from declarations.models import AgentMonth, Declaration
from declarations.services.filing import file
from portal.models import Office, User, WithholdingAgent

APRIL = date(2006, 4, 1)
ZHANG = "11010519491231002X"
LI = "110105194912310038"


def an_office(code: str = "110105") -> Office:
    root = Office.objects.get(code=Office.ROOT_CODE)
    return Office.objects.get_or_create(
        code=code, defaults={"name": f"第{code}税务所", "parent": root}
    )[0]


def an_agent(code: str = "11010001", **fields: Any) -> WithholdingAgent:
    values: dict[str, Any] = {
        "name": f"单位{code}",
        "document_type": "01",
        "document_number": ZHANG,
        "status": "01",
        "office": an_office(),
        "address": "某街1号",
        "postcode": "100000",
        "telephone": "010-60000001",
        "contact_name": "李会计",
        "contact_telephone": "13800138000",
        "contact_email": "li@example.com",
        "registered_at": datetime(2006, 3, 1, tzinfo=UTC),
        "registration_index": b"\0" * 32,
    }
    return WithholdingAgent.objects.create(computer_code=code, **(values | fields))


def a_clerk(agent: WithholdingAgent) -> User:
    return User.objects.create(login=agent.computer_code, agent=agent)


def an_officer(login: str = "officer", office: Office | None = None) -> User:
    return User.objects.create(login=login, role=User.Role.OFFICER, office=office or an_office())


def a_header(agent: WithholdingAgent, **fields: Any) -> Header:
    values: dict[str, Any] = {
        "tax_month": APRIL,
        "kind": "regular",
        "coverage": "full",
        "declarant": "王五",
        "phone": "010-60000001",
        "address": "某街1号",
        "postcode": "100000",
    }
    return Header(computer_code=agent.computer_code, **(values | fields))


def a_line(tax_withheld: str = "340.00", **fields: Any) -> Line:
    values: dict[str, Any] = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
        "income_item": "0101",
        "income": Decimal("5000.00"),
    }
    return Line(tax_withheld=Decimal(tax_withheld), **(values | fields))


def typed(**changes: str) -> dict[str, str]:
    """Build the cells of a good line of 2006, as a clerk types them."""
    cells = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001 中国",
        "occupation": "科研人员",
        "employed_here": "是",
        "income_item": "0101",
        "income": "5,000.00",
        "exempt_income": "300",
        "tax_withheld": "340",
    }
    return cells | changes


def filed(agent: WithholdingAgent, *taxes: str, **header: Any) -> Declaration:
    """File a declaration at the window, a line for each amount of tax."""
    lines = [a_line(tax) for tax in taxes or ("340.00",)]
    outcome = file(
        agent,
        a_header(agent, **header),
        lines,
        channel=Declaration.Channel.WINDOW,
        filed_by=None,
    )
    return outcome.declaration


def file_lines(
    agent: WithholdingAgent, *lines: Line, month: date = APRIL, kind: str = "regular"
) -> Declaration:
    """File these lines at the window."""
    header = a_header(agent, tax_month=month, kind=kind)
    channel = Declaration.Channel.WINDOW
    return file(agent, header, lines, channel=channel, filed_by=None).declaration


def a_line_of_2025(tax_withheld: str, **fields: Any) -> Line:
    """Build a resident's wage of 30,000 a month, 4,500 of it contributions."""
    values = dict.fromkeys(AMOUNTS_FROM_2019, Decimal(0)) | {
        "resident": True,
        "income": Decimal(30000),
        "pension": Decimal(4500),
    }
    return a_line(tax_withheld, **(values | fields))


def reconciled(
    month: AgentMonth, result: str, *, closed_at: datetime | None = None, **fields: Any
) -> AgentMonth:
    """Write a result to a month, as the reconciler would."""
    month.refresh_from_db()
    AgentMonth.objects.filter(pk=month.pk).update(
        result=result, reconciled=month.changed, closed_at=closed_at, **fields
    )
    month.refresh_from_db()
    return month
