"""撤销上次导入: a workbook that was imported into a draft can be taken back, after a reload too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from declarations.models import Declaration, DraftLine, LastImport
from declarations.refusals import TooManyLines
from declarations.selectors.grid import opened_lines, revision_of
from declarations.services.drafts import MAX_DRAFT_LINES, lock_draft, touch
from declarations.services.grid import DraftIsNewer, NewLine, make_room, put_in
from portal.errors import Refusal

_WHY = "take an import back"


class NothingToTakeBack(Refusal):
    code = "NO_IMPORT"

    def __init__(self) -> None:
        super().__init__(_("没有可以撤销的导入。"))


@contextmanager
def undoable_import(draft: Declaration, *, replace: bool) -> Iterator[None]:
    """Remember what is imported meanwhile, and with `replace` the lines in whose place it comes.

    It takes the place of the import before it, which can be taken back no more. NotADraft.
    """
    with transaction.atomic():
        locked = lock_draft(draft)
        lines = DraftLine.objects.filter(declaration=locked)
        replaced = [
            [str(line.public_id), line.source_row, cells]
            for line, cells in (opened_lines(locked) if replace else ())
        ]
        after = lines.aggregate(last=Max("pk"))["last"] or 0
        yield
        LastImport.objects.filter(declaration=locked).delete()
        LastImport.objects.create(
            declaration=locked,
            after=after,
            until=lines.aggregate(last=Max("pk"))["last"] or 0,
            replaced=json.dumps(replaced, ensure_ascii=False),
        )


@transaction.atomic
def take_import_back(draft: Declaration, *, revision: str) -> tuple[int, int]:
    """Take the lines of the last import out, and put those that it replaced back before the rest.

    Return how many of each. What was changed in the imported lines goes with them. NotADraft,
    NothingToTakeBack, DraftIsNewer, TooManyLines.
    """
    locked = lock_draft(draft)
    if revision_of(locked) != revision:
        raise DraftIsNewer
    last = LastImport.objects.filter(declaration=locked).first()
    if last is None:
        raise NothingToTakeBack
    lines = DraftLine.objects.filter(declaration=locked)
    taken, _by_model = lines.filter(pk__gt=last.after, pk__lte=last.until).delete()
    back = [
        NewLine(UUID(public_id), at, cells, source_row)
        for at, (public_id, source_row, cells) in enumerate(last.replaced.reveal_json(_WHY), 1)
    ]
    staying = list(lines.order_by("position").values_list("pk", "position"))
    if len(staying) + len(back) > MAX_DRAFT_LINES:
        raise TooManyLines(MAX_DRAFT_LINES)
    make_room(lines, staying, back)
    put_in(locked, back)
    last.delete()
    touch(locked)
    return taken, len(back)
