"""Incidental income (偶然所得, 08) and other income (其他所得, 09, to 2018): 20% of the whole."""

from __future__ import annotations

from declarations.taxlaw.case import Case
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.property_income import at_flat_rate
from declarations.taxlaw.rates import ZERO
from declarations.taxlaw.working import Assessment, Working, at_most, minus, of

WINNINGS = ("lottery", "invoice_prize")


def incidental(case: Case, working: Working) -> Assessment:
    """Compute the tax on a win: nothing up to its kind's bound, above it on the whole amount.

    Lotteries: Guoshuifa 1994 No. 127, Caishuizi 1998 No. 12; invoice prizes: Caishui 2007 No. 34.
    """
    income, kind = case.amount("income"), case.choice("kind", WINNINGS)
    bound = working.values("exempt_winnings").get(kind)
    if bound is not None and income <= bound:
        by = working.cited("exempt_winnings")
        exempt = working.step(
            "exempt_income", income, of("income", income), at_most("exempt_up_to", bound), by=by
        )
        before = working.step(
            "taxable_before_donation",
            ZERO,
            of("income", income),
            minus("exempt_income", exempt),
            by=by,
            note="exempt",
        )
    else:
        before = working.step(
            "taxable_before_donation", income, of("income", income), by=working.cited("rate_flat")
        )
    return at_flat_rate(case, working, less_donation(case, working, before))


def other_income(case: Case, working: Working) -> Assessment:
    """Compute the tax on other income: the item ended with 2018. IIT Law (2018), article 2."""
    income = case.amount("income")
    before = working.step(
        "taxable_before_donation", income, of("income", income), by=working.cited("rate_flat")
    )
    return at_flat_rate(case, working, less_donation(case, working, before))
