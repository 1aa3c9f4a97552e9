"""What the law needs to know of a line and the form of 2006 has no column for (`facts`).

The names are those of the worked examples' inputs, each explained with its item there.
"""

from __future__ import annotations

# The cumulative method, from 2019-01: STA Announcement 2018 No. 61.
CUMULATIVE = (
    "cum_income",
    "cum_exempt",
    "cum_basic",
    "cum_special",
    "cum_additional",
    "cum_other",
    "cum_reduction",
    "cum_withheld",
    "cum_surtax",
)
ACCRUED = "accrued"
FACTS = frozenset(
    {
        *CUMULATIVE,
        *("income", "exempt", "method", "variant", "donation", "donation_full"),
        # 0101 to 0111
        *("extra", "month_tax_already", "reduction_rate", "bonus", "salary", "salary_exempt"),
        *("months", "months_split", "year_income", "year_exempt", "prepaid", "seafarer", "lump"),
        *("local_avg_annual_wage", "years", "market", "strike", "shares", "option_income"),
        # 02 to 05, 08
        *("deductible_tax", "kind", "holding", ACCRUED),
        # 06 and 07
        *("use", "rent", "taxes", "sublease_rent", "repair_balance", "base", "assessed_rate"),
        *("proceeds", "cost", "fees"),
    }
)
# Interest by the day on which it accrued: 对储蓄存款利息所得征收个人所得税的实施办法, article 14,
# and Caishui 2008 No. 132.
ACCRUAL_PERIODS = frozenset({"1999-11-01..2007-08-14", "2007-08-15..2008-10-08", "2008-10-09.."})
