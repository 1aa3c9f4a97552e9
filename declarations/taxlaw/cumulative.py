"""Cumulative withholding (累计预扣法), which wages and some labour service have in common."""

from __future__ import annotations

from collections.abc import Iterable

from declarations.taxlaw.case import Case
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.rates import ZERO
from declarations.taxlaw.working import Assessment, Term, Working, minus, of, times, to_fen

# Taken off the income of the year to date, in the order of the announcement.
DEDUCTIONS = ("cum_exempt", "cum_basic", "cum_special", "cum_additional", "cum_other")


def cumulative_tax(
    case: Case, working: Working, *income: Term, by: Iterable[str], donations: bool = True
) -> Assessment:
    """Compute a month's tax from the sums of the year to date, by the annual table.

    `income` are the terms that make the counted income; the deductions are the case's `cum_`
    inputs. Below 0 nothing is withheld, and nothing refunded: the annual settlement has it.
    """
    amounts = [minus(name, case.amount(name)) for name in DEDUCTIONS]
    terms = (*income, *amounts)
    before = working.step(
        "cumulative_taxable_before_donation",
        sum((-term.value if term.operator == "-" else term.value for term in terms), ZERO),
        *terms,
        by=by,
        floor=True,
    )
    taxable = less_donation(case, working, before) if donations else before
    level = working.level("rates_annual", taxable, "cumulative_taxable", at_least_first=True)
    due = working.step(
        "cumulative_tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("cumulative_taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=working.cited("rates_annual"),
    )
    reduction, withheld = case.amount("cum_reduction"), case.amount("cum_withheld")
    tax = working.step(
        "tax",
        to_fen(due - reduction - withheld),
        of("cumulative_tax", due),
        minus("cum_reduction", reduction),
        minus("cum_withheld", withheld),
        by=by,
        floor=True,
        note="nothing_refunded" if due < reduction + withheld else "",
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax, case.amount("cum_basic"))
