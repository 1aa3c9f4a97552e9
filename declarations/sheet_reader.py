"""The program that reads an uploaded spreadsheet, in a process of its own: see sandbox.py.

It takes the file on standard input, puts limits on itself, looks through the archive before any
parser sees it, and writes JSON Lines on standard output: first an object about the sheet, then
`[row, cells]` for every row that is not blank, last `{"rows": n}`; or one object `{"refused":
code}`. A cell is null, a text, a truth, or an object of one key: `n` a number as repr writes it,
`d` a date, `e` an error or a formula without a value. It imports the standard library and
python-calamine, and nothing of ours.
"""

from __future__ import annotations

import csv
import io
import json
import posixpath
import re
import resource
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, TextIO
from xml.etree import ElementTree

MEGABYTE = 1024 * 1024
MAX_BYTES = 5 * MEGABYTE
MAX_INFLATED = 64 * MEGABYTE
MAX_RATIO = 100
# A small member of blanks may well be a hundredth of itself.
RATIO_FROM = MEGABYTE
MAX_MEMBERS = 200
# Lines and their headings; above them there may be titles, between them blank rows.
MAX_ROWS = 20_001
MAX_TITLES = 20
MAX_ROW_NUMBER = 2 * MAX_ROWS
MAX_COLUMNS = 64
MAX_OUTPUT = 64 * MEGABYTE
MAX_TEXT = 1000
MEMORY = 512 * MEGABYTE
CPU_SECONDS = 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ROW_OR_CELL = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?(row|c)(?=[\s>/])([^>]*)>")
_CELL_CONTENT = re.compile(
    rb"<(?:[A-Za-z_][\w.-]*:)?c(?=[\s>])([^>]*[^>/])>(.*?)</(?:[A-Za-z_][\w.-]*:)?c>", re.DOTALL
)
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_ERROR_TYPE = re.compile(rb"""\st\s*=\s*["']e["']""")
_TEXT_TYPE = re.compile(rb"""\st\s*=\s*["']str["']""")
_FORMULA = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?f[\s>/]")
_VALUE = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?v(?:\s[^<>]*)?(?:/>|>([^<]*))")


class Refused(Exception):
    """The file is refused, for a code of FileCode."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def limit_this_process() -> None:
    """Put the limits of this program on this process; they cannot be lifted again."""
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, MAX_OUTPUT),
        (resource.RLIMIT_NOFILE, 32),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    # At the first limit the signal that says so, at the second the one that nothing survives.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))


def read(data: bytes, kind: str) -> Iterator[Any]:
    """Give out what the module's docstring describes; Refused for a file that is not read."""
    if not data:
        raise Refused("EMPTY")
    if len(data) > MAX_BYTES:
        raise Refused("TOO_LARGE")
    if data.startswith(_OLE):
        raise Refused("ENCRYPTED" if _ENCRYPTED in data else "OLD_FORMAT")
    if data.startswith(b"PK\x03\x04"):
        return _read_workbook(data)
    if kind == "csv":
        return _read_csv(data)
    raise Refused("NOT_A_WORKBOOK")


def _read_csv(data: bytes) -> Iterator[Any]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data:
        raise Refused("ENCODING")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused("ENCODING")
    head = text[:4096].lstrip().lower()
    if head.startswith(("<", "{\\rtf", "%pdf")):
        raise Refused("NOT_A_WORKBOOK")
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    yield {"sheet": "", "encoding": encoding.removesuffix("-sig"), "properties": {}}
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    yield from _counted((number, [_csv_cell(cell) for cell in row]) for number, row in _lines(rows))


def _lines(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from enumerate(rows, 1)
    except csv.Error:
        raise Refused("UNREADABLE") from None


def _csv_cell(text: str) -> str | None:
    # ="0123" is how a text is kept a text in a file of texts.
    kept = re.fullmatch(r'="([^"]*)"', text)
    return (kept.group(1) if kept else text)[: MAX_TEXT + 1] or None


def _read_workbook(data: bytes) -> Iterator[Any]:
    archive = _Archive(data)
    name, path = archive.first_sheet()
    special = _scan_sheet(archive.inflate(path))
    properties = archive.custom_properties()
    # Only here, and not before the archive has been looked through.
    from python_calamine import CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
    except MemoryError:
        raise
    except BaseException as error:  # a panic of the parser is no Exception
        raise Refused("UNREADABLE") from error
    yield {"sheet": name, "encoding": "", "properties": properties}
    yield from _counted(
        (number, [_cell(value, special.get((number, at))) for at, value in enumerate(row, 1)])
        for number, row in enumerate(rows, 1)
    )


def _counted(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Any]:
    """Leave out blank rows and count the others."""
    count = 0
    for number, row in rows:
        used = len(row)
        while used and (row[used - 1] is None or not str(row[used - 1]).strip()):
            used -= 1
        if not used:
            continue
        count += 1
        if count > MAX_ROWS + MAX_TITLES or number > MAX_ROW_NUMBER:
            raise Refused("TOO_MANY_ROWS")
        if used > MAX_COLUMNS:
            raise Refused("TOO_MANY_COLUMNS")
        yield [number, row[:used]]
    yield {"rows": count}


def _cell(value: Any, special: str | None) -> Any:
    if special is not None:
        return {"e": special}
    if isinstance(value, str):
        return value[: MAX_TEXT + 1] or None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return {"n": repr(value)}
    if hasattr(value, "isoformat"):
        return {"d": value.isoformat()}
    return {"d": str(value)}


class _Archive:
    """A workbook's zip file, looked through: nothing in it is hidden, double or too much."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        try:
            directory = zipfile.ZipFile(io.BytesIO(data))
            infos = directory.infolist()
        except (zipfile.BadZipFile, struct.error, NotImplementedError, UnicodeDecodeError, OSError):
            raise Refused("BAD_ARCHIVE") from None
        if len(infos) > MAX_MEMBERS:
            raise Refused("BOMB")
        self._ranges: dict[str, tuple[int, int, int]] = {}
        self._refuse_names(infos)
        self._locate(infos, directory.start_dir)
        self._refuse_parts()
        self._refuse_content(infos)

    def _refuse_names(self, infos: list[zipfile.ZipInfo]) -> None:
        seen: set[str] = set()
        for info in infos:
            name = info.orig_filename
            if info.flag_bits & 0x41:
                raise Refused("ENCRYPTED")
            parts = name.split("/")
            if (
                name.startswith("/")
                or ".." in parts
                or re.search(r"[\\:\x00-\x1f]", name)
                or stat.S_ISLNK(info.external_attr >> 16)
                or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                or name.casefold() in seen
            ):
                raise Refused("BAD_ARCHIVE")
            seen.add(name.casefold())

    def _locate(self, infos: list[zipfile.ZipInfo], end_of_data: int) -> None:
        """Find each member's bytes, by its own header, and refuse two that share any."""
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            start = info.header_offset
            header = self.data[start : start + _LOCAL_HEADER.size]
            if start < end or len(header) < _LOCAL_HEADER.size:
                raise Refused("BAD_ARCHIVE")
            signature, _, flags, *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
            body = start + _LOCAL_HEADER.size + name_length + extra_length
            name = self.data[start + _LOCAL_HEADER.size :][:name_length]
            encoding = "utf-8" if info.flag_bits & 0x800 else "cp437"
            end = body + info.compress_size
            if (
                signature != b"PK\x03\x04"
                or flags & 0x41
                or name != info.orig_filename.encode(encoding, "replace")
                or end > end_of_data
            ):
                raise Refused("BAD_ARCHIVE")
            self._ranges[info.orig_filename] = (body, end, info.compress_type)

    def _refuse_parts(self) -> None:
        names = [name.casefold() for name in self._ranges]
        for pattern, code in (
            (r"(^|/)vba(project|data)|(^|/)macrosheets/", "MACROS"),
            (r"(^|/)(embeddings|activex)/|oleobject", "EMBEDDED_OBJECTS"),
            (r"(^|/)(externallinks|querytables)/|(^|/)connections\.xml$", "EXTERNAL_LINKS"),
            (r"^xl/workbook\.bin$", "OLD_FORMAT"),
        ):
            if any(re.search(pattern, name) for name in names):
                raise Refused(code)
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= self._ranges.keys():
            raise Refused("NOT_A_WORKBOOK")

    def _refuse_content(self, infos: list[zipfile.ZipInfo]) -> None:
        """Inflate everything once, counting, whatever the headers say about sizes."""
        total = 0
        for info in infos:
            content = self.inflate(info.orig_filename, MAX_INFLATED - total)
            total += len(content)
            if total > RATIO_FROM and total > MAX_RATIO * len(self.data):
                raise Refused("BOMB")
            if len(content) != info.file_size:
                raise Refused("BAD_ARCHIVE")
            if re.search(r"\.(xml|rels|vml)$", info.orig_filename.casefold()):
                _refuse_xml(content)
            if info.orig_filename == "[Content_Types].xml" and b"macroEnabled" in content:
                raise Refused("MACROS")
            if info.orig_filename.endswith(".rels"):
                _refuse_links(content)

    def inflate(self, name: str, limit: int = MAX_INFLATED) -> bytes:
        """Return a member's content; Refused as soon as there is more of it than there may be."""
        if name not in self._ranges:
            raise Refused("UNREADABLE")
        start, end, method = self._ranges[name]
        packed = self.data[start:end]
        if method == zipfile.ZIP_STORED:
            if len(packed) > limit:
                raise Refused("BOMB")
            return packed
        limit = min(limit, max(MAX_RATIO * len(packed), RATIO_FROM))
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(packed, limit + 1)
        except zlib.error:
            raise Refused("BAD_ARCHIVE") from None
        if len(content) > limit:
            raise Refused("BOMB")
        if not inflater.eof or inflater.unused_data:
            raise Refused("BAD_ARCHIVE")
        return content

    def first_sheet(self) -> tuple[str, str]:
        """Return the name of the first sheet to be seen and the member that holds it."""
        targets = {
            element.get("Id"): element
            for element in _xml(self.inflate("xl/_rels/workbook.xml.rels")).iter()
            if _local(element) == "Relationship"
        }
        for element in _xml(self.inflate("xl/workbook.xml")).iter():
            if _local(element) != "sheet" or element.get("state", "visible") != "visible":
                continue
            ids = [value for key, value in element.items() if key.endswith("}id")]
            target = targets.get(ids[0]) if ids else None
            if target is None or not str(target.get("Type")).endswith("/worksheet"):
                continue
            path = posixpath.normpath(posixpath.join("/xl", str(target.get("Target"))))
            return str(element.get("name")), path.removeprefix("/")
        raise Refused("UNREADABLE")

    def custom_properties(self) -> dict[str, str]:
        """Return the document's own properties: a template says here what it is."""
        if "docProps/custom.xml" not in self._ranges:
            return {}
        return {
            str(element.get("name"))[:100]: "".join(element.itertext())[:100]
            for element in _xml(self.inflate("docProps/custom.xml")).iter()
            if _local(element) == "property"
        }


def _refuse_xml(content: bytes) -> None:
    head = content[:200].removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARED_ENCODING.match(head)
    if (
        head.startswith((b"\xff\xfe", b"\xfe\xff"))
        or b"\x00" in content
        or (declared and declared.group(1).lower() not in (b"utf-8", b"utf8", b"us-ascii"))
    ):
        raise Refused("ENCODING")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused("DTD")


def _refuse_links(content: bytes) -> None:
    for element in _xml(content).iter():
        kind = str(element.get("Type"))
        # A hyperlink in a cell is words; nothing of it is ever opened.
        if element.get("TargetMode") == "External" and not kind.endswith("/hyperlink"):
            raise Refused("EXTERNAL_LINKS")
        if kind.endswith(("/oleObject", "/package", "/control")):
            raise Refused("EMBEDDED_OBJECTS")
        if kind.endswith(("/externalLink", "/externalLinkPath", "/connections", "/queryTable")):
            raise Refused("EXTERNAL_LINKS")


def _xml(content: bytes) -> ElementTree.Element:
    try:
        # No document type is in it, so there is no entity to expand.
        return ElementTree.fromstring(content)  # noqa: S314
    except ElementTree.ParseError:
        raise Refused("UNREADABLE") from None


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _scan_sheet(content: bytes) -> dict[tuple[int, int], str]:
    """Refuse a sheet that reaches too far, before a parser makes room for it.

    Return what a parser does not tell: errors, and formulas without a value (an empty text).
    """
    row = column = 0
    for match in _ROW_OR_CELL.finditer(content):
        kind, attributes = match.groups()
        reference = _REFERENCE.search(attributes)
        if kind == b"row":
            row = int(reference.group(2)) if reference else row + 1
            column = 0
            continue
        column += 1
        if reference:
            row, column = int(reference.group(2)), _column_number(reference.group(1))
        if attributes.endswith(b"/"):
            continue
        if row > MAX_ROW_NUMBER:
            raise Refused("TOO_MANY_ROWS")
        if column > MAX_COLUMNS:
            raise Refused("TOO_MANY_COLUMNS")
    return _special_cells(content)


def _special_cells(content: bytes) -> dict[tuple[int, int], str]:
    special: dict[tuple[int, int], str] = {}
    if not (_FORMULA.search(content) or _ERROR_TYPE.search(content)):
        return special
    for match in _CELL_CONTENT.finditer(content):
        attributes, inside = match.groups()
        reference = _REFERENCE.search(attributes)
        if not reference:
            continue
        at = (int(reference.group(2)), _column_number(reference.group(1)))
        value = _VALUE.search(inside)
        text = (value.group(1) if value else None) or b""
        if _ERROR_TYPE.search(attributes):
            special[at] = text.decode("ascii", "replace")[:20]
        # A text that is empty is a formula's value, too.
        elif not text and not (value and _TEXT_TYPE.search(attributes)) and _FORMULA.search(inside):
            special[at] = ""
    return special


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def main(kind: str, source: Any, target: TextIO) -> None:
    """Read a file and write what it says, or why it is refused."""
    limit_this_process()
    write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    try:
        for part in read(source.read(MAX_BYTES + 1), kind):
            target.write(write(part) + "\n")
    except Refused as refused:
        target.write(write({"refused": refused.code}) + "\n")
    target.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin.buffer, sys.stdout)
