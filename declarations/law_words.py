"""Words for the law: what its methods, steps, terms, inputs and choices are called.

The names are those of `taxlaw`, and stable; the words are made when they are shown, in the bureau's
wording. A test walks over all methods and fails for a name without its word.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

Words = Mapping[str, str | Promise]

METHODS: Words = {
    "monthly_wage": gettext_lazy("工资、薪金所得按月计税"),
    "cumulative_wage": gettext_lazy("工资、薪金所得累计预扣法"),
    "joined_to_monthly_wage": gettext_lazy("并入当月工资、薪金计税"),
    "joined_to_cumulative_wage": gettext_lazy("并入工资、薪金按累计预扣法计税"),
    "annual_bonus_less_shortfall": gettext_lazy("全年一次性奖金减除当月工资不足扣除的差额后计税"),
    "annual_bonus": gettext_lazy("全年一次性奖金单独计税"),
    "several_month_bonus_as_a_month": gettext_lazy("数月奖金作为一个月的工资、薪金计税"),
    "several_month_bonus_spread": gettext_lazy("数月奖金按月分摊计税"),
    "special_trades": gettext_lazy("特殊行业工资、薪金按年计算、分月预缴"),
    "seafarers_cumulative_wage": gettext_lazy("特殊行业工资、薪金累计预扣法"),
    "early_retirement": gettext_lazy("内部退养一次性收入按月平均找税率"),
    "severance_over_years": gettext_lazy("解除劳动合同一次性补偿收入按年限平均计税"),
    "severance": gettext_lazy("解除劳动合同一次性补偿收入单独计税"),
    "options_over_months": gettext_lazy("股票期权所得按规定月份数分摊计税"),
    "options": gettext_lazy("股权激励所得单独计税"),
    "options_of_non_residents": gettext_lazy("非居民个人股权激励所得按月分摊计税"),
    "labour": gettext_lazy("劳务报酬所得按次计税"),
    "brokers_cumulative": gettext_lazy("保险营销员、证券经纪人佣金收入累计预扣法"),
    "students_cumulative": gettext_lazy("实习学生劳务报酬累计预扣法"),
    "platform_workers_cumulative": gettext_lazy("互联网平台从业人员劳务报酬累计预扣法"),
    "author": gettext_lazy("稿酬所得按次计税"),
    "royalties": gettext_lazy("特许权使用费所得按次计税"),
    "non_residents_pay": gettext_lazy("非居民个人劳务报酬、稿酬、特许权使用费所得按次计税"),
    "interest_and_dividends": gettext_lazy("利息、股息、红利所得计税"),
    "leasing": gettext_lazy("财产租赁所得按月计税"),
    "assessed": gettext_lazy("按核定征收率计税"),
    "transfer": gettext_lazy("财产转让所得计税"),
    "incidental": gettext_lazy("偶然所得计税"),
    "other_income": gettext_lazy("其他所得计税"),
}

# Steps, terms and inputs: the same name is the same thing.
NAMES: Words = {
    # Wages and what they have in common with the others
    "income": gettext_lazy("收入额"),
    "extra": gettext_lazy("并入当月工资的所得"),
    "exempt": gettext_lazy("免税收入额"),
    "deduction": gettext_lazy("费用扣除标准"),
    "taxable_before_donation": gettext_lazy("扣除捐赠前的应纳税所得额"),
    "taxable": gettext_lazy("应纳税所得额"),
    "level": gettext_lazy("适用税率"),
    "rate": gettext_lazy("税率"),
    "quick_deduction": gettext_lazy("速算扣除数"),
    "tax_due": gettext_lazy("应纳税额"),
    "reduction_rate": gettext_lazy("减征比例"),
    "reduction_share_left": gettext_lazy("减征后的比例"),
    "month_tax_already": gettext_lazy("当月工资已扣税额"),
    "tax": gettext_lazy("应扣税额"),
    # Donations
    "donation": gettext_lazy("公益捐赠额"),
    "donation_full": gettext_lazy("准予全额扣除的捐赠额"),
    "donation_share": gettext_lazy("捐赠扣除比例"),
    "donation_limit": gettext_lazy("捐赠扣除限额"),
    "donation_allowed": gettext_lazy("准予扣除的捐赠额"),
    # The cumulative method
    "cum_income": gettext_lazy("累计收入"),
    "cum_exempt": gettext_lazy("累计免税收入"),
    "cum_basic": gettext_lazy("累计减除费用"),
    "cum_special": gettext_lazy("累计专项扣除"),
    "cum_additional": gettext_lazy("累计专项附加扣除"),
    "cum_other": gettext_lazy("累计依法确定的其他扣除"),
    "cum_reduction": gettext_lazy("累计减免税额"),
    "cum_withheld": gettext_lazy("累计已预扣预缴税额"),
    "cum_surtax": gettext_lazy("累计附加税费"),
    "cumulative_taxable_before_donation": gettext_lazy("扣除捐赠前的累计预扣预缴应纳税所得额"),
    "cumulative_taxable": gettext_lazy("累计预扣预缴应纳税所得额"),
    "cumulative_tax": gettext_lazy("累计应预扣预缴税额"),
    "counted_income": gettext_lazy("计入的累计收入额"),
    "share": gettext_lazy("计税比例"),
    # Bonuses, special trades
    "bonus": gettext_lazy("奖金额"),
    "salary": gettext_lazy("当月工资、薪金"),
    "salary_exempt": gettext_lazy("当月工资、薪金中的免税收入额"),
    "shortfall": gettext_lazy("当月工资低于费用扣除标准的差额"),
    "monthly_share": gettext_lazy("按月平均额"),
    "months_of_year": gettext_lazy("全年月数"),
    "months_spread": gettext_lazy("分摊月数"),
    "months_split": gettext_lazy("分摊月数"),
    "year_income": gettext_lazy("全年收入额"),
    "year_exempt": gettext_lazy("全年免税收入额"),
    "monthly_average": gettext_lazy("月平均收入额"),
    "prepaid": gettext_lazy("本年已预缴税额"),
    "seafarer": gettext_lazy("远洋运输船员"),
    # One-off pay
    "lump": gettext_lazy("一次性收入"),
    "months": gettext_lazy("月数"),
    "months_to_retirement": gettext_lazy("至法定退休年龄的月数"),
    "local_avg_annual_wage": gettext_lazy("当地上年职工平均工资"),
    "severance_base": gettext_lazy("免税倍数"),
    "severance_free": gettext_lazy("免税数额"),
    "excess": gettext_lazy("超过免税数额的部分"),
    "years": gettext_lazy("本单位工作年限"),
    "severance_years": gettext_lazy("年限上限"),
    "years_counted": gettext_lazy("计算年限"),
    "market": gettext_lazy("行权日每股市价"),
    "strike": gettext_lazy("每股施权价"),
    "shares": gettext_lazy("股票数量"),
    "option_income": gettext_lazy("股权激励所得额"),
    "gain": gettext_lazy("股票期权形式的工资、薪金所得"),
    "months_worked": gettext_lazy("取得期权的工作月数"),
    "option_months": gettext_lazy("月数上限"),
    # Labour service, author's pay, royalties
    "deductible_tax": gettext_lazy("允许扣除的税费"),
    "cost_flat": gettext_lazy("定额减除费用"),
    "cost_share_left": gettext_lazy("减除费用后的比例"),
    "author_share": gettext_lazy("减征后的计税比例"),
    "broker_cost_left": gettext_lazy("扣除展业成本后的比例"),
    # Property
    "interest": gettext_lazy("利息"),
    "interest_tax": gettext_lazy("利息税额"),
    "taxed_share": gettext_lazy("计税比例"),
    "rent": gettext_lazy("租金收入"),
    "taxes": gettext_lazy("租赁过程中缴纳的税费"),
    "sublease_rent": gettext_lazy("转租人向出租方支付的租金"),
    "repair_balance": gettext_lazy("待扣除的修缮费用"),
    "repairs": gettext_lazy("本月扣除的修缮费用"),
    "repairs_a_month": gettext_lazy("每月修缮费用扣除限额"),
    "base": gettext_lazy("计税收入额"),
    "assessed_rate": gettext_lazy("核定征收率"),
    "proceeds": gettext_lazy("转让收入额"),
    "cost": gettext_lazy("财产原值"),
    "fees": gettext_lazy("合理费用"),
    "exempt_up_to": gettext_lazy("免税限额"),
    "exempt_income": gettext_lazy("免税所得额"),
    # What is chosen
    "method": gettext_lazy("计税方法"),
    "variant": gettext_lazy("累计减除费用的适用情形"),
    "kind": gettext_lazy("所得种类"),
    "holding": gettext_lazy("持股期限"),
    "accrued": gettext_lazy("储蓄存款利息"),
    "use": gettext_lazy("租赁财产的种类"),
}

# Where a method means something of its own by a name.
_NAMES_OF_METHODS: Mapping[tuple[str, str], str | Promise] = {
    ("joined_to_monthly_wage", "income"): gettext_lazy("当月工资、薪金"),
    ("early_retirement", "months"): NAMES["months_to_retirement"],
    ("options_over_months", "months"): NAMES["months_worked"],
    ("severance_over_years", "exempt"): gettext_lazy("实际缴纳的三险一金"),
    ("severance", "exempt"): gettext_lazy("实际缴纳的三险一金"),
    ("severance_over_years", "lump"): gettext_lazy("一次性补偿收入"),
    ("severance", "lump"): gettext_lazy("一次性补偿收入"),
    ("options", "cum_withheld"): gettext_lazy("本年股权激励所得已扣税额"),
    ("incidental", "kind"): gettext_lazy("中奖种类"),
}

CHOICES: Mapping[str, Words] = {
    "method": {
        "cumulative": gettext_lazy("累计预扣法"),
        "merge": gettext_lazy("并入当月工资、薪金"),
        "allocate": gettext_lazy("分摊到所属月份"),
        "broker_cumulative": gettext_lazy("保险营销员、证券经纪人"),
        "student_cumulative": gettext_lazy("接受全日制学历教育的实习学生"),
        "platform_cumulative": gettext_lazy("互联网平台从业人员"),
    },
    "variant": {
        "annual_60000": gettext_lazy("上年收入不超过 6 万元,自 1 月起一次减除 60,000 元"),
    },
    "kind": {
        "listed_dividend": gettext_lazy("上市公司股息、红利"),
        "unlisted_dividend": gettext_lazy("非上市公司股息、红利"),
        "savings_interest": gettext_lazy("储蓄存款利息"),
        "fie_dividend_foreigner": gettext_lazy("外籍个人从外商投资企业取得的股息、红利"),
        "treasury_bond": gettext_lazy("国债和国家发行的金融债券利息"),
        "lottery": gettext_lazy("福利彩票、体育彩票"),
        "invoice_prize": gettext_lazy("发票奖金"),
    },
    "holding": {
        "<=1m": gettext_lazy("1 个月以内(含)"),
        "1m-1y": gettext_lazy("1 个月以上至 1 年(含)"),
        ">1y": gettext_lazy("超过 1 年"),
    },
    "use": {
        "residential_housing": gettext_lazy("按市场价格出租的住房"),
        "commercial": gettext_lazy("其他房屋、土地"),
        "movable": gettext_lazy("动产"),
    },
}
# What no choice means, where that is something.
NO_CHOICE: Words = {
    "method": gettext_lazy("按次计税"),
    "variant": gettext_lazy("按月数减除"),
    "kind": gettext_lazy("其他利息、股息、红利"),
    "use": pgettext_lazy("租赁财产的种类", "未说明"),
    "holding": pgettext_lazy("持股期限", "未说明"),
}
_NO_CHOICE_OF_METHODS: Mapping[tuple[str, str], str | Promise] = {
    ("incidental", "kind"): gettext_lazy("其他偶然所得"),
}

# How a number is written: what is in neither is an amount in yuan.
SHARES = frozenset(
    {
        *("rate", "level", "reduction_rate", "reduction_share_left", "donation_share", "share"),
        *("cost_share_left", "author_share", "broker_cost_left", "taxed_share", "assessed_rate"),
    }
)
COUNTS = frozenset(
    {
        *("months", "months_of_year", "months_spread", "months_split", "months_to_retirement"),
        *("months_worked", "option_months", "years", "severance_years", "years_counted"),
        *("severance_base", "shares"),
    }
)
PRICES = frozenset({"market", "strike"})


def method_title(method: str) -> str:
    """Return what a method (`Method.name`) is called."""
    return str(METHODS[method])


def name_label(name: str, method: str = "") -> str:
    """Return what a step, a term or an input is called, in a method if it matters."""
    return str(_NAMES_OF_METHODS.get((method, name)) or NAMES[name])


def choice_label(key: str, choice: str, method: str = "") -> str:
    """Return what a choice of an input is called; an empty one is none of them."""
    if choice:
        return str(CHOICES[key][choice])
    return str(_NO_CHOICE_OF_METHODS.get((method, key)) or NO_CHOICE[key])


def period_label(period: str) -> str:
    """Return the days on which interest accrued: `2007-08-15..2008-10-08`, `2008-10-09..`."""
    first, last = period.split("..")
    if not last:
        return _("%(first)s 及以后孳生的利息") % {"first": first}
    return _("%(first)s 至 %(last)s 孳生的利息") % {"first": first, "last": last}


def note_sentence(note: str) -> str:
    """Return the sentence of a step's note; empty for none."""
    if note.startswith("accrued "):
        return period_label(note.removeprefix("accrued "))
    return str(_NOTES[note]) if note else ""


_NOTES: Words = {
    "below_zero": gettext_lazy("不足 0 的按 0 计算。"),
    "exempt": gettext_lazy("依法免税。"),
    "nothing_refunded": gettext_lazy("余额为负,本期不扣税,也不退税,由个人在年度汇算清缴时办理。"),
}
