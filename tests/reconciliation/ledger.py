"""Payment files drawn by chance, and what they must come to, by a computation of its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from reconciliation.models import Payment, SupersededPayment
from tests.reconciliation.deliveries import deliver, paid

FIRST_DAY = date(2006, 5, 1)
MONTHS = ("200602", "200603", "200604")
KINDS = ("regular", "additional", "refund", "late_fee", "fine")
UNKNOWN_AGENT = "99999999"


@dataclass(frozen=True)
class Version:
    """What one row says of its record."""

    voucher: str
    at: str
    code: str
    month: str
    kind: int
    fen: int
    in_treasury: bool
    is_void: bool


@dataclass
class Ledger:
    """The files that were delivered, one for each day from FIRST_DAY on."""

    chance: random.Random
    codes: Sequence[str]
    versions: list[Version] = field(default_factory=list)
    rows_to_be_seen: dict[str, int] = field(default_factory=dict)
    """By file: the rows that become payments or go to quarantine, all but those of other taxes."""

    quarantined: int = 0
    fen: dict[str, int] = field(default_factory=dict)
    _times: set[int] = field(default_factory=set)

    @property
    def last_day(self) -> date:
        return FIRST_DAY + timedelta(days=len(self.fen) - 1)

    def deliver_next(self, inbox: Path, rows: int) -> str:
        """Deliver a file: new records, and corrections and voids of any file's, in no order."""
        day = FIRST_DAY + timedelta(days=len(self.fen))
        texts = []
        others = quarantined = 0
        for number in range(rows):
            fen = self.chance.randrange(100_000)
            amount = f"{fen // 100}.{fen % 100:02}"
            voucher = f"{day:%m%d}N{number}"
            draw = self.chance.random()
            if draw < 0.01:
                texts.append(paid(amount, voucher=voucher, tax="10101"))
                others += 1
            elif draw < 0.02:
                texts.append(paid(amount, voucher=voucher, code=UNKNOWN_AGENT))
                quarantined += 1
            elif draw < 0.03:
                texts.append(paid(amount, voucher=voucher, item="10"))
                quarantined += 1
            else:
                version = self._version(voucher, fen, is_correction=draw > 0.75)
                self.versions.append(version)
                texts.append(_row(version, amount))
        name = deliver(inbox, f"JKRK_{day:%Y%m%d}_001", texts)
        self.rows_to_be_seen[name] = rows - others
        self.fen[name] = sum(int(text.split("|")[9].replace(".", "")) for text in texts)
        self.quarantined += quarantined
        return name

    def _version(self, voucher: str, fen: int, *, is_correction: bool) -> Version:
        earlier = is_correction and self.versions and self.chance.choice(self.versions)
        time = self.chance.randrange(10**7)
        while time in self._times:
            time = self.chance.randrange(10**7)
        self._times.add(time)
        return Version(
            voucher=earlier.voucher if earlier else voucher,
            at=f"{FIRST_DAY + timedelta(days=time // 86400):%Y%m%d}"
            f"{time // 3600 % 24:02}{time // 60 % 60:02}{time % 60:02}",
            code=self.chance.choice(self.codes),
            month=self.chance.choice(MONTHS),
            kind=self.chance.randint(1, 5),
            fen=fen,
            in_treasury=self.chance.random() < 0.9,
            is_void=self.chance.random() < 0.05,
        )

    def check(self) -> None:
        """The tables must hold each version once, the newest of each record as the payment."""
        newest: dict[str, Version] = {}
        for version in self.versions:
            if version.voucher not in newest or newest[version.voucher].at < version.at:
                newest[version.voucher] = version
        overtaken = set(self.versions) - set(newest.values())
        assert sorted(map(_stored, Payment.objects.select_related("agent_month__agent"))) == sorted(
            map(_expected, newest.values())
        )
        superseded = SupersededPayment.objects.select_related("agent_month__agent")
        assert sorted(map(_stored, superseded)) == sorted(map(_expected, overtaken))


def _row(version: Version, amount: str) -> str:
    return paid(
        amount,
        voucher=version.voucher,
        code=version.code,
        month=version.month,
        kind=version.kind,
        treasury_day="20060503" if version.in_treasury else "",
        operation="X" if version.is_void else "U",
        at=version.at,
    )


def _expected(version: Version) -> tuple[object, ...]:
    return (
        version.voucher,
        version.at,
        version.code,
        version.month,
        KINDS[version.kind - 1],
        version.fen,
        version.in_treasury,
        version.is_void,
    )


def _stored(row: Payment | SupersededPayment) -> tuple[object, ...]:
    return (
        row.voucher_number,
        f"{row.row_updated_at + timedelta(hours=8):%Y%m%d%H%M%S}",
        row.agent_month.agent.computer_code,
        f"{row.agent_month.tax_month:%Y%m}",
        row.kind,
        int(row.amount * 100),
        row.in_treasury_on is not None,
        row.is_void,
    )
