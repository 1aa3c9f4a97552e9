"""Persons of the register as typed or as a workbook has them: what is read, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from declarations.cells import Cell, Figure, Moment
from declarations.faults import Fault, FaultCode
from declarations.persons import COLUMNS, Person, check_person, check_persons, texts_of
from declarations.wording import fault_sentence
from tests.declarations.builders import LI, ZHANG

ZHANG_OF_15 = "110105491231002"
JOINED = date(2006, 4, 1)


def cells(**changes: Cell) -> dict[str, Cell]:
    typed: dict[str, Cell] = {
        "name": "张三",
        "document_type": "居民身份证",
        "document_number": ZHANG,
        "country": "001 中国",
        "occupation": "科研人员",
        "employed_here": "是",
    }
    return typed | changes


def faults_of(outcome: Person | list[Fault]) -> list[tuple[str, FaultCode]]:
    assert isinstance(outcome, list)
    return [(fault.field, fault.code) for fault in outcome]


def test_what_is_typed_becomes_a_person_and_again_what_is_typed() -> None:
    person = check_person(
        cells(resident="居民个人", joined_on="2006年4月1日", left_on="2008/3/31", remark="返聘")
    )

    assert person == Person(
        name="张三",
        document_type="01",
        document_number=ZHANG,
        country="001",
        occupation="2010000",
        employed_here=True,
        resident=True,
        joined_on=JOINED,
        left_on=date(2008, 3, 31),
        remark="返聘",
    )
    assert isinstance(person, Person)
    assert tuple(texts_of(person)) == COLUMNS
    assert check_person(texts_of(person)) == person


def test_a_rare_character_of_a_name_stays() -> None:
    for name in ("𠮷野", "㼆", "买买提·艾力", "约翰 John Smith"):
        person = check_person(cells(name=name))
        assert isinstance(person, Person)
        assert person.name == name


@pytest.mark.parametrize(
    "typed",
    [
        "2006-04-01",
        "2006-4-1",
        "２００６－０４－０１",
        "2006/4/1",
        "2006.04.01",
        "2006 年 4 月 1 日",
        "20060401",
        Figure("20060401.0"),
        Moment("2006-04-01T00:00:00"),
    ],
)
def test_a_day_is_read_in_every_way_to_write_it(typed: Cell) -> None:
    person = check_person(cells(joined_on=typed))

    assert isinstance(person, Person)
    assert person.joined_on == JOINED


@pytest.mark.parametrize("typed", ["2006-02-30", "2006-04", "206-04-01", "200641", "四月", True])
def test_what_is_no_day_is_named(typed: Any) -> None:
    assert len(faults_of(check_person(cells(joined_on=typed)))) == 1


def test_all_faults_come_at_once_in_the_words_of_a_line() -> None:
    outcome = check_person(
        {
            "document_type": "01",
            "document_number": "110105194912310021",
            "country": "001",
            "employed_here": "也许",
            "left_on": "昨天",
            "income": "5000",
        },
        7,
    )

    assert isinstance(outcome, list)
    assert [fault_sentence(fault) for fault in outcome] == [
        "不认识的数据项“income”,请删除",
        "请填写姓名",
        "请填写职业",
        "本单位人员应为“是”或“否”,现为“也许”",
        "离职日期应写作 2006-05-07 的样式,现为“昨天”",
        "身份证号第 18 位应为 X,现为 1",
    ]
    assert {fault.row for fault in outcome} == {7}


def test_nobody_leaves_before_joining() -> None:
    outcome = check_person(cells(joined_on="2006-04-01", left_on="2006-03-31"))

    assert faults_of(outcome) == [("left_on", FaultCode.BEFORE)]
    assert isinstance(outcome, list)
    assert fault_sentence(outcome[0]) == "离职日期应不早于入职日期 2006-04-01"
    assert isinstance(check_person(cells(joined_on="2006-04-01", left_on="2006-04-01")), Person)


def test_a_person_who_stands_twice_is_named_with_the_first_row() -> None:
    persons, faults = check_persons(
        {
            3: cells(),
            4: cells(name="李四", document_number=LI),
            9: cells(name="", document_number=ZHANG_OF_15),
            10: cells(document_type="03"),
        }
    )

    assert list(persons) == [3, 4, 10]
    assert [(fault.row, fault.field, fault.code) for fault in faults] == [
        (9, "name", FaultCode.REQUIRED),
        (9, "document_number", FaultCode.SAME_PERSON),
    ]
    assert fault_sentence(faults[1]).startswith("与第 3 行是同一人(身份证照号码相同")


def test_two_who_cannot_be_read_are_not_the_same() -> None:
    _, faults = check_persons({2: cells(document_number=""), 3: cells(document_number="")})

    assert {fault.code for fault in faults} == {FaultCode.REQUIRED}
