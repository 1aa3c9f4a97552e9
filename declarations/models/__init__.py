"""What withholding agents file: months, declarations, detail lines, totals; by subject."""

from declarations.models.declarations import (
    Declaration,
    DeclarationQuerySet,
    DeclaredTotal,
    FilingKey,
    Kind,
)
from declarations.models.grid import GridLook, LastImport
from declarations.models.imports import AgentHeading, ImportedFile, WaitingImport
from declarations.models.lines import (
    DetailLine,
    DraftLine,
    Finding,
    person_index,
)
from declarations.models.months import (
    AgentMonth,
    AgentMonthQuerySet,
    PaymentWatermark,
)
from declarations.models.taxpayers import (
    Roster,
    Taxpayer,
    TaxpayerQuerySet,
)

__all__ = [
    "AgentHeading",
    "AgentMonth",
    "AgentMonthQuerySet",
    "Declaration",
    "DeclarationQuerySet",
    "DeclaredTotal",
    "DetailLine",
    "DraftLine",
    "FilingKey",
    "Finding",
    "GridLook",
    "ImportedFile",
    "Kind",
    "LastImport",
    "PaymentWatermark",
    "Roster",
    "Taxpayer",
    "TaxpayerQuerySet",
    "WaitingImport",
    "person_index",
]
