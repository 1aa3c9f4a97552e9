"""The shapes of declarations for the description of the API, and an example of each form.

They say what declaration-format.md says, of the tables and columns that the code itself uses.
"""

from __future__ import annotations

from typing import Any, Final

from declarations.column_check import DOCUMENT_NUMBER_LIMIT
from declarations.declaration import (
    ADDRESS_LIMIT,
    COVERAGES,
    DECLARANT_LIMIT,
    KINDS,
    MAX_LINES,
    PHONE_LIMIT,
    POSTCODE_LIMIT,
)
from declarations.findings import FindingCode, Severity
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, REQUIRED_AMOUNTS
from declarations.models import Declaration, DetailLine
from declarations.outcomes import State
from declarations.selectors import LampState
from declarations.taxlaw.codes import (
    COUNTRIES,
    DOCUMENT_TYPES,
    INCOME_ITEMS,
    OCCUPATIONS,
    CodeTable,
)
from declarations.taxlaw.facts import ACCRUAL_PERIODS, ACCRUED, FACTS
from portal.models import Job
from portal.openapi import (
    ANY_OBJECT,
    COUNT,
    FLAG,
    TEXT,
    Schema,
    describe,
    listed,
    optional,
    paged,
    record,
    ref,
)

MONTH: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
    "description": "税款所属月份, from 2006-01.",
    "examples": ["2006-04"],
}
AMOUNT: Final[Schema] = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}
_SENT_AMOUNT: Final[Schema] = {"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,2})?$"}
_ID: Final[Schema] = {"type": "string", "format": "uuid"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_DAY: Final[Schema] = {"type": "string", "format": "date"}
_FACT: Final[Schema] = {"type": ["string", "number", "boolean"]}


def _code(table: CodeTable) -> Schema:
    return {"type": "string", "enum": [entry.code for entry in table]}


def _text(limit: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": limit}


def _headed(columns: dict[str, Schema]) -> dict[str, Schema]:
    """Give the columns of a line their headings on the form."""
    fields = {field.name: field for field in DetailLine._meta.concrete_fields}
    return {
        # The source texts are Chinese, whatever the language of the moment.
        name: {**shape, "description": str(fields[name].verbose_name._args[0])}  # type: ignore[union-attr]
        if hasattr(fields[name].verbose_name, "_args")
        else shape
        for name, shape in columns.items()
    }


_PERSON: Final = _headed(
    {
        "name": _text(200),
        "document_type": _code(DOCUMENT_TYPES),
        "document_number": _text(DOCUMENT_NUMBER_LIMIT),
        "country": _code(COUNTRIES),
        "occupation": _code(OCCUPATIONS),
        "employed_here": FLAG,
        "income_item": _code(INCOME_ITEMS),
    }
)
_FACTS_OF_A_LINE: Final[Schema] = {
    "type": "object",
    "description": "What the law needs to know of a line and the form has no column for.",
    "properties": {
        **dict.fromkeys(sorted(FACTS - {ACCRUED}), _FACT),
        ACCRUED: {
            "type": "object",
            "description": "Interest by the period in which it accrued.",
            "properties": dict.fromkeys(sorted(ACCRUAL_PERIODS), _FACT),
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_REMARK: Final[Schema] = {"type": "string", "maxLength": 500}
_FROM_2019: Final = "From tax month 2019-01; before that refused."

_HEAD: Final = {
    "computer_code": {
        "type": "string",
        "pattern": "^[0-9A-Z]{8}$",
        "description": "计算机代码: that of the token's agent.",
    },
    "tax_month": MONTH,
    "kind": {"type": "string", "enum": list(KINDS), "description": "申报, 补税申报, 退税申报."},
    "coverage": {"type": "string", "enum": list(COVERAGES), "description": "全员全额, 非全员全额."},
    "declarant": {**_text(DECLARANT_LIMIT), "description": "声明人"},
    "phone": {**_text(PHONE_LIMIT), "description": "有效联系电话"},
    "address": {**_text(ADDRESS_LIMIT), "description": "有效联系地址"},
    "postcode": {**_text(POSTCODE_LIMIT), "description": "邮政编码"},
}
_COUNTED: Final = "Typed in under partial; counted by the system under full: absent or null."
_HEADCOUNT: Final[Schema] = {"type": ["integer", "null"], "minimum": 0, "description": _COUNTED}
_COUNTED_HEAD: Final = {
    "own_headcount": _HEADCOUNT,
    "other_headcount": _HEADCOUNT,
    "total_income": {**optional(_SENT_AMOUNT), "description": _COUNTED},
}

describe(
    DeclarationLine=record(
        {
            **_headed({n: _SENT_AMOUNT for n in AMOUNTS if n not in REQUIRED_AMOUNTS}),
            "remark": {**_REMARK, "description": "备注"},
            "resident": {**FLAG, "description": f"居民个人. {_FROM_2019}"},
            **{
                name: {**shape, "description": f"{shape['description']}. {_FROM_2019}"}
                for name, shape in _headed(dict.fromkeys(AMOUNTS_FROM_2019, _SENT_AMOUNT)).items()
            },
            "facts": _FACTS_OF_A_LINE,
        },
        **_PERSON,
        **_headed({name: _SENT_AMOUNT for name in AMOUNTS if name in REQUIRED_AMOUNTS}),
    ),
    DeclarationHead=record(_COUNTED_HEAD, **_HEAD),
    Declaration=record(
        _COUNTED_HEAD,
        **_HEAD,
        lines=listed(ref("DeclarationLine"), minItems=1, maxItems=MAX_LINES),
    ),
    FiledLine=record(
        {
            "resident": FLAG,
            **_headed(dict.fromkeys(AMOUNTS_FROM_2019, AMOUNT)),
            "facts": ANY_OBJECT,
        },
        line_number={"type": "integer", "minimum": 1},
        **{**_PERSON, "document_number": {**TEXT, "description": "Masked for an office."}},
        **_headed(dict.fromkeys(AMOUNTS, AMOUNT)),
        remark={"type": "string", "description": "备注"},
    ),
    FiledLines=paged(ref("FiledLine")),
    Total=record(
        income_item=_code(INCOME_ITEMS),
        line_count=COUNT,
        income=AMOUNT,
        tax_reduction=AMOUNT,
        tax_withheld=AMOUNT,
    ),
    Receipt=record(
        number={"type": "string", "examples": ["11010001-200604-1-001"]},
        version={"type": "integer", "minimum": 1},
        digest={
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the canonical form: docs/api.md says how it is made.",
        },
        filed_at=_TIME,
        filed_on=_DAY,
    ),
    Lamp=record(
        subject={"type": "string", "enum": ["upload", "format", "payment"]},
        state={"type": "string", "enum": [state.value for state in LampState]},
        reason={
            "type": "string",
            "enum": [
                *("filed", "checked", "superseded"),
                *("checking", "waiting", "matched", "mismatched"),
            ],
        },
        message=TEXT,
    ),
    Finding=record(
        code={"type": "string", "enum": [code.value for code in FindingCode]},
        severity={"type": "string", "enum": [severity.value for severity in Severity]},
        pointer={"type": "string", "examples": ["/lines/0/tax_withheld"]},
        found=optional(AMOUNT),
        expected=optional(AMOUNT),
        title=TEXT,
        message=TEXT,
        params=ANY_OBJECT,
    ),
    Findings=paged(ref("Finding")),
)

_FILED: Final[dict[str, Schema]] = {
    "id": _ID,
    **{key: shape for key, shape in _HEAD.items() if key != "phone"},
    "status": {
        "type": "string",
        "enum": [value for value in Declaration.Status.values if value != "draft"],
    },
    "channel": {"type": "string", "enum": Declaration.Channel.values},
    **dict.fromkeys(("declarant", "address", "postcode"), TEXT),
    "own_headcount": optional(COUNT),
    "other_headcount": optional(COUNT),
    "total_income": optional(AMOUNT),
    "line_count": COUNT,
    "receipt": ref("Receipt"),
    "totals": listed(ref("Total")),
    "finding_count": COUNT,
    "warning_count": COUNT,
    "lamps": listed(ref("Lamp"), minItems=3, maxItems=3),
}

describe(
    Filed=record(**_FILED),
    FiledList=paged(ref("Filed")),
    Filing=record(
        **_FILED,
        repeated={**FLAG, "description": "Whether nothing was filed anew."},
        findings=listed(ref("Finding"), maxItems=1000, description="The first; findings/ has all."),
    ),
    Step=record(
        name=TEXT,
        label=TEXT,
        formula=TEXT,
        value=TEXT,
        terms=listed(record(operator=TEXT, name=TEXT, label=TEXT, value=TEXT)),
        note=TEXT,
        note_code=TEXT,
        references=listed(ref("Reference")),
    ),
    Reference=record(citation=TEXT, text=TEXT),
    LawOfLine=record(
        {"explanation": listed(ref("Step"))},
        pointer={"type": "string", "examples": ["/lines/0"]},
        state={"type": "string", "enum": [state.value for state in State]},
        method=optional(TEXT),
        deduction={**optional(TEXT), "description": "费用扣除标准"},
        taxable={**optional(TEXT), "description": "应纳税所得额"},
        rate={**optional(TEXT), "description": "税率, a fraction"},
        quick_deduction={**optional(TEXT), "description": "速算扣除数"},
        tax={**optional(TEXT), "description": "应扣税额, before the line's own reduction"},
        difference={**optional(AMOUNT), "description": "What was withheld above the law's tax."},
    ),
    Check=record(
        can_be_filed=FLAG,
        fault_count=COUNT,
        faults=listed(ref("FieldProblem"), maxItems=1000),
        own_headcount=COUNT,
        other_headcount=COUNT,
        total_income=AMOUNT,
        totals=listed(ref("Total")),
        finding_count=COUNT,
        findings=listed(ref("Finding"), maxItems=1000),
        lines=listed(ref("LawOfLine"), description="Of the lines without faults."),
    ),
    Job=record(
        id=_ID,
        kind={"type": "string", "enum": ["filing", "upload"]},
        state={"type": "string", "enum": Job.State.values},
        percent={"type": "integer", "minimum": 0, "maximum": 100},
        done=optional(COUNT),
        total=optional(COUNT),
        message={"type": "string", "description": "Where it is, or how it ended."},
        created_at=_TIME,
        finished_at=optional(_TIME),
        declaration={**optional(TEXT), "description": "The address of what it filed."},
        code={**optional(TEXT), "description": "Why it was refused."},
        error_count=COUNT,
        errors=listed(ref("FieldProblem"), maxItems=1000),
    ),
)

_INPUT: Final = record(
    key=TEXT,
    label=TEXT,
    kind=TEXT,
    needed=FLAG,
    choices=listed(record(value=TEXT, label=TEXT)),
)
describe(
    Case=record(
        {
            "country": {**_code(COUNTRIES), "default": "001"},
            "resident": {**FLAG, "default": True},
        },
        tax_month=MONTH,
        income_item=_code(INCOME_ITEMS),
        inputs={
            **_FACTS_OF_A_LINE,
            "description": "What the law has to know: the inputs of a method of the month.",
        },
    ),
    Computed=record(
        method=TEXT,
        taxable=AMOUNT,
        rate=TEXT,
        quick_deduction=AMOUNT,
        tax=AMOUNT,
        deduction=TEXT,
        explanation=listed(ref("Step")),
    ),
    LawValue=record(
        name=TEXT,
        title=TEXT,
        value={"description": "A number, a text, a list, levels, or parts by name; null: ended."},
        since=optional(MONTH),
        references=listed(ref("Reference")),
        last_confirmed=optional(_DAY),
        doubt={"type": "string", "description": "What is not sure about it."},
    ),
    LawOfMonth=record(
        tax_month=MONTH,
        filing_deadline=_DAY,
        previous_change=optional(MONTH),
        next_change=optional(MONTH),
        parameters=listed(ref("LawValue")),
        income_items=listed(
            record(
                code=_code(INCOME_ITEMS),
                name=TEXT,
                checked=FLAG,
                methods=listed(
                    record(
                        name=TEXT,
                        title=TEXT,
                        who=TEXT,
                        resident=optional(FLAG),
                        method=TEXT,
                        inputs=listed(_INPUT),
                        parameters=listed(TEXT),
                    )
                ),
            )
        ),
        bureaus=listed(
            record(
                name=TEXT,
                parameters=listed(
                    record(title=TEXT, rule={"oneOf": [ref("LawValue"), {"type": "null"}]})
                ),
            )
        ),
    ),
)

EXAMPLE_LINE: Final[dict[str, Any]] = {
    "name": "张三",
    "document_type": "01",
    "document_number": "11010519491231002X",
    "country": "001",
    "occupation": "2010000",
    "employed_here": True,
    "income_item": "0101",
    "income": "5000.00",
    "exempt_income": "300.00",
    "tax_withheld": "340.00",
}
EXAMPLE: Final[dict[str, Any]] = {
    "computer_code": "11010001",
    "tax_month": "2006-04",
    "kind": "regular",
    "coverage": "full",
    "declarant": "王五",
    "phone": "010-60000001",
    "address": "某街1号",
    "postcode": "100000",
    "lines": [EXAMPLE_LINE],
}
