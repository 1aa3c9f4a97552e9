"""Everything that reads what agents file, by subject."""

from declarations.review import Assessed
from declarations.selectors.access import (
    access_declaration,
    access_own_agent,
    access_own_declaration,
    access_own_line,
)
from declarations.selectors.assessing import (
    assessed_detail_lines,
    assessed_draft_lines,
)
from declarations.selectors.checking import (
    CheckedLine,
    DraftCheck,
    check_draft,
    checked_lines,
    digest_of,
    header_of,
    line_of,
    read_line,
)
from declarations.selectors.findings import (
    findings_in,
    findings_of,
    read_finding,
)
from declarations.selectors.lamps import (
    Lamp,
    LampState,
    current_result,
    lamps,
)
from declarations.selectors.listing import (
    GrandTotal,
    ListedDeclaration,
    ListedMonth,
    detail_lines_of,
    draft_beside,
    draft_lines_of,
    grand_total,
    in_force,
    months_of_year,
    newest_year_of,
    totals_of,
    versions_of,
    years_of,
)
from declarations.selectors.months import (
    default_month,
    earlier_months_that_do_not_agree,
    has_declarable_months,
    is_declarable,
    latest_declarable_month,
    months_that_do_not_agree,
    watermark,
)
from declarations.selectors.years import (
    year_to_date,
)

__all__ = [
    "Assessed",
    "CheckedLine",
    "DraftCheck",
    "GrandTotal",
    "Lamp",
    "LampState",
    "ListedDeclaration",
    "ListedMonth",
    "access_declaration",
    "access_own_agent",
    "access_own_declaration",
    "access_own_line",
    "assessed_detail_lines",
    "assessed_draft_lines",
    "check_draft",
    "checked_lines",
    "current_result",
    "default_month",
    "detail_lines_of",
    "digest_of",
    "draft_beside",
    "draft_lines_of",
    "earlier_months_that_do_not_agree",
    "findings_in",
    "findings_of",
    "grand_total",
    "has_declarable_months",
    "header_of",
    "in_force",
    "is_declarable",
    "lamps",
    "latest_declarable_month",
    "line_of",
    "months_of_year",
    "months_that_do_not_agree",
    "newest_year_of",
    "read_finding",
    "read_line",
    "totals_of",
    "versions_of",
    "watermark",
    "year_to_date",
    "years_of",
]
