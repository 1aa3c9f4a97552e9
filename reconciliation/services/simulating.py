"""A simulated core system plays to this portal, day by day; never in production."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from declarations.models import PaymentWatermark
from declarations.services.window import file_declarations
from reconciliation.models import FeedFile
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all
from reconciliation.simulation import Day, Options, Summary, days, put, simulate


class HoldsOtherData(Exception):
    """The portal holds payment data that are not of this world."""

    def __init__(self) -> None:
        super().__init__("The portal holds other payment data.")


@dataclass
class Delivered:
    """What came of a world: how many days were new, and what was refused though it is right."""

    summary: Summary
    days: int = 0
    refused_files: dict[str, str] = field(default_factory=dict)
    refused_declarations: int = 0

    @property
    def differs(self) -> bool:
        return bool(self.refused_files) or self.refused_declarations > 0

    def as_json(self) -> dict[str, object]:
        return {
            **self.summary.as_json(),
            "delivered_days": self.days,
            "refused_unexpectedly": self.refused_files,
            "declarations_refused": self.refused_declarations,
        }


def deliver(options: Options, inbox: Path) -> Delivered:
    """Let the days of a world come to this portal that it has not had yet; HoldsOtherData.

    On each day declarations are filed, at night the files come and are imported, bad ones first,
    and what changed is reconciled. A day that was cut off comes again: that is harmless.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "world"
        report = Delivered(simulate(options, folder))
        for day in days(folder):
            if not _has_come(day, options.first_day):
                _play(day, inbox, Path(name) / "brought.jsonl", report)
                report.days += 1
    return report


def _has_come(day: Day, first_day: date) -> bool:
    """Tell whether all files of a day were imported; HoldsOtherData if they were others."""
    watermark = PaymentWatermark.objects.first()
    if watermark is None:
        return False
    if watermark.first_day != first_day:
        raise HoldsOtherData
    imported = dict(
        FeedFile.objects.filter(
            state=FeedFile.State.IMPORTED, business_date=day.business_date
        ).values_list("name", "sha256")
    )
    ours = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in day.files}
    if any(ours.get(name) != digest for name, digest in imported.items()):
        raise HoldsOtherData
    return imported.keys() == ours.keys()


def _play(day: Day, inbox: Path, brought: Path, report: Delivered) -> None:
    brought.write_text("".join(f"{line}\n" for line in day.declarations), encoding="utf-8")
    report.refused_declarations += len(file_declarations(brought).refused)
    if day.refused:
        _deliver(day.refused, inbox)
    for name, code in _deliver(day.files, inbox).items():
        report.refused_files[name] = code
    reconcile_all(changed_only=True)


def _deliver(paths: list[Path], inbox: Path) -> dict[str, str]:
    """Put files into the inbox and import them; return what was refused, by name."""
    for path in paths:
        put(path, inbox)
    return {name: str(code) for name, code in import_feed(inbox).refused.items()}
