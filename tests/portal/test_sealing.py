"""Personal data cannot be read in the database, nor by accident outside it."""

from __future__ import annotations

import copy
import hmac
import json
import logging
import pickle
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone
from pytest_django import Settings

from portal.ciphers import AESBox, SM4Box
from portal.identity_numbers import same_person_number
from portal.keys import KeyIsMissing, keyring
from portal.models import WithholdingAgent
from portal.sealing import (
    BlindIndexField,
    Sealed,
    SealedField,
    SealIsBroken,
    blind_index,
    mask,
    open_sealed,
    reveals,
    seal,
)

NUMBER = "11010519491231002X"
MASKED = "110***********002X"
ROW, OTHER_ROW = uuid.UUID(int=1), uuid.UUID(int=2)
ONE, TWO = "11" * 32, "22" * 32


@pytest.fixture(autouse=True)
def one_key(settings: Settings) -> None:
    settings.SEALING_KEY_FILE = None
    settings.SEALING_KEY = f"1:{ONE},index:{ONE}"
    settings.SEALING_CIPHER = "sm4"


def seal_number(row: uuid.UUID = ROW) -> bytes:
    return seal(NUMBER, table="lines", column="document_number", row=row)


def open_number(stored: bytes, row: uuid.UUID = ROW) -> str:
    return open_sealed(stored, table="lines", column="document_number", row=row)


def stored_number() -> Sealed:
    return Sealed.stored(
        seal_number(), "document_number", table="lines", column="document_number", row=ROW
    )


# The ciphers


def test_sm3_gives_the_answer_of_its_standard() -> None:
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")

    assert digest.finalize().hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_sm4_gcm_gives_the_answer_of_rfc_8998() -> None:
    box = SM4Box(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    aad = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )

    assert box.seal(nonce, plain, aad) == sealed
    assert box.open(nonce, sealed, aad) == plain


def test_aes_gcm_gives_the_answer_of_its_designers() -> None:
    # McGrew and Viega, The Galois/Counter Mode of Operation, test case 16.
    box = AESBox(bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )

    assert box.seal(nonce, plain, aad) == sealed
    assert box.open(nonce, sealed, aad) == plain


@pytest.mark.parametrize("box", [SM4Box(bytes(16)), AESBox(bytes(32))])
def test_another_nonce_or_other_authenticated_data_do_not_open(box: SM4Box | AESBox) -> None:
    sealed = box.seal(bytes(12), b"plain", b"here")

    with pytest.raises(InvalidTag):
        box.open(bytes(11) + b"1", sealed, b"here")
    with pytest.raises(InvalidTag):
        box.open(bytes(12), sealed, b"there")


# Sealing for a place


@pytest.mark.parametrize("cipher", ["sm4", "aes"])
@pytest.mark.parametrize("plain", ["", "1", NUMBER, "张三丰", '{"姓名": "𠮷"}', "x" * 100_000])
def test_what_was_sealed_opens(settings: Settings, cipher: str, plain: str) -> None:
    settings.SEALING_CIPHER = cipher

    stored = seal(plain, table="lines", column="document_number", row=ROW)

    assert open_number(stored) == plain
    assert len(stored) == len(plain.encode()) + 30
    assert not plain or plain.encode() not in stored or len(plain) < 4


@pytest.mark.parametrize("cipher", ["sm4", "aes"])
def test_every_changed_byte_is_noticed(settings: Settings, cipher: str) -> None:
    settings.SEALING_CIPHER = cipher
    stored = seal_number()

    for position in range(len(stored)):
        for change in (0x01, 0x80, 0xFF):
            changed = bytearray(stored)
            changed[position] ^= change
            with pytest.raises((SealIsBroken, KeyIsMissing)):
                open_number(bytes(changed))


def test_a_value_that_was_cut_or_lengthened_is_noticed() -> None:
    stored = seal_number()

    for length in range(len(stored)):
        with pytest.raises(SealIsBroken):
            open_number(stored[:length])
    with pytest.raises(SealIsBroken):
        open_number(stored + b"\0")


def test_a_value_opens_only_in_its_table_column_and_row() -> None:
    stored = seal_number()

    with pytest.raises(SealIsBroken, match=str(OTHER_ROW)):
        open_number(stored, OTHER_ROW)
    with pytest.raises(SealIsBroken):
        open_sealed(stored, table="agents", column="document_number", row=ROW)
    with pytest.raises(SealIsBroken):
        open_sealed(stored, table="lines", column="telephone", row=ROW)
    with pytest.raises(SealIsBroken):  # the names' boundary is authenticated too
        open_sealed(stored, table="linesdocument", column="_number", row=ROW)


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    assert len({seal_number() for _ in range(1000)}) == 1000
    assert len({seal_number()[2:14] for _ in range(1000)}) == 1000


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Settings) -> None:
    old = seal_number()
    settings.SEALING_KEY = f"1:{ONE},2:{TWO},index:{ONE}"

    new = seal_number()

    assert (old[1], new[1]) == (1, 2)
    assert open_number(old) == open_number(new) == NUMBER


def test_a_key_that_is_gone_is_named(settings: Settings) -> None:
    stored = seal_number()
    settings.SEALING_KEY = f"2:{TWO}"

    with pytest.raises(KeyIsMissing, match="the id 1 is missing"):
        open_number(stored)


def test_another_key_of_the_same_number_does_not_open(settings: Settings) -> None:
    stored = seal_number()
    settings.SEALING_KEY = f"1:{TWO}"

    with pytest.raises(SealIsBroken):
        open_number(stored)


def test_both_ciphers_open_whichever_seals(settings: Settings) -> None:
    with_sm4 = seal_number()
    settings.SEALING_CIPHER = "aes"
    with_aes = seal_number()

    assert (with_sm4[:1], with_aes[:1]) == (b"S", b"A")
    assert open_number(with_sm4) == open_number(with_aes) == NUMBER


def test_an_unknown_cipher_is_refused(settings: Settings) -> None:
    settings.SEALING_CIPHER = "rot13"

    with pytest.raises(ImproperlyConfigured, match="sm4 or aes"):
        seal_number()


def test_an_error_holds_nothing_of_the_content() -> None:
    with pytest.raises(SealIsBroken) as caught:
        open_number(seal_number(), OTHER_ROW)

    assert NUMBER not in repr(caught.value)
    assert caught.value.__cause__ is None


# The blind index


def test_a_blind_index_is_an_hmac_sm3_under_the_key_of_its_kind() -> None:
    message = f"2:0118:{NUMBER}".encode()
    expected = hmac.new(keyring().index_key("person"), message, "sm3")

    assert blind_index("person", "01", NUMBER) == expected.digest()


@pytest.mark.parametrize("spelling", [NUMBER.lower(), f" {NUMBER}\t", "１１０" + NUMBER[3:]])
def test_spellings_of_a_number_have_one_index(spelling: str) -> None:
    assert blind_index("enrolment", spelling) == blind_index("enrolment", NUMBER)


def test_different_things_have_different_indexes(settings: Settings) -> None:
    indexes = [
        blind_index("person", "01", NUMBER),
        blind_index("person", "02", NUMBER),
        blind_index("person", "0", "1" + NUMBER),
        blind_index("person", "01" + NUMBER),
        blind_index("person", "01" + NUMBER, ""),
        blind_index("enrolment", "01", NUMBER),
    ]
    settings.SEALING_KEY = f"1:{TWO}"
    indexes.append(blind_index("person", "01", NUMBER))

    assert len(set(indexes)) == 7


def test_a_changed_sealing_key_leaves_the_indexes_alone(settings: Settings) -> None:
    before = blind_index("person", "01", NUMBER)
    settings.SEALING_KEY = f"1:{ONE},2:{TWO},index:{ONE}"

    assert blind_index("person", "01", NUMBER) == before


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b", "😀"])
def test_whatever_a_stranger_types_has_an_index(text: str) -> None:
    assert len(blind_index("attempt", text)) == 32


# The mask


@pytest.mark.parametrize(
    ("sealed", "masked"),
    [
        (Sealed.of(NUMBER, "document_number"), MASKED),
        (Sealed.of("13812345678", "telephone"), "********678"),
        (Sealed.of("010-12345678-12", "telephone"), "***********8-12"),
        (Sealed.of("110", "telephone"), "**0"),
        (Sealed.of("zhang@example.com", "email"), "z***@example.com"),
        (Sealed.of("zs@example.com", "email"), "***@example.com"),
        (Sealed.of("no address", "email"), "***"),
        (Sealed.of('{"name": "张三"}', "text"), "***"),
        (Sealed.of("", "text"), "***"),
        (Sealed.of("", "telephone"), ""),
    ],
)
def test_a_sealed_value_shows_its_mask(sealed: Sealed, masked: str) -> None:
    assert str(sealed) == masked
    assert f"{sealed}" == masked
    assert f"{sealed:>20}" == masked.rjust(20)
    assert "{}".format(sealed) == masked  # noqa: UP032  the other way to format
    assert "%s" % sealed == masked  # noqa: UP031  and the third
    assert repr(sealed) == f"<Sealed {masked}>"


@pytest.mark.parametrize("sealed", [Sealed.of(NUMBER, "document_number"), stored_number])
def test_nothing_shows_the_text_by_accident(
    sealed: Sealed, caplog: pytest.LogCaptureFixture
) -> None:
    value = sealed() if callable(sealed) else sealed

    with caplog.at_level(logging.INFO):
        logging.getLogger("portal").info("%s %r %s", value, value, {"number": value})
    shown = caplog.text + repr([value]) + repr({"n": value}) + ascii(value)

    assert NUMBER not in shown
    assert MASKED in shown


def test_a_sealed_value_is_neither_pickled_nor_put_into_json() -> None:
    for value in (Sealed.of(NUMBER), stored_number()):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="not pickled"):
                pickle.dumps(value, protocol)
        with pytest.raises(TypeError):
            json.dumps(value)
        with pytest.raises(TypeError):
            json.dumps(value, cls=DjangoJSONEncoder)
        with pytest.raises(TypeError):
            vars(value)


def test_a_value_that_cannot_be_opened_says_so_but_can_stand_in_a_traceback(
    settings: Settings,
) -> None:
    value = stored_number()
    settings.SEALING_KEY = f"2:{TWO}"

    with pytest.raises(KeyIsMissing):
        str(value)
    assert repr(value) == "<Sealed ***>"


def test_a_copy_of_a_sealed_value_is_the_value() -> None:
    value = stored_number()

    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value


def test_a_sealed_value_is_false_when_it_is_empty() -> None:
    empty = seal("", table="lines", column="telephone", row=ROW)

    assert not Sealed.of("")
    assert Sealed.of("0")
    assert not Sealed.stored(empty, table="lines", column="telephone", row=ROW)
    assert stored_number()


def test_mask_is_there_for_texts_that_are_not_sealed() -> None:
    assert mask("document_number", NUMBER) == MASKED


# Revealing


def test_revealing_needs_a_reason_and_is_collected() -> None:
    value = stored_number()

    with pytest.raises(ValueError, match="reason"):
        value.reveal("  ")
    with reveals() as collected:
        assert value.reveal("printed form") == NUMBER
        assert value.reveal("printed form") == NUMBER
        str(value)

    assert collected == {("lines.document_number", "printed form"): 2}


def test_a_reveal_outside_goes_uncollected_and_a_typed_text_is_none() -> None:
    with reveals() as collected:
        assert Sealed.of(NUMBER).reveal("just typed") == NUMBER
    stored_number().reveal("later")

    assert not collected


def test_a_sealed_payload_is_read_as_json() -> None:
    assert Sealed.of('{"姓名": "张三"}').reveal_json("checking") == {"姓名": "张三"}


# The fields, in a table that only this test has


def number_only(document_type: str, number: str) -> str:
    return same_person_number(number) if document_type == "01" else number


@pytest.fixture
def person(db: None) -> Iterator[Any]:
    with isolate_apps("tests.portal"):

        class Person(models.Model):  # noqa: DJ008  nobody prints it
            public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
            document_type = models.CharField(max_length=2, default="01")
            document_number = SealedField(kind="document_number")
            document_index = BlindIndexField(
                of=["document_type", "document_number"], key="person", normalise=number_only
            )
            telephone = SealedField(kind="telephone")
            note = SealedField(null=True)  # type: ignore[misc]  # typed for columns with a value
            note_index = BlindIndexField(of=["note"], key="note", null=True)  # type: ignore[misc]

            class Meta:
                app_label = "portal"

        with connection.schema_editor() as editor:
            editor.create_model(Person)
        yield Person


def columns(instance: models.Model, column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM portal_person WHERE id = %s",  # noqa: S608  a name of this file
            [instance.pk],
        )
        return bytes(cursor.fetchone()[0])


def test_a_saved_text_is_sealed_for_its_row_before_sql(person: Any) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        zhang = person.objects.create(document_number=NUMBER, note="备注甲乙丙")

    stored = columns(zhang, "document_number")
    assert NUMBER not in str(queries.captured_queries)
    assert NUMBER.encode().hex() not in str(queries.captured_queries)
    assert "备注甲乙丙" not in str(queries.captured_queries)
    place = {"table": "portal_person", "column": "document_number", "row": zhang.public_id}
    assert open_sealed(stored, **place) == NUMBER


def test_what_is_read_shows_its_mask_and_opens(person: Any) -> None:
    pk = person.objects.create(document_number=NUMBER, telephone="13812345678").pk

    zhang = person.objects.get(pk=pk)

    assert str(zhang.document_number) == MASKED
    assert zhang.document_number.reveal("test") == NUMBER
    assert str(zhang.telephone) == "********678"
    assert zhang.note is None


def test_the_value_in_hand_after_saving_is_that_of_the_row(person: Any) -> None:
    zhang = person.objects.create(document_number=NUMBER)

    with reveals() as collected:
        assert zhang.document_number.reveal("test") == NUMBER

    assert collected == {("portal_person.document_number", "test"): 1}


def test_contact_data_are_empty_unless_set_and_a_number_is_required(
    person: Any,
) -> None:
    assert not person.objects.create(document_number=NUMBER).telephone

    with transaction.atomic(), pytest.raises(IntegrityError):
        person.objects.create()


def test_bulk_create_seals(person: Any) -> None:
    numbers = [f"{NUMBER[:-1]}{digit}" for digit in range(10)]

    person.objects.bulk_create([person(document_number=number) for number in numbers])

    read = person.objects.order_by("pk")
    assert [each.document_number.reveal("test") for each in read] == numbers
    assert [each.document_index for each in read] == [
        blind_index("person", "01", number) for number in numbers
    ]


def test_saving_again_leaves_the_stored_bytes_alone(person: Any) -> None:
    zhang = person.objects.create(document_number=NUMBER)
    before = columns(zhang, "document_number")

    zhang.save()
    person.objects.get(pk=zhang.pk).save()

    assert columns(zhang, "document_number") == before


def test_a_value_of_another_row_is_sealed_anew(person: Any) -> None:
    zhang = person.objects.create(document_number=NUMBER)
    read = person.objects.get(pk=zhang.pk)

    copied = person.objects.create(document_number=read.document_number)

    assert columns(copied, "document_number") != columns(zhang, "document_number")
    again = person.objects.get(pk=copied.pk)
    assert again.document_number.reveal("test") == NUMBER


def test_a_row_that_is_saved_as_a_new_one_is_sealed_anew(person: Any) -> None:
    zhang = person.objects.get(pk=person.objects.create(document_number=NUMBER).pk)

    zhang.pk, zhang.public_id = None, uuid.uuid4()
    zhang.save(force_insert=True)

    assert person.objects.get(pk=zhang.pk).document_number.reveal("test") == NUMBER


def test_rows_whose_values_were_swapped_in_the_database_do_not_open(
    person: Any,
) -> None:
    zhang = person.objects.create(document_number=NUMBER)
    li = person.objects.create(document_number="G12345678")
    stored = columns(zhang, "document_number")

    person.objects.filter(pk=li.pk).update(document_number=stored)

    with pytest.raises(SealIsBroken):
        person.objects.get(pk=li.pk).document_number.reveal("test")


def test_deferred_and_refreshed_values_open(person: Any) -> None:
    pk = person.objects.create(document_number=NUMBER).pk

    for read in (
        person.objects.only("document_number").get(pk=pk),
        person.objects.only("public_id").get(pk=pk),
        person.objects.defer("document_number").get(pk=pk),
    ):
        assert read.document_number.reveal("test") == NUMBER

    zhang = person.objects.get(pk=pk)
    zhang.document_number = "G12345678"
    zhang.refresh_from_db()
    assert zhang.document_number.reveal("test") == NUMBER


def test_reading_rows_opens_none_of_them(person: Any, settings: Settings) -> None:
    person.objects.create(document_number=NUMBER)
    settings.SEALING_KEY = f"2:{TWO}"

    assert len(person.objects.all()) == 1


def test_values_are_the_stored_bytes(person: Any) -> None:
    person.objects.create(document_number=NUMBER)

    row, stored = person.objects.values_list("public_id", "document_number").get()

    place = {"table": "portal_person", "column": "document_number"}
    assert open_sealed(stored, row=row, **place) == NUMBER


def test_no_plain_text_gets_into_sql(person: Any) -> None:
    zhang = person.objects.create(document_number=NUMBER)

    with pytest.raises(TypeError, match="only sealed bytes"):
        person.objects.update(document_number=NUMBER)
    with pytest.raises(TypeError, match="only sealed bytes"):
        person.objects.bulk_update([zhang], ["document_number"])
    with pytest.raises(FieldError):
        person.objects.filter(document_number=NUMBER).exists()
    with pytest.raises(FieldError):
        person.objects.filter(document_number__startswith="110").exists()
    with pytest.raises(TypeError, match="takes a text"):
        zhang.document_number = 110105194912310021
    with pytest.raises(TypeError, match="not serialised"):
        zhang._meta.get_field("document_number").value_to_string(zhang)


@pytest.mark.parametrize("text", [b"G12345678", NUMBER.encode() * 2, b"S" * 29])
def test_the_database_refuses_what_is_not_sealed(person: Any, text: bytes) -> None:
    zhang = person.objects.create(document_number=NUMBER)

    with pytest.raises(IntegrityError), transaction.atomic():
        person.objects.filter(pk=zhang.pk).update(document_number=text)


def test_rows_are_found_by_their_blind_index(person: Any) -> None:
    zhang = person.objects.create(document_number="110105491231002")
    person.objects.create(document_number="G12345678", document_type="03")

    index = blind_index("person", "01", NUMBER)

    assert person.objects.get(document_index=index) == zhang
    assert person.objects.get(document_index__in=[index]) == zhang
    assert {person.objects.get(pk=zhang.pk).document_index: "is a key"}
    assert person.objects.filter(note_index=None).count() == 2


def test_a_blind_index_follows_its_fields(person: Any) -> None:
    zhang = person.objects.create(document_number=NUMBER, note="a")
    read = person.objects.get(pk=zhang.pk)

    read.document_type, read.note = "02", "b"
    read.save()

    again = person.objects.get(pk=zhang.pk)
    assert again.document_index == blind_index("person", "02", NUMBER)
    assert again.note_index == blind_index("note", "b")


def test_a_blind_index_is_asked_for_nothing_but_equality(person: Any) -> None:
    with pytest.raises(FieldError):
        person.objects.filter(document_index__gt=bytes(32)).exists()
    with pytest.raises(TypeError, match="32 bytes"):
        person.objects.filter(document_index=NUMBER).exists()


def test_a_migration_knows_only_the_columns(person: Any) -> None:
    for name in ("document_number", "document_index"):
        _, path, arguments, options = person._meta.get_field(name).deconstruct()
        assert path.startswith("portal.sealing.")
        assert arguments == []
        assert set(options) <= {"editable"}


@isolate_apps("tests.portal")
def test_a_model_without_a_public_id_above_its_sealed_field_fails_the_check() -> None:
    class Late(models.Model):  # noqa: DJ008  nor this one
        number = SealedField()
        public_id = models.UUIDField(default=uuid.uuid4)

        class Meta:
            app_label = "portal"

    assert [message.id for message in Late.check()] == ["portal.E001"]


@pytest.mark.django_db
def test_an_agent_is_found_by_either_form_of_its_registered_number() -> None:
    acme = WithholdingAgent.objects.create(
        computer_code="12345678",
        name="某公司",
        document_type="01",
        document_number="110105491231002",
        status=WithholdingAgent.Status.NORMAL,
        registered_at=timezone.now(),
        registration_index=bytes(32),
    )

    found = WithholdingAgent.objects.get(document_index=blind_index("enrolment", NUMBER))

    assert found == acme
    assert str(found.document_number) == "11**********002"
    assert not found.contact_email
