"""Numbers that the database cannot read: a sealed field, and the blind index to find it by.

Values are sealed before SQL: psycopg2 writes them into the statement, and the statement goes into
the server's activity view and logs. `portal.ciphers` says how they are stored.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from uuid import UUID

from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute

from portal.ciphers import (
    INDEX_BYTES,
    SHORTEST,
    Place,
    SealIsBroken,
    blind_index,
    open_sealed,
    seal,
)
from portal.identity_numbers import mask_document_number
from portal.keys import KeyIsMissing, SealingError

__all__ = [
    "BlindIndexField",
    "KeyIsMissing",
    "Kind",
    "SealIsBroken",
    "Sealed",
    "SealedField",
    "SealingError",
    "blind_index",
    "mask",
    "open_sealed",
    "reveals",
    "seal",
]

Kind = Literal["document_number", "telephone", "email", "text"]


def mask(kind: Kind, plain: str) -> str:
    """Return what everybody may see of a text."""
    if kind == "document_number":
        return mask_document_number(plain)
    if kind == "telephone":
        hidden = len(plain) - min(4, len(plain) // 3)
        return "*" * hidden + plain[hidden:]
    if kind == "email":
        name, at, domain = plain.rpartition("@")
        return f"{name[:1] if len(name) > 2 else ''}***{at}{domain}" if at else "***"
    return "***"


_reveals: ContextVar[Counter[tuple[str, str]] | None] = ContextVar("reveals", default=None)


@contextmanager
def reveals() -> Iterator[Counter[tuple[str, str]]]:
    """Collect what is revealed meanwhile, for the audit: (`table.column`, reason) to how often."""
    counter: Counter[tuple[str, str]] = Counter()
    token = _reveals.set(counter)
    try:
        yield counter
    finally:
        _reveals.reset(token)


class Sealed:
    """A text that shows its mask wherever it is printed, and its content only on request.

    It is either a text to be sealed when its row is saved, or stored bytes, opened when needed.
    It cannot be pickled or turned into JSON, and it equals only itself: to compare numbers, compare
    their blind indexes. It is false when the text is empty.
    """

    __slots__ = ("_kind", "_place", "_plain", "_stored")

    _kind: Kind
    _place: Place | None
    _plain: str | None
    _stored: bytes

    @classmethod
    def of(cls, plain: str, kind: Kind = "text") -> Sealed:
        """Wrap a plain text."""
        sealed = cls()
        sealed._kind, sealed._plain, sealed._stored, sealed._place = kind, plain, b"", None
        return sealed

    @classmethod
    def stored(
        cls, stored: bytes, kind: Kind = "text", *, table: str, column: str, row: UUID
    ) -> Sealed:
        """Wrap the bytes that stand at a place of the database."""
        sealed = cls()
        sealed._kind, sealed._plain, sealed._stored = kind, None, stored
        sealed._place = Place(table, column, row)
        return sealed

    def reveal(self, reason: str) -> str:
        """Return the whole text, for a stated reason, which the audit gets (see `reveals`)."""
        if not reason.strip():
            raise ValueError("A sealed value is revealed for a reason, and none was given.")
        plain = self._open()
        counter = _reveals.get()
        if counter is not None and self._place is not None:
            counter[f"{self._place.table}.{self._place.column}", reason] += 1
        return plain

    def reveal_json(self, reason: str) -> Any:
        """Reveal a text that is JSON, and return what it says."""
        return json.loads(self.reveal(reason))

    def _open(self) -> str:
        if self._plain is None and self._place is not None:
            return open_sealed(self._stored, **self._place._asdict())
        return self._plain or ""

    def _sealed_for(self, place: Place) -> Sealed:
        """Return the value as it stands at a place: this one, or one sealed anew for there."""
        if self._place == place:
            return self
        plain = self._open()
        sealed = Sealed.stored(seal(plain, **place._asdict()), self._kind, **place._asdict())
        sealed._plain = plain
        return sealed

    def __str__(self) -> str:
        return mask(self._kind, self._open())

    def __repr__(self) -> str:
        try:
            return f"<Sealed {self}>"
        except SealingError:  # a traceback shows reprs, and must not fail over them
            return "<Sealed ***>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __bool__(self) -> bool:
        if self._plain is not None:
            return bool(self._plain)
        return len(self._stored) > SHORTEST

    def __copy__(self) -> Sealed:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Sealed:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A sealed value is not pickled: it would leave the database in the clear.")


if TYPE_CHECKING:
    _SealedFieldBase = models.Field[str | Sealed, Sealed]
    _BytesFieldBase = models.Field[bytes, bytes]
else:  # Django's fields take no type parameters at run time
    _SealedFieldBase = _BytesFieldBase = models.Field


class SealedField(_SealedFieldBase):
    """A text that is sealed before it reaches SQL; in Python a Sealed.

    A str that is assigned is wrapped; one that comes from another row is sealed anew for this row
    when it is saved. The model has `public_id`, a UUID with a default, declared above the field.
    Contact data (telephone, e-mail) are empty unless set; of everything else there is no default.

    `save()` and `bulk_create()` seal; `update()` and `bulk_update()` refuse all but the bytes that
    `seal` returned. The only look-up is `isnull`: to find a value, use its BlindIndexField.
    `values_list()` yields the stored bytes, for `open_sealed`.
    """

    def __init__(self, *args: Any, kind: Kind = "text", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind: Kind = kind
        self.empty_strings_allowed = kind in ("telephone", "email")

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bytea"

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        # The database cannot tell a sealed value, but most plain texts it can.
        column = connection.ops.quote_name(str(self.column))
        return f"octet_length({column}) >= {SHORTEST} AND get_byte({column}, 0) IN (65, 83)"

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, SealedAttribute(self))

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        messages: list[checks.CheckMessage] = super().check(**kwargs)
        fields = list(self.model._meta.concrete_fields)
        above = [field.name for field in fields[: fields.index(self)]]
        if "public_id" not in above:
            messages.append(
                checks.Error(
                    "A model with a sealed field needs the field `public_id` above it: the value"
                    " is sealed for the row that it names.",
                    hint="public_id = models.UUIDField(default=uuid.uuid4, editable=False)",
                    obj=self,
                    id="portal.E001",
                )
            )
        return messages

    def place(self, instance: models.Model) -> Place:
        """Return where the field's value of an instance stands."""
        row: UUID = instance.public_id  # type: ignore[attr-defined]  # check() asks for it
        return Place(instance._meta.db_table, str(self.column), row)

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes | None:
        value: Sealed | None = getattr(model_instance, self.attname)
        if value is None:
            return None
        sealed = value._sealed_for(self.place(model_instance))
        model_instance.__dict__[self.attname] = sealed
        return sealed._stored

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None or isinstance(value, bytes):
            return value
        raise TypeError(
            f"{self}: only sealed bytes go into SQL. Save the object, or seal the text for its row."
        )

    def from_db_value(
        self, value: memoryview | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> bytes | None:
        return None if value is None else bytes(value)

    def value_to_string(self, obj: models.Model) -> NoReturn:
        raise TypeError(f"{self} is not serialised; a dump of the database keeps it sealed.")

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class SealedAttribute(DeferredAttribute):
    """Makes a SealedField's value a Sealed of its instance, whatever was assigned."""

    field: SealedField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if isinstance(value, bytes):
            # The row was not known when the bytes came: public_id was loaded later.
            value = self._bind(instance, value)
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        if isinstance(value, str):
            value = Sealed.of(value, self.field.kind)
        elif isinstance(value, (bytes, memoryview)):
            value = bytes(value)
            if "public_id" in instance.__dict__:
                value = self._bind(instance, value)
        elif value is not None and not isinstance(value, Sealed):
            raise TypeError(f"{self.field} takes a text, not {type(value).__name__}.")
        instance.__dict__[self.field.attname] = value

    def _bind(self, instance: models.Model, stored: bytes) -> Sealed:
        place = self.field.place(instance)
        return Sealed.stored(stored, self.field.kind, **place._asdict())


class BlindIndexField(_BytesFieldBase):
    """The keyed digest of other fields of the row, computed when the row is saved.

    `of` names the fields, `key` the kind of identifier: fields with the same kind and the same
    number of parts are comparable, in whatever table. `normalise` is called with all parts, and its
    answer takes the place of the last. None when a part is none. Only equality can be asked for.

    Stale after `update()`, and after `save(update_fields=…)` that does not name it.
    """

    empty_strings_allowed = False

    def __init__(
        self,
        *args: Any,
        of: Sequence[str] = (),
        key: str = "",
        normalise: Callable[..., str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)
        # Migrations know none of the three: for them it is a column of 32 bytes, and a data
        # migration gives it the value that blind_index() returns.
        self.of = tuple(of)
        self.key = key
        self.normalise = normalise

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "bytea"

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"octet_length({connection.ops.quote_name(str(self.column))}) = {INDEX_BYTES}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if not self.of:
            return super().pre_save(model_instance, add)
        values = [getattr(model_instance, name) for name in self.of]
        index = None
        if None not in values:
            parts = [value._open() if isinstance(value, Sealed) else str(value) for value in values]
            if self.normalise is not None:
                parts[-1] = self.normalise(*parts)
            index = blind_index(self.key, *parts)
        setattr(model_instance, self.attname, index)
        return index

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, (bytes, memoryview)) and len(value) == INDEX_BYTES:
            return bytes(value)
        raise TypeError(f"{self}: look up the {INDEX_BYTES} bytes of blind_index(), not the value.")

    def from_db_value(
        self, value: memoryview | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> bytes | None:
        return None if value is None else bytes(value)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "in", "isnull") else None
