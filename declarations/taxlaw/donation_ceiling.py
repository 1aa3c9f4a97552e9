"""The ceiling on what a line may donate without naming a rule: a check of its shape.

IIT Law (2007), article 6; IIT Law (2018), article 6; IIT regulations (2018), article 19; the manual
of 2006, section 5, G(j). Caishui 2019 No. 99 for wages from 2019.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from declarations.taxlaw.parameters import parameter
from declarations.taxlaw.rates import ZERO
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.wages import basic_deduction
from declarations.taxlaw.working import FEN

# Taxed on the whole amount, or on no more than that: annual and several-month bonus, severance,
# options, dividends, incidental and other income.
_WHOLE = frozenset({"0102", "0103", "0107", "0109", "05", "08", "09"})


def donation_limit(
    *,
    tax_month: date,
    income_item: str,
    country: str,
    resident: bool | None,
    income: Decimal,
    exempt_income: Decimal,
    deductible_charges: Decimal,
    facts: Mapping[str, object],
) -> Decimal | None:
    """Return the most that a line may donate without naming a rule, in yuan to the fen.

    It is 30% of the line's taxable income before the donation, rounded half up; `income` is the
    whole of the line (人民币合计). The taxable income is never put lower than some lawful facts
    would make it:

    * 0101 to 2018-12, and of non-residents from 2019: income - exempt - basic deduction by country;
    * 0102, 0103, 0107, 0109, 05, 08, 09: income - exempt, for a shortfall of the month's wage, a
      tripled average wage or a holding time can only lower it;
    * 02, 03, 04, 0601: (up to 4000) income - charges - 800, (above) 80% of income - charges; of
      non-residents' 02 to 04 from 2019 always the 80%;
    * 0701: income - charges.

    None where the line alone does not tell: wages of residents from 2019 (cumulative), what is
    joined to the month's wage (0104, 0105, 0106, 0108, 0110, 0111), assessed letting and transfer
    (0602, 0702), and any line whose facts name a method.
    """
    taxable = _taxable_before_donation(
        tax_month=tax_month,
        income_item=income_item,
        country=country,
        resident=resident,
        income=income - exempt_income,
        deductible_charges=deductible_charges,
        facts=facts,
    )
    if taxable is None:
        return None
    share: Decimal = parameter("donation_share").at(tax_month)
    return (max(taxable, ZERO) * share).quantize(FEN, ROUND_HALF_UP)


def _taxable_before_donation(
    *,
    tax_month: date,
    income_item: str,
    country: str,
    resident: bool | None,
    income: Decimal,
    deductible_charges: Decimal,
    facts: Mapping[str, object],
) -> Decimal | None:
    if "method" in facts:
        return None
    from_2019 = tax_month >= CUMULATIVE_FROM
    if income_item == "0101":
        if from_2019 and resident is not False:
            return None
        return income - basic_deduction(tax_month, country)
    if income_item in _WHOLE:
        return income
    if income_item == "0701":
        return income - deductible_charges
    if income_item in {"02", "03", "04", "0601"}:
        # The test is on the gross amount.
        costs = parameter("cost_deduction").at(tax_month)
        always_a_share = from_2019 and resident is False and income_item != "0601"
        if income > costs["up_to"] or always_a_share:
            taxed: Decimal = (income - deductible_charges) * (1 - costs["share"])
            return taxed
        taxed = income - deductible_charges - costs["flat"]
        return taxed
    return None
