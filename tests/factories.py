"""Builders: offices, agents, people, payments and declarations, with only what matters."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from declarations.models import AgentMonth, Declaration, DeclaredTotal, PaymentWatermark
from portal.models import Office, User, WithholdingAgent
from reconciliation.models import FeedDay, FeedFile, Payment, QuarantinedRow

NOON = datetime(2006, 5, 8, 4, tzinfo=UTC)
_numbers = count(1)


def office(code: str, parent: Office | None = None) -> Office:
    """A tax office below the bureau, or below another."""
    root, _ = Office.objects.get_or_create(code=Office.ROOT_CODE, defaults={"name": "地方税务局"})
    found, _ = Office.objects.get_or_create(
        code=code, defaults={"name": f"第{code}税务所", "parent": parent or root}
    )
    return found


def agent(code: str, at: Office | None = None, **fields: Any) -> WithholdingAgent:
    """A registered agent of an office, its contact data given."""
    return WithholdingAgent.objects.create(
        computer_code=code,
        office=at or office("1101"),
        **{
            "name": f"单位{code}",
            "document_type": "01",
            "document_number": "110101197001010018",
            "status": "01",
            "administrator": "王税官",
            "registered_at": NOON,
            "registration_index": bytes(32),
            "contact_name": "李会计",
            "contact_telephone": "13800138000",
            "contact_email": "li@example.com",
            "telephone": "",
            **fields,
        },
    )


def clerk(of: WithholdingAgent) -> User:
    """The user of an agent, past the first login."""
    user, _ = User.objects.get_or_create(login=of.computer_code.lower(), agent=of)
    return user


def staff(role: User.Role, at: Office, login: str = "") -> User:
    """A member of staff with a second factor."""
    user = User.objects.create(login=login or f"{role}.{next(_numbers)}", role=role, office=at)
    TOTPDevice.objects.create(user=user, name="phone", confirmed=True)
    return user


def client_of(user: User, **session: Any) -> Client:
    """A browser in which a user is logged in; staff have given their second factor."""
    client = Client()
    client.force_login(user)
    kept = client.session
    device = TOTPDevice.objects.filter(user=user).first()
    if device:
        kept[DEVICE_ID_SESSION_KEY] = device.persistent_id
    kept.update(session)
    kept.save()
    return client


def month_of(agent: WithholdingAgent, tax_month: str) -> AgentMonth:
    """The row of an agent's month `2006-04`."""
    first_day = date.fromisoformat(f"{tax_month}-01")
    found, _ = AgentMonth.objects.get_or_create(agent=agent, tax_month=first_day)
    return found


def feed_file(name: str = "JKRK_20060508_001.txt", **fields: Any) -> FeedFile:
    """A file that was imported, unless its state is given, the only one of its day."""
    kind, day, number = name.removesuffix(".txt").split("_")
    FeedDay.objects.get_or_create(
        kind=kind, business_date=date.fromisoformat(day), defaults={"count": 1}
    )
    return FeedFile.objects.create(
        name=name,
        **{
            "kind": kind,
            "business_date": date.fromisoformat(day),
            "number": int(number),
            "state": FeedFile.State.IMPORTED,
            "finished_at": NOON,
            **fields,
        },
    )


def paid(
    agent: WithholdingAgent,
    tax_month: str,
    amount: str,
    kind: str = "regular",
    item: str = "01",
    **fields: Any,
) -> Payment:
    """A payment record, in the treasury; the month has changed."""
    month = month_of(agent, tax_month)
    file = FeedFile.objects.filter(name="JKRK_20060508_001.txt").first() or feed_file()
    payment = Payment.objects.create(
        agent_month=month,
        amount=Decimal(amount),
        kind=kind,
        item=item,
        feed_file=file,
        **{
            "voucher_number": f"V{next(_numbers):06}",
            "line_number": 1,
            "period_from": month.tax_month,
            "period_to": month.tax_month,
            "paid_on": date(2006, 5, 5),
            "in_treasury_on": date(2006, 5, 8),
            "treasury": "",
            "bank": "",
            "office_code": "",
            "is_void": False,
            "operation": "I",
            "row_updated_at": NOON,
            "feed_line": next(_numbers),
            "imported_at": NOON,
            **fields,
        },
    )
    AgentMonth.objects.filter(pk=month.pk).mark_changed()
    return payment


def filed(
    agent: WithholdingAgent,
    tax_month: str,
    amount: str,
    kind: str = "regular",
    item: str = "0101",
    filed_on: str = "2006-05-07",
    **more: str,
) -> Declaration:
    """A declaration in force, of one line for each item; it supersedes the one before it.

    `more` names further items and their tax: `i02="5.00"`.
    """
    month = month_of(agent, tax_month)
    earlier = month.declarations.filter(kind=kind, version__isnull=False)
    version = earlier.count() + 1
    earlier.filter(status=Declaration.Status.FILED).update(status=Declaration.Status.SUPERSEDED)
    declaration = Declaration.objects.create(
        agent_month=month,
        kind=kind,
        status=Declaration.Status.FILED,
        version=version,
        phone="",
        filed_at=NOON,
        filed_on=date.fromisoformat(filed_on),
        filed_by=clerk(agent),
        receipt_number=f"R{next(_numbers):08}",
        line_count=1 + len(more),
    )
    for income_item, tax in {item: amount, **{key[1:]: tax for key, tax in more.items()}}.items():
        DeclaredTotal.objects.create(
            declaration=declaration,
            income_item=income_item,
            line_count=1,
            income=Decimal("1000.00"),
            tax_reduction=Decimal("0.00"),
            tax_withheld=Decimal(tax),
        )
    AgentMonth.objects.filter(pk=month.pk).mark_changed()
    return declaration


def complete_to(day: str | None, first_day: str = "2006-05-01") -> None:
    """Say how far payment data are complete (缴款数据截至)."""
    PaymentWatermark.objects.update_or_create(
        pk=PaymentWatermark.ONLY,
        defaults={
            "first_day": date.fromisoformat(first_day),
            "complete_to": date.fromisoformat(day) if day else None,
        },
    )


def quarantined(raw: str, code: str, computer_code: str = "", **fields: Any) -> QuarantinedRow:
    """A row in quarantine, of a payment file unless its file is given."""
    file = fields.pop("feed_file", None) or (
        FeedFile.objects.filter(name="JKRK_20060508_001.txt").first() or feed_file()
    )
    return QuarantinedRow.objects.create(
        feed_file=file,
        line_number=next(_numbers),
        kind=file.kind or "",
        code=code,
        raw=raw,
        computer_code=computer_code,
        **fields,
    )
