"""Files made to harm the reader: each is refused with its code, in time, and leaves nothing.

The reader runs in the sandbox; what the parent's process pays for it is measured, too.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from declarations import sandbox, sheet_reader
from declarations.faults import FileCode, FileRefused
from declarations.sandbox import read_cells
from declarations.workbook import check_rows, read_workbook
from tests.declarations.spreadsheets import (
    CONTENT_TYPES,
    HEADINGS,
    LINE,
    MAIN,
    OFFICE,
    PACKAGE,
    lines_sheet,
    members,
    named_members,
    sheet,
    workbook,
    zipped,
)

MEGABYTE = 1024 * 1024


def sheet_of(data: str, *, before: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{data}</sheetData></worksheet>'


def with_members(**more: str | bytes) -> bytes:
    return zipped(members(lines_sheet(LINE)) | named_members(more))


def with_relation(kind: str, target: str, mode: str = "") -> bytes:
    relations = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId9" Type="{OFFICE}/{kind}"'
        f' Target="{target}"{mode}/></Relationships>'
    )
    return with_members(xl__worksheets___rels__sheet1_x_xml_x_rels=relations)


def with_doctype(doctype: str) -> bytes:
    return workbook(lines_sheet(LINE).replace("?>", f"?>{doctype}", 1))


def in_encoding(name: str, codec: str | None = None) -> bytes:
    text = lines_sheet(LINE).replace("UTF-8", name)
    parts = members("")
    parts["xl/worksheets/sheet1.xml"] = text.encode(codec or name)
    return zipped(parts)


def named(name: str, *, mode: int = 0) -> bytes:
    """A workbook with one more member, of any name and mode."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    pairs: list[tuple[str | zipfile.ZipInfo, str | bytes]] = [*members(lines_sheet(LINE)).items()]
    return zipped([*pairs, (info, "x")])


def double() -> bytes:
    pairs: list[tuple[str | zipfile.ZipInfo, str | bytes]] = [*members(lines_sheet(LINE)).items()]
    pairs.append(("XL/workbook.xml", "x"))
    return zipped(pairs)


def overlapping() -> bytes:
    """A workbook whose directory names the same bytes twice."""
    data = workbook(lines_sheet(LINE))
    source = zipfile.ZipFile(io.BytesIO(data))
    directory = data[source.start_dir : data.rindex(b"PK\x05\x06")]
    name = b"xl/worksheets/sheet1.xml"
    start = directory.index(name) - 46
    length = 46 + len(name)
    entry = directory[start : start + length].replace(name, b"xl/worksheets/sheet2.xml")
    count = len(source.infolist()) + 1
    end = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        0,
        0,
        count,
        count,
        len(directory) + length,
        source.start_dir,
        0,
    )
    return data[: source.start_dir] + directory + entry + end


def swallowing() -> bytes:
    """A workbook with a member that holds another one, header and all."""
    inner = zipfile.ZipInfo("xl/inner.xml")
    holder = io.BytesIO()
    with zipfile.ZipFile(holder, "w") as archive:
        archive.writestr(inner, "<x/>")
    body = holder.getvalue()[: archive.start_dir]
    entry = holder.getvalue()[archive.start_dir : archive.start_dir + 46 + len(inner.filename)]
    pairs: list[tuple[str | zipfile.ZipInfo, str | bytes]] = [*members(lines_sheet(LINE)).items()]
    data = zipped([*pairs, (zipfile.ZipInfo("xl/outer.bin"), body)])
    end = data.rindex(b"PK\x05\x06")
    start = struct.unpack("<L", data[end + 16 : end + 20])[0]
    entry = entry[:42] + struct.pack("<L", data.index(body)) + entry[46:]
    count = len(pairs) + 2
    tail = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, end - start + len(entry), start, 0
    )
    return data[:end] + entry + tail


def two_names() -> bytes:
    """A workbook with a member of one name in the directory and another at its place."""
    data = named("xl/theme/theme1.xml")
    at = data.index(b"xl/theme/theme1.xml")
    return data[:at] + b"xl/theme/theme2.xml" + data[at + 19 :]


def lying(inflated: int) -> bytes:
    """A workbook with a member that says 1 kB and inflates to more."""
    data = bytearray(with_members(xl__sharedStrings_x_xml=b" " * inflated))
    for entry in (data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")):
        assert entry >= 0
    real = struct.pack("<L", inflated)
    told = struct.pack("<L", 1024)
    return bytes(data).replace(real, told)


def encrypted_member() -> bytes:
    data = bytearray(workbook(lines_sheet(LINE)))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    data[6] |= 1
    return bytes(data)


def many_members(count: int) -> bytes:
    """An archive of empty members and nothing else."""
    local, directory = [], []
    for number in range(count):
        name = f"{number:x}".rjust(5, "x").encode()
        offset = number * (30 + len(name))
        common = struct.pack("<5H3L2H", 20, 0, 0, 0, 33, 0, 0, 0, len(name), 0)
        local.append(b"PK\x03\x04" + common + name)
        directory.append(
            b"PK\x01\x02" + b"\x14\x00" + common + struct.pack("<3H2L", 0, 0, 0, 0, offset) + name
        )
    body, entries = b"".join(local), b"".join(directory)
    told = min(count, 0xFFFF)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, told, told, len(entries), len(body), 0)
    return body + entries + end


def nested() -> bytes:
    inner = workbook(lines_sheet(LINE))
    for _ in range(10):
        inner = zipped({"r/r.zip": inner})
    return inner


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
)
# An attribute may hold a `>`: what looks for cells by their text does not see this one's place.
DISGUISED = sheet_of(
    '<row r="1"><c r="A1"><v>1</v></c></row><row><c s="&gt;>" r="XFD1048576"><v>1</v></c></row>'
)

HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    (
        "two cells in opposite corners",
        lambda: workbook(
            sheet_of(
                '<row r="1"><c r="A1"><v>1</v></c></row>'
                '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
            )
        ),
        "TOO_MANY_ROWS",
    ),
    ("the same, disguised", lambda: workbook(DISGUISED), "CRASHED"),
    (
        "200,000 rows without their numbers",
        lambda: workbook(
            sheet_of("".join(f"<row><c><v>{n * n % 9973}</v></c></row>" for n in range(200_000)))
        ),
        "TOO_MANY_ROWS",
    ),
    (
        "a far column",
        lambda: workbook(sheet_of('<row r="1"><c r="XFD1"><v>1</v></c></row>')),
        "TOO_MANY_COLUMNS",
    ),
    (
        "a far column in a late row",
        lambda: workbook(
            sheet_of(
                '<row r="1"><c r="A1"><v>1</v></c></row>'
                '<row r="20000"><c r="XFD20000"><v>1</v></c></row>'
            )
        ),
        "TOO_MANY_COLUMNS",
    ),
    (
        "a dimension of everything over nothing",
        lambda: workbook(sheet_of("", before='<dimension ref="A1:XFD1048576"/>')),
        "NO_LINES",
    ),
    (
        "300 MB of shared strings",
        lambda: with_members(xl__sharedStrings_x_xml=b"<si><t>x</t></si>" * (18 * MEGABYTE)),
        "BOMB",
    ),
    (
        "many members of 10 MB",
        lambda: with_members(**{f"m{n}": os.urandom(1000) * 10_000 for n in range(8)}),
        "BOMB",
    ),
    (
        "one long text in every cell",
        lambda: workbook(
            sheet_of(
                "".join(
                    f'<row r="{row}">'
                    + "".join(f'<c t="s" s="{row * at % 89}"><v>0</v></c>' for at in range(64))
                    + "</row>"
                    for row in range(1, 1001)
                )
            ),
            xl__sharedStrings_x_xml=f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_767}</t></si></sst>',
            xl___rels__workbook_x_xml_x_rels=(
                f'<Relationships xmlns="{PACKAGE}">'
                f'<Relationship Id="rId1" Type="{OFFICE}/worksheet"'
                ' Target="worksheets/sheet1.xml"/>'
                f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings"'
                ' Target="sharedStrings.xml"/>'
                "</Relationships>"
            ),
        ),
        "CRASHED",
    ),
    ("a zip in a zip in a zip", nested, "NOT_A_WORKBOOK"),
    ("overlapping members", overlapping, "BAD_ARCHIVE"),
    ("a member inside another", swallowing, "BAD_ARCHIVE"),
    ("a member of two names", two_names, "BAD_ARCHIVE"),
    (
        "many members of blanks",
        lambda: with_members(**{f"m{n}": bytes(900_000) for n in range(60)}),
        "BOMB",
    ),
    (
        "a member of blanks beside noise",
        lambda: with_members(noise=os.urandom(MEGABYTE), blanks=bytes(5 * MEGABYTE)),
        "BOMB",
    ),
    ("1 kB that inflates to 200 MB", lambda: lying(200 * MEGABYTE), "BOMB"),
    ("1 kB that inflates to 100 kB", lambda: lying(100_000), "BAD_ARCHIVE"),
    (
        "a workbook of 205 members",
        lambda: with_members(**{f"x{number}": b"" for number in range(200)}),
        "BOMB",
    ),
    ("65,536 members", lambda: many_members(65_536), "TOO_LARGE"),
    ("40,000 members", lambda: many_members(40_000), "BOMB"),
    ("a name twice, in two cases", double, "BAD_ARCHIVE"),
    ("a member outside", lambda: named("xl/../../etc/passwd"), "BAD_ARCHIVE"),
    ("an absolute member", lambda: named("/etc/passwd"), "BAD_ARCHIVE"),
    ("a member of a drive", lambda: named("C:/x"), "BAD_ARCHIVE"),
    ("a symbolic link", lambda: named("xl/link", mode=stat.S_IFLNK | 0o777), "BAD_ARCHIVE"),
    ("a cut archive", lambda: workbook(lines_sheet(LINE))[:-30], "BAD_ARCHIVE"),
    ("billion laughs", lambda: with_doctype(f"<!DOCTYPE x [{LAUGHS}]>"), "DTD"),
    (
        "quadratic blow-up",
        lambda: with_doctype(f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'),
        "DTD",
    ),
    (
        "an entity from a file",
        lambda: with_doctype('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "DTD",
    ),
    (
        "an entity from the net",
        lambda: with_doctype('<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1/">]>'),
        "DTD",
    ),
    ("an outside document type", lambda: with_doctype('<!DOCTYPE x SYSTEM "x.dtd">'), "DTD"),
    ("UTF-16", lambda: in_encoding("UTF-16"), "ENCODING"),
    ("UTF-16 without a mark", lambda: in_encoding("UTF-16", "utf-16-le"), "ENCODING"),
    ("UTF-7", lambda: in_encoding("UTF-7"), "ENCODING"),
    ("UTF-32", lambda: in_encoding("UTF-32"), "ENCODING"),
    ("macros", lambda: with_members(xl__vbaProject_x_bin=b"x"), "MACROS"),
    (
        "macros by their type",
        lambda: zipped(
            members(lines_sheet(LINE))
            | {
                "[Content_Types].xml": CONTENT_TYPES.replace(
                    "sheet.main", "sheet.macroEnabled.main"
                )
            }
        ),
        "MACROS",
    ),
    ("a macro sheet", lambda: with_members(xl__macrosheets__sheet1_x_xml=b"<x/>"), "MACROS"),
    (
        "an OLE object",
        lambda: with_members(xl__embeddings__oleObject1_x_bin=OLE),
        "EMBEDDED_OBJECTS",
    ),
    ("a linked OLE object", lambda: with_relation("oleObject", "x"), "EMBEDDED_OBJECTS"),
    ("ActiveX", lambda: with_members(xl__activeX__activeX1_x_xml="<x/>"), "EMBEDDED_OBJECTS"),
    (
        "an encrypted workbook",
        lambda: OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(500),
        "ENCRYPTED",
    ),
    ("an encrypted member", encrypted_member, "ENCRYPTED"),
    (".xls renamed", lambda: OLE + bytes(2000), "OLD_FORMAT"),
    (".xlsb renamed", lambda: with_members(xl__workbook_x_bin=b"x"), "OLD_FORMAT"),
    ("html renamed", lambda: b"<html><table><tr><td>1</td></tr></table></html>", "NOT_A_WORKBOOK"),
    ("csv renamed", lambda: ",".join(HEADINGS).encode(), "NOT_A_WORKBOOK"),
    ("gzip renamed", lambda: gzip.compress(bytes(1000)), "NOT_A_WORKBOOK"),
    (".docx renamed", lambda: zipped({"[Content_Types].xml": "x"}), "NOT_A_WORKBOOK"),
    (
        "a link to another workbook",
        lambda: with_members(xl__externalLinks__externalLink1_x_xml="<x/>"),
        "EXTERNAL_LINKS",
    ),
    (
        "DDE",
        lambda: with_members(
            xl__externalLinks__externalLink1_x_xml=(
                f'<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/>'
                "</externalLink>"
            )
        ),
        "EXTERNAL_LINKS",
    ),
    (
        "a picture from the net",
        lambda: with_relation("image", "http://127.0.0.1/x.png", ' TargetMode="External"'),
        "EXTERNAL_LINKS",
    ),
    ("a query", lambda: with_members(xl__connections_x_xml="<x/>"), "EXTERNAL_LINKS"),
    ("broken XML", lambda: workbook("<worksheet><sheetData><row"), "UNREADABLE"),
    ("a sheet that is not there", lambda: zipped(without_sheet()), "UNREADABLE"),
    ("only a hidden sheet", lambda: workbook(lines_sheet(LINE), states=["hidden"]), "UNREADABLE"),
    ("nothing", lambda: b"", "EMPTY"),
    ("over 5 MB", lambda: b"PK\x03\x04" + bytes(5 * MEGABYTE), "TOO_LARGE"),
]


def without_sheet() -> dict[str, str | bytes]:
    parts = members("")
    del parts["xl/worksheets/sheet1.xml"]
    return parts


def resident_memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def left_behind(slots: Path) -> list[str]:
    return [path.name for path in slots.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize(
    ("make", "code"), [pytest.param(make, code, id=name) for name, make, code in HOSTILE]
)
def test_a_hostile_workbook_is_refused_with_its_code(
    make: Callable[[], bytes], code: str, tmp_path: Path
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(make())
    memory = resident_memory()
    started = time.monotonic()

    with pytest.raises(FileRefused) as caught:
        read_workbook(path, slots=tmp_path / "slots")

    assert caught.value.code == code
    assert time.monotonic() - started < sandbox.WALL_SECONDS
    assert resident_memory() - memory < 20 * MEGABYTE
    assert left_behind(tmp_path / "slots") == []


def test_a_member_that_is_no_part_of_the_workbook_does_no_harm(tmp_path: Path) -> None:
    data = with_members(xl__media__x_x_zip=nested(), xl__theme__theme1_x_xml="<x/>")

    assert len(read_workbook(data, slots=tmp_path).rows) == 1


def test_long_texts_are_cut_and_still_too_long(tmp_path: Path) -> None:
    remark = '<c r="REF" t="s"><v>0</v></c>'
    shared = f'<sst xmlns="{MAIN}"><si><t>{"长" * 32_000}</t></si></sst>'
    relations = str(members("")["xl/_rels/workbook.xml.rels"]).replace(
        "</Relationships>",
        f'<Relationship Id="rId9" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
    )
    data = workbook(
        lines_sheet(*[[*LINE[:-1], remark]] * 1000),
        xl__sharedStrings_x_xml=shared,
        xl___rels__workbook_x_xml_x_rels=relations,
    )

    faults = check_rows(read_workbook(data, slots=tmp_path).rows, date(2006, 4, 1))[1]

    assert {(fault.field, str(fault.code)) for fault in faults} == {("remark", "TOO_LONG")}
    assert len(faults) == 1000


# What the sandbox itself holds back, whatever a program in it does.

LIMITED = """
import importlib.util, os, sys, time
spec = importlib.util.spec_from_file_location("sheet_reader", {reader!r})
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)
reader.limit_this_process()
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[Any]]]:
    """Run a program of the test in the sandbox, under the reader's limits on itself."""
    program = tmp_path / "program.py"
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 2.0)
    slots = tmp_path / "slots"

    def run_program(body: str) -> list[Any]:
        program.write_text(LIMITED.format(reader=sheet_reader.__file__) + body)
        return list(read_cells(b"x", "xlsx", slots=slots))

    yield run_program
    assert left_behind(slots) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("bytearray(600 * 1024 * 1024)", "CRASHED"),
        ("os.abort()", "CRASHED"),
        ("os.kill(os.getpid(), 9)", "CRASHED"),
        ("sys.exit(3)", "CRASHED"),
        ("pass", "CRASHED"),
        ("print('not JSON')", "CRASHED"),
        ("print('[1, [')", "CRASHED"),
        ("print('[1, [2]]')", "CRASHED"),
        ("os.write(1, bytes(65 * 1024 * 1024)); os.write(1, b'x')", "CRASHED"),
        ("[os.open('/dev/null', 0) for _ in range(100)]", "CRASHED"),
        ("time.sleep(60)", "TIMEOUT"),
        ("os.fork() or time.sleep(60); time.sleep(60)", "TIMEOUT"),
        ("os.kill(os.getpid(), 24)", "TIMEOUT"),
    ],
)
def test_a_reader_that_dies_or_hangs_is_a_refusal(
    run: Callable[[str], list[Any]], body: str, code: str
) -> None:
    started = time.monotonic()

    with pytest.raises(FileRefused) as caught:
        run(body)

    assert caught.value.code == code
    assert time.monotonic() - started < 6


def test_a_readers_limits_are_those_promised(run: Callable[[str], list[Any]]) -> None:
    [limits] = run(
        "import json, resource as r\n"
        "print(json.dumps([r.getrlimit(getattr(r, 'RLIMIT_' + what)) for what in"
        " ('AS', 'CPU', 'FSIZE', 'NOFILE', 'CORE')]))\n"
        "print('{\"rows\": 0}')"
    )

    assert limits == [
        [512 * MEGABYTE] * 2,
        [20, 21],
        [64 * MEGABYTE] * 2,
        [32, 32],
        [0, 0],
    ]


def test_a_reader_sees_no_environment_no_descriptor_and_an_empty_folder(
    run: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALING_KEY", "secret")
    inherited = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(inherited, True)

    try:
        [seen] = run(
            "import json\n"
            "print(json.dumps({'keys': [key for key in os.environ if key != 'LC_CTYPE'],"
            " 'files': sorted(os.listdir('/proc/self/fd'))[:-1],"
            " 'here': os.listdir('.'), 'group': os.getpgid(0) == os.getpid()}))\n"
            "print('{\"rows\": 0}')"
        )
    finally:
        os.close(inherited)

    assert seen == {"keys": [], "files": ["0", "1", "2"], "here": [], "group": True}


def test_what_a_reader_started_dies_with_it(run: Callable[[str], list[Any]]) -> None:
    [child] = run(
        "child = os.fork()\nif not child: time.sleep(60)\nprint(child)\nprint('{\"rows\": 0}')"
    )

    assert is_gone(child)


def is_gone(process: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_two_readers_at_once_and_the_third_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import time; time.sleep(1.0); print('{\"rows\": 0}')")
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    answers: list[str] = []

    def read(wait: float) -> None:
        try:
            list(read_cells(b"x", "xlsx", slots=tmp_path / "slots", wait=wait))
            answers.append("read")
        except FileRefused as refused:
            answers.append(str(refused.code))

    threads = [threading.Thread(target=read, args=(0.0,)) for _ in range(3)]
    threads.append(threading.Thread(target=read, args=(10.0,)))
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["BUSY", "read", "read", "read"]


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    slots = tmp_path / "slots"
    (slots / "0" / "tmp").mkdir(parents=True)
    (slots / "0" / "input").write_bytes(b"somebody's numbers")

    assert len(read_workbook(workbook(lines_sheet(LINE)), slots=slots).rows) == 1
    assert left_behind(slots) == []


def test_every_code_of_the_reader_is_a_documented_one() -> None:
    source = Path(str(sheet_reader.__file__)).read_text()

    codes = {part.split('"')[0] for part in source.split('Refused("')[1:]}

    assert codes <= set(FileCode)


def test_a_good_workbook_writes_no_more_than_it_says() -> None:
    parts = list(sheet_reader.read(workbook(sheet({1: ["a"], 3: [1, True]})), "xlsx"))

    assert json.loads(json.dumps(parts)) == [
        {"sheet": "表1", "encoding": "", "properties": {}},
        [1, ["a"]],
        [3, [{"n": "1.0"}, True]],
        {"rows": 2},
    ]
