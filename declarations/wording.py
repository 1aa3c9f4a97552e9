"""Words for what is wrong with a declaration: a sentence per code, in the reader's language.

One formula for each kind: what is wrong, what is there, what is right. Codes and parameters are
stable (`declarations.faults`); the words are made when they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from declarations.faults import Fault, FaultCode, FileCode, FileRefused
from declarations.models import Declaration, DetailLine
from declarations.persons import Person, texts_of
from declarations.selectors import Lamp
from declarations.sheets import PERSONS_KIND
from declarations.taxlaw.codes import (
    COUNTRIES,
    DOCUMENT_TYPES,
    INCOME_ITEMS,
    OCCUPATIONS,
    CodeTable,
)
from declarations.taxlaw.tax_month import CUMULATIVE_FROM

_HEAD = {
    "computer_code": gettext_lazy("计算机代码"),
    "tax_month": gettext_lazy("税款所属月份"),
    "kind": gettext_lazy("申报类型"),
    "coverage": gettext_lazy("申报方式"),
    "declarant": gettext_lazy("声明人"),
    "phone": gettext_lazy("有效联系电话"),
    "address": gettext_lazy("有效联系地址"),
    "postcode": gettext_lazy("邮政编码"),
    "own_headcount": gettext_lazy("本期本单位总人数"),
    "other_headcount": gettext_lazy("本期非本单位总人数"),
    "total_income": gettext_lazy("全部人员收入总额"),
    "filed_on": gettext_lazy("申报日期"),
    "lines": gettext_lazy("明细列表"),
}
_LINE = {
    field.name: field.verbose_name
    for field in DetailLine._meta.get_fields()
    if hasattr(field, "verbose_name")
} | {
    "document_number": gettext_lazy("身份证照号码"),
    "facts": gettext_lazy("计税事实"),
    # Of the register of persons.
    "joined_on": gettext_lazy("入职日期"),
    "left_on": gettext_lazy("离职日期"),
}
_FROM_2019 = {
    "income": gettext_lazy("本期收入"),
    "exempt_income": gettext_lazy("本期免税收入"),
}

_TABLES = {
    "kind": dict(Declaration._meta.get_field("kind").choices or ()),
    "coverage": dict(Declaration.Coverage.choices),
}
_TYPES = {
    "string": pgettext_lazy("JSON type", "文本"),
    "boolean": pgettext_lazy("JSON type", "布尔值"),
    "number": pgettext_lazy("JSON type", "数字"),
    "integer": pgettext_lazy("JSON type", "整数"),
    "null": pgettext_lazy("JSON type", "空值"),
    "array": pgettext_lazy("JSON type", "数组"),
    "object": pgettext_lazy("JSON type", "对象"),
    "scalar": pgettext_lazy("JSON type", "文本、数字或布尔值"),
    "date": pgettext_lazy("JSON type", "日期"),
}


def field_label(field: str, tax_month: date | None = None) -> str:
    """Return a field's heading on the form of a month; an unknown field's name as it is."""
    if tax_month is not None and tax_month >= CUMULATIVE_FROM and field in _FROM_2019:
        return str(_FROM_2019[field])
    label = _HEAD.get(field) or _LINE.get(field)
    return str(label) if label else field


def code_label(table: CodeTable, code: str) -> str:
    """Return a code with its name, `0101 工资、薪金所得-普通月工资`; an unknown one as it is."""
    if code not in table:
        return code
    return f"{code} {code_name(table, code)}"


def code_name(table: CodeTable, code: str) -> str:
    """Return the name of a code in the reader's language; an unknown code as it is."""
    if code not in table:
        return code
    entry = table[code]
    return entry.english if (get_language() or "").startswith("en") else entry.name


CODED_COLUMNS = {
    "document_type": DOCUMENT_TYPES,
    "country": COUNTRIES,
    "occupation": OCCUPATIONS,
    "income_item": INCOME_ITEMS,
}


def person_words(person: Person) -> dict[str, str]:
    """Return a person's columns as they are read: codes with their names, blank where absent."""
    words = texts_of(person)
    for column in words:
        value = getattr(person, column)
        if column in CODED_COLUMNS:
            words[column] = code_label(CODED_COLUMNS[column], value)
        elif isinstance(value, bool):
            words[column] = _("是") if value else _("否")
    return words


_CODE_TABLES = {table.name: table for table in CODED_COLUMNS.values()}


def fault_sentence(fault: Fault, tax_month: date | None = None) -> str:
    """Return what is wrong, what is there and what is right, for a person to read."""
    params = {
        "field": field_label(fault.field, tax_month) if fault.field else _("本行"),
        **fault.params,
    }
    return _SENTENCES[fault.code](params)


def _said(text: Callable[[], str]) -> Callable[[Mapping[str, str]], str]:
    return lambda params: text() % params


def _required(params: Mapping[str, str]) -> str:
    if params["field"] == field_label("lines"):
        return _("请至少填写一行明细")
    return _("请填写%(field)s") % params


def _type(params: Mapping[str, str]) -> str:
    names = {key: _TYPES.get(params[key], params[key]) for key in ("expected", "found")}
    return _("%(field)s应为%(expected)s类型,现为%(found)s") % {**params, **names}


def _not_text(params: Mapping[str, str]) -> str:
    found = _TYPES.get(params["found"], params["found"])
    return _("%(field)s应为文本,现为%(found)s“%(value)s”;请将该列设为“文本”后重填") % {
        **params,
        "found": found,
    }


def _code(params: Mapping[str, str]) -> str:
    table = _TABLES.get(params["table"])
    if table is not None:
        choices = "; ".join(f"{code} {name}" for code, name in table.items())
        return _("%(field)s“%(value)s”不在代码表中,可填:%(choices)s") % {
            **params,
            "choices": choices,
        }
    codes = (entry.partition(" ")[0] for entry in params["nearest"].split("; "))
    nearest = "; ".join(code_label(_CODE_TABLES[params["table"]], code) for code in codes)
    return _("%(field)s“%(value)s”不在代码表中,最接近:%(nearest)s") % {
        **params,
        "nearest": nearest,
    }


def _identity(params: Mapping[str, str]) -> str:
    reason = params["reason"]
    if reason == "LENGTH":
        return _("身份证号应为 18 位或 15 位,现为 %(found)s 位") % params
    if reason == "DIGITS":
        return _("身份证号前 17 位应为数字,第 18 位应为数字或 X,现含其他字符")
    if reason == "BIRTH_DATE":
        return _("身份证号中的出生日期 %(found)s 不存在或晚于今天,应为真实日期") % params
    return _("身份证号第 18 位应为 %(expected)s,现为 %(found)s") % params


def _not_in_force(params: Mapping[str, str]) -> str:
    if params["field"] == field_label("tax_month"):
        return _("税款所属月份应为 2006-01 或以后,现为 %(tax_month)s") % params
    return _("%(tax_month)s 的申报表没有“%(field)s”这一项,请清空或改填") % params


def _not_applicable(params: Mapping[str, str]) -> str:
    if "coverage" in params:
        return _("全员全额申报时%(field)s由系统计算,请留空") % params
    item = {**params, "item": code_label(INCOME_ITEMS, params["income_item"])}
    if params["field"] in (field_label("exempt_income"), str(_FROM_2019["exempt_income"])):
        return _("%(field)s只适用于工资、薪金所得,现所得项目为 %(item)s;应为空或 0") % item
    if params["field"] == field_label("deductible_charges"):
        return _("%(field)s只适用于所得项目 02、04、06、07 各项,现为 %(item)s;应为空或 0") % item
    return _("%(field)s只适用于居民个人的工资、薪金所得,现所得项目为 %(item)s;应为空或 0") % item


_SENTENCES: dict[FaultCode, Callable[[Mapping[str, str]], str]] = {
    FaultCode.REQUIRED: _required,
    FaultCode.TYPE: _type,
    FaultCode.TOO_LONG: _said(lambda: _("%(field)s最多 %(max)s 个字符,现为 %(found)s 个")),
    FaultCode.CHARACTERS: _said(
        lambda: _("%(field)s第 %(position)s 个字符(%(character)s)不能使用,请删除后重填")
    ),
    FaultCode.NOT_TEXT: _not_text,
    FaultCode.PRECISION: _said(
        lambda: _("%(field)s在 Excel 中存成了数字,末几位可能已丢失;请将该列设为“文本”后重填")
    ),
    FaultCode.NO_VALUE: _said(
        lambda: _("%(field)s的公式没有结果(%(value)s);请在 Excel 中打开并保存,或直接填写数值")
    ),
    FaultCode.UNKNOWN_KEY: _said(lambda: _("不认识的数据项“%(key)s”,请删除")),
    FaultCode.DUPLICATE_KEY: _said(lambda: _("数据项“%(key)s”重复,应只出现一次")),
    FaultCode.AMOUNT: _said(lambda: _("%(field)s应为不小于 0、最多两位小数的数字,现为“%(value)s”")),
    FaultCode.COUNT: _said(lambda: _("%(field)s应为不小于 0 的整数,现为“%(value)s”")),
    FaultCode.CODE: _code,
    FaultCode.YES_NO: _said(lambda: _("%(field)s应为“是”或“否”,现为“%(value)s”")),
    FaultCode.MONTH: _said(lambda: _("%(field)s应写作 2006-04 的样式,现为“%(value)s”")),
    FaultCode.DAY: _said(lambda: _("%(field)s应写作 2006-05-07 的样式,现为“%(value)s”")),
    FaultCode.COMPUTER_CODE: _said(lambda: _("%(field)s应为 8 位数字或大写字母,现为“%(value)s”")),
    FaultCode.IDENTITY: _identity,
    FaultCode.NOT_IN_FORCE: _not_in_force,
    FaultCode.NOT_APPLICABLE: _not_applicable,
    FaultCode.REMARK_REQUIRED: _said(lambda: _("填写减免税额时,请在备注中说明减免依据")),
    FaultCode.DONATION_LIMIT: _said(
        lambda: _(
            "准予扣除的捐赠额应不超过应纳税所得额的 30%%(%(limit)s),现为 %(value)s;"
            "如可超过,请在备注中说明依据"
        )
    ),
    FaultCode.TOO_MANY: _said(lambda: _("%(field)s最多 %(max)s 行(项),现为 %(found)s")),
    FaultCode.BEFORE: _said(lambda: _("%(field)s应不早于入职日期 %(joined_on)s")),
    FaultCode.SAME_PERSON: _said(
        lambda: _("与第 %(first)s 行是同一人(%(field)s相同,15 位和 18 位按一人计),请只保留一行")
    ),
    FaultCode.JSON: _said(lambda: _("不是 JSON 格式,第 %(position)s 个字符处有误")),
    FaultCode.ENCODING: _said(lambda: _("应为 UTF-8 编码,第 %(position)s 个字节处有误")),
    FaultCode.BOM: _said(lambda: _("文件开头有字节顺序标记(BOM),请另存为不带 BOM 的 UTF-8")),
    FaultCode.BLANK_LINE: _said(lambda: _("申报之间有空行,请检查是否缺少内容")),
    FaultCode.LINE_TOO_LONG: _said(lambda: _("一行最多 %(max)s 字节,现已超过")),
    FaultCode.TOO_DEEP: _said(lambda: _("JSON 最多嵌套 %(max)s 层,现已超过")),
    FaultCode.NUMBER: _said(lambda: _("数字不能是 NaN 或 Infinity,也不能超过 30 位")),
}


def row_sentence(fault: Fault, tax_month: date | None = None) -> str:
    """Return a fault's sentence with the number of its line, counted from 1, before it.

    For faults of JSON, whose row is the index in `lines`.
    """
    sentence = fault_sentence(fault, tax_month)
    if fault.row is None:
        return sentence
    return pgettext("line of a declaration", "明细第 %(number)d 行:%(sentence)s") % {
        "number": fault.row + 1,
        "sentence": sentence,
    }


_FILES: dict[FileCode, Callable[[Mapping[str, str]], str]] = {
    FileCode.EMPTY: _said(lambda: _("文件是空的,请选择填好的文件")),
    FileCode.TOO_LARGE: _said(lambda: _("文件超过 5 MB,请拆成几个文件分次导入")),
    FileCode.NOT_A_WORKBOOK: _said(
        lambda: _("这不是 .xlsx 或 .csv 文件,请在 Excel 或 WPS 中另存为 .xlsx 后上传")
    ),
    FileCode.OLD_FORMAT: _said(
        lambda: _("这是旧格式的工作簿(.xls、.et 等),请在 Excel 或 WPS 中另存为 .xlsx 后上传")
    ),
    FileCode.ENCRYPTED: _said(lambda: _("文件设有密码,请取消密码后另存为 .xlsx 再上传")),
    FileCode.MACROS: _said(lambda: _("文件含有宏,请另存为不含宏的 .xlsx 后上传")),
    FileCode.EMBEDDED_OBJECTS: _said(
        lambda: _("文件含有嵌入的对象,请把明细复制到模板中,另存为 .xlsx 后上传")
    ),
    FileCode.EXTERNAL_LINKS: _said(
        lambda: _("文件链接了其他文件或数据源,请粘贴为数值,另存为 .xlsx 后上传")
    ),
    FileCode.TOO_MANY_ROWS: _said(lambda: _("文件最多 %(max)s 行明细,现已超过,请分次导入")),
    FileCode.TOO_MANY_COLUMNS: _said(lambda: _("文件最多 %(max)s 列,现已超过,请删除多余的列")),
    FileCode.MISSING_HEADINGS: _said(
        lambda: _("文件的标题行缺少:%(headings)s。请使用本月的模板,或补上这些标题")
    ),
    FileCode.UNKNOWN_HEADINGS: _said(
        lambda: _("不认识这些列的标题:%(headings)s。请改为模板中的标题,或删除这些列")
    ),
    FileCode.DUPLICATE_HEADINGS: _said(
        lambda: _("这些标题重复:%(headings)s。每个标题应只出现一次")
    ),
    FileCode.TEMPLATE: lambda params: (
        _("这是个人基础信息的工作簿,不能用于申报表。请下载本月的模板")
        if params["kind"] == PERSONS_KIND
        else _("这是申报表明细的工作簿,不能用于个人基础信息。请下载个人基础信息的模板")
    ),
    FileCode.NO_LINES: _said(lambda: _("标题行下面没有明细,请填写后再上传")),
    FileCode.BUSY: _said(lambda: _("现在上传文件的人较多,请过一分钟再试。您的文件没有问题")),
}


def file_sentence(refused: FileRefused) -> str:
    """Return why a file is refused whole, and what to do about it."""
    sentence = _FILES.get(refused.code)
    if sentence is not None:
        return sentence(refused.params)
    return _(
        "文件已损坏或内容异常,无法读取(%(code)s)。请把明细复制到本月的模板中,另存为 .xlsx 后上传"
    ) % {"code": refused.code.value}


LAMP_SUBJECTS = {
    "upload": gettext_lazy("数据上传"),
    "format": gettext_lazy("检查格式"),
    "payment": gettext_lazy("缴款金额核对"),
}


def lamp_reason(lamp: Lamp) -> str:
    """Return why a lamp stands as it does; empty where its word says all."""
    params = {key: value or "—" for key, value in lamp.params.items()}
    match lamp.reason:
        case "faults":
            return (
                ngettext("需修改 %(count)d 处", "需修改 %(count)d 处", lamp.params["count"])
                % lamp.params
            )
        case "mismatched":
            return _("与缴款入库信息不相符,请修改")
        case "waiting" if lamp.params["complete_to"] is None:
            return _("尚无缴款数据")
        case "waiting":
            return _("缴款数据已到 %(complete_to)s 日,预计 %(settles_on)s 日核对") % params
        case "checking":
            return _("正在核对")
        case "superseded":
            return _("已被更正,不再核对")
        case "withdrawn":
            return _("已作废,不再核对")
        case _:
            return ""
