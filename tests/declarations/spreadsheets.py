"""Builds workbooks byte by byte, good ones and such as no program writes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from declarations.workbook import HEADINGS_TO_2018

HEADINGS = tuple(HEADINGS_TO_2018.values())
ZHANG = "11010519491231002X"
LINE: tuple[object, ...] = (
    "张三", "01", ZHANG, "001", "2010000", "是", "0101", 5000, 0, 300, 0, 0, 0, 340, "",
)  # fmt: skip

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    "</Types>"
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell(row: int, column: int, value: object) -> str:
    """Write one cell; a text that begins with `<` is the cell's own XML."""
    reference = f"{column_letters(column)}{row}"
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    text = str(value)
    if text.startswith("<"):
        return text.replace('"REF"', f'"{reference}"')
    return f'<c r="{reference}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def sheet(rows: Mapping[int, Sequence[object]], *, before: str = "", after: str = "") -> str:
    """Write a worksheet; `before` and `after` stand around its data."""
    data = "".join(
        f'<row r="{number}">'
        + "".join(cell(number, at, value) for at, value in enumerate(values, 1))
        + "</row>"
        for number, values in rows.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'
    )


def lines_sheet(
    *lines: Sequence[object], headings: Sequence[object] = HEADINGS, before: str = ""
) -> str:
    """Write a worksheet of headings and lines."""
    return sheet(dict(enumerate([headings, *lines], 1)), before=before)


def members(*sheets: str, states: Sequence[str] = ()) -> dict[str, str | bytes]:
    """Return the members of a workbook of some sheets."""
    entries = "".join(
        f'<sheet name="表{number}" sheetId="{number}" r:id="rId{number}"'
        + (f' state="{states[number - 1]}"' if len(states) >= number else "")
        + "/>"
        for number in range(1, len(sheets) + 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet"'
        f' Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1"'
            f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{entries}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{PACKAGE}">{relations}</Relationships>'
        ),
    }
    for number, content in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = content
    return parts


def zipped(
    parts: Mapping[str, str | bytes] | Iterable[tuple[str | zipfile.ZipInfo, str | bytes]],
) -> bytes:
    """Pack members into a zip file."""
    target = io.BytesIO()
    pairs = parts.items() if isinstance(parts, Mapping) else parts
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return target.getvalue()


def named_members(more: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """Return members by their names, written `__` for a slash and `_x_` for a dot."""
    return {name.replace("__", "/").replace("_x_", "."): body for name, body in more.items()}


def workbook(*sheets: str, states: Sequence[str] = (), **more: str | bytes) -> bytes:
    """Pack a workbook of some sheets and more members."""
    return zipped(members(*sheets, states=states) | named_members(more))
