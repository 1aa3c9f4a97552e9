"""The grid's changes of a draft: cells, new lines, lines taken out, all at once or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from declarations.models import Declaration, DraftLine, GridLook
from declarations.refusals import TooManyLines
from declarations.selectors.grid import opened_lines, revision_of
from declarations.services.drafts import (
    MAX_DRAFT_LINES,
    lock_draft,
    person_in,
    sealable,
    touch,
)
from portal.errors import Refusal
from portal.models import User

Cells = Mapping[str, str]


class DraftIsNewer(Refusal):
    """Somebody changed the draft since the grid read it; nothing was written."""

    code = "CHANGED"

    def __init__(self) -> None:
        super().__init__(_("草稿已在别处修改,这次没有保存。"))


@dataclass(frozen=True)
class NewLine:
    """A line to be put in: the id that the page gave it, and where it will stand, from 1."""

    public_id: UUID
    at: int
    cells: Mapping[str, Any]
    source_row: int | None = None


@dataclass(frozen=True)
class Change:
    """What a grid changed: lines taken out, cells by column (blank: nothing there), new lines.

    The new ones come by ascending place; each place is that in the list as it will be.
    """

    deleted: Sequence[UUID] = ()
    changed: Mapping[UUID, Cells] = field(default_factory=dict)
    inserted: Sequence[NewLine] = ()


@transaction.atomic
def change_lines(
    draft: Declaration, change: Change, *, revision: str
) -> list[tuple[DraftLine, dict[str, Any]]]:
    """Carry a grid's change out, and return the changed and the new lines with their cells.

    `revision` is that of the draft which the change was made on (`revision_of`). NotADraft,
    DraftIsNewer, TooManyLines.
    """
    locked = lock_draft(draft)
    if revision_of(locked) != revision:
        raise DraftIsNewer
    lines = DraftLine.objects.filter(declaration=locked)
    order = list(lines.order_by("position").values_list("pk", "position"))
    gone = set(lines.filter(public_id__in=change.deleted).values_list("pk", flat=True))
    written = opened_lines(locked, change.changed.keys())
    if len(gone) != len(set(change.deleted)) or len(written) != len(change.changed):
        raise DraftIsNewer
    if len(order) - len(gone) + len(change.inserted) > MAX_DRAFT_LINES:
        raise TooManyLines(MAX_DRAFT_LINES)
    for line, cells in written:
        _type_over(cells, change.changed[line.public_id])
    _write(written)
    if gone:
        lines.filter(pk__in=gone).delete()
    make_room(lines, [each for each in order if each[0] not in gone], change.inserted)
    written += put_in(locked, change.inserted)
    touch(locked)
    return written


def _type_over(cells: dict[str, Any], typed: Mapping[str, Any]) -> None:
    for column, text in typed.items():
        if isinstance(text, str) and not text.strip():
            cells.pop(column, None)
        else:
            cells[column] = text


def _write(lines: Sequence[tuple[DraftLine, dict[str, Any]]]) -> None:
    """Write cells over lines that are there, in one statement."""
    for line, cells in lines:
        line.cells = sealable(cells)
        line.document_index = person_in(cells)
    DraftLine.objects.bulk_create(
        [line for line, _cells in lines],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["cells", "document_index"],
    )


def make_room(lines: Any, order: Sequence[tuple[int, int]], inserted: Sequence[NewLine]) -> None:
    """Move the lines of an order (primary key, place) so that the new ones have their places."""
    taken = {line.at for line in inserted}
    places = range(1, len(order) + len(inserted) + 1)
    if len(taken) != len(inserted) or not taken <= set(places):
        raise DraftIsNewer
    moves: dict[int, list[int]] = {}
    free = (place for place in places if place not in taken)
    for (pk, before), place in zip(order, free, strict=True):
        if place != before:
            moves.setdefault(place - before, []).append(pk)
    # Until all have moved two may stand at one place: the constraint waits for the end.
    for by, pks in moves.items():
        lines.filter(pk__in=pks).update(position=F("position") + by)


def put_in(
    draft: Declaration, inserted: Sequence[NewLine]
) -> list[tuple[DraftLine, dict[str, Any]]]:
    """Put lines into the places that were made for them. DraftIsNewer if an id is in use."""
    written = []
    for new in inserted:
        cells: dict[str, Any] = {}
        _type_over(cells, new.cells)
        line = DraftLine(
            public_id=new.public_id,
            declaration=draft,
            position=new.at,
            source_row=new.source_row,
            cells=sealable(cells),
            document_index=person_in(cells),
        )
        written.append((line, cells))
    try:
        with transaction.atomic():
            DraftLine.objects.bulk_create([line for line, _cells in written], batch_size=2_000)
    except IntegrityError as error:
        raise DraftIsNewer from error
    return written


def keep_look(user: User, *, widths: Mapping[str, int], is_dense: bool) -> None:
    """Remember how a user has set up the grid: widths in pixels by column, and low rows."""
    known = GridLook.objects.filter(user=user).values_list("widths", flat=True).first() or {}
    GridLook.objects.update_or_create(
        user=user, defaults={"widths": {**known, **widths}, "is_dense": is_dense}
    )
