"""The grid's requests: what it reads, what it may write, and what two windows do to each other."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations.models import Declaration, DraftLine, LastImport
from declarations.selectors.grid import revision_of
from declarations.services.drafts import (
    MAX_DRAFT_LINES,
    add_line,
    check,
    create_draft,
    delete_line,
    edit_header,
    put_lines,
)
from declarations.services.filing import file_draft
from declarations.services.imports import import_workbook
from declarations.workbook import headings_of
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import APRIL, LI, a_clerk, an_agent, filed, typed
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    draft = create_draft(acme, APRIL, "regular")
    put_lines(draft, [(None, typed(name=name)) for name in "甲乙丙"], replace=False)
    return draft


class Grid:
    """What the script of one window knows: the revision, and the lines' ids."""

    def __init__(self, client: Client, draft: Declaration) -> None:
        self.client = client
        self.url = reverse("declarations:grid_lines", args=[draft.public_id])
        answer = client.get(self.url)
        self.etag = answer["ETag"]
        self.lines = answer.json()["lines"]
        self.ids = [line[0] for line in self.lines]

    def send(self, **change: Any) -> Any:
        body = {"deleted": [], "changed": [], "inserted": []} | change
        answer = self.client.post(
            self.url,
            json.dumps(body),
            content_type="application/json",
            headers={"If-Match": self.etag},
        )
        self.etag = answer.headers.get("ETag", self.etag)
        return answer


def names(draft: Declaration) -> list[str]:
    rows = DraftLine.objects.filter(declaration=draft).order_by("position")
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return [row.cells.reveal_json("test").get("name", "") for row in rows]


def new(name: str, at: int) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "at": at, "cells": typed(name=name)}


def test_the_page_tells_the_script_its_columns_codes_and_texts(
    clerk: Client, draft: Declaration
) -> None:
    page = clerk.get(reverse("declarations:grid", args=[draft.public_id]))

    said = page.content.decode().split('<script id="grid-setup" type="application/json">')[1]
    setup = json.loads(said.split("</script>")[0])
    columns = {column["field"]: column for column in setup["columns"]}
    assert list(columns)[:3] == ["name", "document_type", "document_number"]
    assert columns["income"]["kind"] == "amount"
    assert "Name" in columns["name"]["headings"]
    assert [field for field in columns if columns[field]["kind"] == "law"] == list(columns)[-6:]
    assert setup["codes"]["income_item"][0][:2] == ["0101", "工资、薪金所得-普通月工资"]
    assert setup["texts"]["saved"] == "已保存 %(time)s"


def test_the_lines_come_as_they_were_typed_and_that_is_audited_once(
    clerk: Client, draft: Declaration
) -> None:
    grid = Grid(clerk, draft)

    assert [cells["name"] for _id, cells in grid.lines] == ["甲", "乙", "丙"]
    entry = AuditEntry.objects.get(action=AuditEntry.Action.REVEAL)
    assert entry.detail["times"] == 3
    assert entry.detail["column"] == "declarations_draftline.cells"


def test_one_request_changes_inserts_and_deletes(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)
    _first, second, third = grid.ids

    answer = grid.send(
        deleted=[second],
        changed=[{"id": third, "cells": {"name": "丁", "exempt_income": ""}}],
        inserted=[new("前", 1), new("中", 3), new("后", 5)],
    )

    assert answer.status_code == 200
    assert names(draft) == ["前", "甲", "中", "丁", "后"]
    cells = DraftLine.objects.get(public_id=third).cells.reveal_json("test")
    assert "exempt_income" not in cells
    assert cells["income"] == "5,000.00"
    draft.refresh_from_db()
    assert draft.fault_count is None


def test_saving_shows_nothing_and_so_is_no_reveal(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)

    grid.send(changed=[{"id": grid.ids[0], "cells": {"name": "丁"}}])

    assert AuditEntry.objects.filter(action=AuditEntry.Action.REVEAL).count() == 1


def test_each_changed_line_is_answered_with_its_faults_or_its_tax(
    clerk: Client, draft: Declaration
) -> None:
    grid = Grid(clerk, draft)

    answer = grid.send(
        changed=[
            {"id": grid.ids[0], "cells": {"document_number": "110105194912310021"}},
            {"id": grid.ids[1], "cells": {"document_number": LI}},
        ]
    )

    wrong, right = answer.json()["lines"]
    assert wrong["faults"] == [["document_number", "IDENTITY", "身份证号第 18 位应为 X,现为 1"]]
    assert wrong["law"] == {}
    assert right["faults"] == []
    assert right["law"] == {
        "law_deduction": "1600.00",
        "law_taxable": "3100.00",
        "law_rate": "15%",
        "law_quick_deduction": "125.00",
        "law_tax": "340.00",
        "law_difference": "0.00",
    }


def test_lines_are_judged_on_request(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)

    answer = clerk.post(
        reverse("declarations:grid_checks", args=[draft.public_id]),
        json.dumps({"lines": [grid.ids[2], str(uuid.uuid4())]}),
        content_type="application/json",
    )

    assert [line["id"] for line in answer.json()["lines"]] == [grid.ids[2]]
    assert AuditEntry.objects.filter(action=AuditEntry.Action.REVEAL).count() == 1


def test_the_computation_of_a_line_is_explained(clerk: Client, draft: Declaration) -> None:
    line = DraftLine.objects.filter(declaration=draft)[0]

    answer = clerk.get(reverse("declarations:grid_law", args=[draft.public_id, line.public_id]))

    assert "3,100.00" in answer.content.decode()


def test_a_save_over_a_newer_draft_is_refused_and_writes_nothing(
    clerk: Client, draft: Declaration
) -> None:
    here, there = Grid(clerk, draft), Grid(clerk, draft)
    assert there.send(changed=[{"id": there.ids[0], "cells": {"name": "别"}}]).status_code == 200

    answer = here.send(
        deleted=[here.ids[1]],
        changed=[{"id": here.ids[0], "cells": {"name": "我"}}],
        inserted=[new("新", 1)],
    )

    assert answer.status_code == 412
    assert answer.json()["code"] == "CHANGED"
    assert names(draft) == ["别", "乙", "丙"]


def test_every_way_to_change_a_draft_makes_another_revision(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    seen = {revision_of(draft)}
    line = add_line(draft, typed())
    seen.add(revision_of(draft))
    delete_line(line)
    seen.add(revision_of(draft))
    put_lines(draft, [(None, typed())], replace=True)
    seen.add(revision_of(draft))
    edit_header(draft, {"declarant": "别人"})
    seen.add(revision_of(draft))

    assert len(seen) == 5


def test_a_save_without_a_revision_is_refused(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)
    grid.etag = ""

    assert grid.send(deleted=grid.ids).status_code == 412
    assert names(draft) == ["甲", "乙", "丙"]


def test_another_declaration_s_lines_are_out_of_reach(
    clerk: Client, acme: WithholdingAgent, draft: Declaration
) -> None:
    other = create_draft(an_agent("11010002"), APRIL, "regular")
    foreign = add_line(other, typed(name="外"))
    grid = Grid(clerk, draft)

    for change in (
        {"deleted": [str(foreign.public_id)]},
        {"changed": [{"id": str(foreign.public_id), "cells": {"name": "我"}}]},
        {"inserted": [new("我", 1) | {"id": str(foreign.public_id)}]},
    ):
        assert grid.send(**change).status_code == 412

    assert names(other) == ["外"]
    assert names(draft) == ["甲", "乙", "丙"]


def test_what_the_script_would_never_send_is_refused(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)
    cells = {"id": grid.ids[0], "cells": {"name": "丁"}}

    for change in (
        {"deleted": ["1"]},
        {"deleted": None},
        {"changed": [{"id": grid.ids[0]}]},
        {"changed": [cells | {"cells": {"facts": "{}"}}]},
        {"changed": [cells | {"cells": {"name": 1}}]},
        {"changed": [cells | {"cells": {"name": "\ud800"}}]},
        {"changed": [cells | {"cells": {"name": "长" * 1001}}]},
        {"changed": [cells] * 501},
        {"inserted": [new("丁", 0)]},
        {"inserted": [new("丁", 1) | {"at": True}]},
    ):
        assert grid.send(**change).status_code == 400, change
    answer = clerk.post(grid.url, "[" * 100_000, content_type="application/json")

    assert answer.status_code == 400
    assert names(draft) == ["甲", "乙", "丙"]


def test_a_line_with_a_place_that_cannot_be_is_refused(clerk: Client, draft: Declaration) -> None:
    grid = Grid(clerk, draft)

    assert grid.send(inserted=[new("远", 5)]).status_code == 412
    assert grid.send(inserted=[new("一", 1), new("二", 1)]).status_code == 412
    assert names(draft) == ["甲", "乙", "丙"]


def test_a_filed_declaration_has_no_grid(clerk: Client, acme: WithholdingAgent) -> None:
    declaration = filed(acme)
    page = reverse("declarations:grid", args=[declaration.public_id])
    lines = reverse("declarations:grid_lines", args=[declaration.public_id])

    assert clerk.get(page)["Location"] == declaration.get_absolute_url()
    assert clerk.get(lines).status_code == 409
    assert clerk.get(lines).json()["code"] == "NOT_A_DRAFT"


def test_more_lines_than_a_draft_holds_are_refused(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.services.grid.MAX_DRAFT_LINES", 4)
    grid = Grid(clerk, draft)

    assert grid.send(inserted=[new("丁", 4)]).status_code == 200
    answer = grid.send(inserted=[new("戊", 5)])

    assert answer.status_code == 409
    assert answer.json()["code"] == "TOO_MANY"


# --- What the grid remembers ---


def workbook_of(*names: str) -> bytes:
    rows = [typed(name=name, country="中国") for name in names]
    columns = headings_of(APRIL)
    table = [list(columns.values()), *([row.get(column, "") for column in columns] for row in rows)]
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in table).encode()


def take_in(draft: Declaration, *names: str, replace: bool = False) -> None:
    user = User.objects.get(agent=draft.agent_month.agent)
    import_workbook(draft, workbook_of(*names), kind="csv", replace=replace, by=user)


def undo_import(grid: Grid, draft: Declaration) -> Any:
    url = reverse("declarations:grid_undo_import", args=[draft.public_id])
    return grid.client.post(
        url, "{}", content_type="application/json", headers={"If-Match": grid.etag}
    )


def test_an_import_that_appended_is_taken_back_and_the_rest_stays(
    clerk: Client, draft: Declaration
) -> None:
    take_in(draft, "导一", "导二")
    add_line(draft, typed(name="后"))
    grid = Grid(clerk, draft)
    assert grid.send(changed=[{"id": grid.ids[3], "cells": {"name": "改"}}]).status_code == 200
    assert names(draft) == ["甲", "乙", "丙", "改", "导二", "后"]

    answer = undo_import(grid, draft)

    assert answer.json() == {"taken": 2, "back": 0}
    assert names(draft) == ["甲", "乙", "丙", "后"]
    assert undo_import(Grid(clerk, draft), draft).json()["code"] == "NO_IMPORT"


def test_an_import_that_replaced_is_taken_back_with_what_it_replaced(
    clerk: Client, draft: Declaration
) -> None:
    before = [(line.public_id, line.cells.reveal("test")) for line in draft.draft_lines.all()]
    take_in(draft, "导一", replace=True)
    add_line(draft, typed(name="后"))
    assert names(draft) == ["导一", "后"]

    answer = undo_import(Grid(clerk, draft), draft)

    assert answer.json() == {"taken": 1, "back": 3}
    assert names(draft) == ["甲", "乙", "丙", "后"]
    after = [(line.public_id, line.cells.reveal("test")) for line in draft.draft_lines.all()]
    assert after[:3] == before


def test_only_the_last_import_is_taken_back_and_not_over_a_newer_draft(
    clerk: Client, draft: Declaration
) -> None:
    take_in(draft, "导一")
    take_in(draft, "导二")
    grid = Grid(clerk, draft)
    add_line(draft, typed(name="后"))
    assert undo_import(grid, draft).status_code == 412

    undo_import(Grid(clerk, draft), draft)

    assert names(draft) == ["甲", "乙", "丙", "导一", "后"]


def test_filing_leaves_nothing_of_what_an_import_replaced(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    user = a_clerk(acme)
    take_in(draft, "导一", replace=True)

    outcome = check(draft)
    file_draft(draft, key=uuid.uuid4(), seen=outcome.digest, filed_by=user)

    assert LastImport.objects.count() == 0


def test_each_user_s_widths_and_density_are_kept(clerk: Client, draft: Declaration) -> None:
    url = reverse("declarations:grid_look")

    def keep(look: Any) -> int:
        return clerk.post(url, json.dumps(look), content_type="application/json").status_code

    assert keep({"widths": {"name": 200}, "isDense": False}) == 204
    assert keep({"widths": {"remark": 80}, "isDense": True}) == 204
    looks: list[Any] = [
        {"widths": {"password": 100}, "isDense": True},
        {"widths": {"name": 9}, "isDense": True},
        {"widths": {"name": "100"}, "isDense": True},
        {"widths": {}, "isDense": 1},
        {"widths": {}},
        [],
    ]
    for wrong in looks:
        assert keep(wrong) == 400

    page = clerk.get(reverse("declarations:grid", args=[draft.public_id]))
    setup = page.context["setup"]
    widths = {column["field"]: column["width"] for column in setup["columns"]}
    assert (widths["name"], widths["remark"], setup["isDense"]) == (200, 80, True)


def test_twenty_thousand_lines_are_read_and_written_in_few_queries(
    clerk: Client, draft: Declaration
) -> None:
    put_lines(draft, [(None, typed())] * (MAX_DRAFT_LINES - 500), replace=True)

    with CaptureQueriesContext(connection) as reading:
        grid = Grid(clerk, draft)
    with CaptureQueriesContext(connection) as writing:
        answer = grid.send(inserted=[new("新", at) for at in range(9001, 9501)])

    assert len(grid.lines) == MAX_DRAFT_LINES - 500
    assert len(answer.json()["lines"]) == 500
    assert (len(reading), len(writing)) < (12, 30)
    assert names(draft)[8999:9002] == ["张三", "新", "新"]
