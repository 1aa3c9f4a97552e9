"""Keys are read from a file that only its owner may read, or from the environment."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal.keys import KeyIsMissing, generate_key_file, keyring

ONE, TWO, THREE = "11" * 32, "22" * 32, "33" * 32


@pytest.fixture(autouse=True)
def no_keys(settings: Settings) -> None:
    settings.SEALING_KEY_FILE = None
    settings.SEALING_KEY = None


def key_file(folder: Path, text: str, mode: int = 0o400) -> Path:
    path = folder / "sealing.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_newest_key_seals_and_all_open(settings: Settings, tmp_path: Path) -> None:
    settings.SEALING_KEY_FILE = key_file(
        tmp_path, f"# of 2006\n2:{TWO}\n\n10:{ONE}\nindex:{THREE}\n"
    )

    keys = keyring()

    assert keys.newest == 10
    assert set(keys.sealing) == {2, 10}
    assert keys.index == bytes.fromhex(THREE)


def test_the_environment_holds_the_same_lines(settings: Settings) -> None:
    settings.SEALING_KEY = f"1:{ONE},index:{THREE}"

    assert keyring().newest == 1
    assert keyring().index == bytes.fromhex(THREE)


def test_the_environment_comes_before_the_file(settings: Settings, tmp_path: Path) -> None:
    settings.SEALING_KEY_FILE = str(key_file(tmp_path, f"7:{ONE}"))
    settings.SEALING_KEY = f"1:{TWO}"

    assert keyring().newest == 1


def test_a_key_without_a_name_is_number_one_and_makes_the_indexes(
    settings: Settings, tmp_path: Path
) -> None:
    settings.SEALING_KEY_FILE = key_file(tmp_path, ONE + "\n")

    assert keyring().sealing == {1: bytes.fromhex(ONE)}
    assert keyring().index == bytes.fromhex(ONE)


@pytest.mark.parametrize("mode", [0o600, 0o440, 0o404, 0o500, 0o444, 0o4400])
def test_a_file_that_is_not_its_owners_alone_is_refused_with_the_cure(
    settings: Settings, tmp_path: Path, mode: int
) -> None:
    settings.SEALING_KEY_FILE = path = key_file(tmp_path, f"1:{ONE}", mode)

    with pytest.raises(ImproperlyConfigured, match=f"chmod 0400 {path}"):
        keyring()


def test_a_missing_file_is_refused_by_its_name(settings: Settings, tmp_path: Path) -> None:
    settings.SEALING_KEY_FILE = tmp_path / "nowhere"

    with pytest.raises(ImproperlyConfigured, match="nowhere"):
        keyring()


def test_a_device_is_not_a_key_file(settings: Settings) -> None:
    settings.SEALING_KEY_FILE = "/dev/null"

    with pytest.raises(ImproperlyConfigured, match="regular file"):
        keyring()


def test_no_key_has_no_default() -> None:
    with pytest.raises(ImproperlyConfigured, match="SEALING_KEY_FILE"):
        keyring()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"1:{ONE[2:]}", "line 1"),
        (f"1:{ONE}\n0:{TWO}", "line 2"),
        (f"1:{ONE}\nnew:{TWO}", "line 2"),
        (f"1:{ONE}\n1:{TWO}\nindex:{THREE}", "stands twice"),
        (f"256:{ONE}", "from 1 to 255"),
        (f"index:{ONE}", "there must be a key"),
        (f"1:{ONE}\n2:{TWO}", "no `index` line"),
        ("# nothing", "there must be a key"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_not_shown(
    settings: Settings, text: str, said: str
) -> None:
    settings.SEALING_KEY = text

    with pytest.raises(ImproperlyConfigured, match=said) as caught:
        keyring()

    assert ONE[2:] not in str(caught.value)
    assert TWO not in str(caught.value)


def test_an_unknown_key_is_named(settings: Settings) -> None:
    settings.SEALING_KEY = f"3:{ONE}"

    with pytest.raises(KeyIsMissing, match="the id 4 is missing") as caught:
        keyring().sealing_key(4, "sm4", 16)

    assert caught.value.key_id == 4


def test_each_purpose_has_a_key_of_its_own(settings: Settings) -> None:
    settings.SEALING_KEY = f"1:{ONE}"
    keys = keyring()

    derived = {
        keys.sealing_key(1, "sm4", 32),
        keys.sealing_key(1, "aes", 32),
        keys.index_key("person"),
        keys.index_key("enrolment"),
        bytes.fromhex(ONE),
    }

    assert len(derived) == 5


def test_keys_are_not_shown(settings: Settings) -> None:
    settings.SEALING_KEY = f"1:{ONE}\nindex:{THREE}"

    shown = repr(keyring()) + str(keyring())

    assert ONE not in shown
    assert repr(bytes.fromhex(ONE)) not in shown
    assert repr(bytes.fromhex(THREE)) not in shown


def test_a_generated_file_can_be_used_at_once(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"

    generate_key_file(path)

    settings.SEALING_KEY_FILE = path
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert keyring().newest == 1
    assert keyring().index != keyring().sealing[1]


def test_a_key_file_is_never_overwritten_and_nothing_is_left_over(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    generate_key_file(path)
    before = path.read_bytes()

    with pytest.raises(FileExistsError):
        generate_key_file(path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["sealing.key"]


def test_of_many_that_generate_at_once_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"

    def generate(_: int) -> bool:
        try:
            generate_key_file(path)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(generate, range(8)))

    assert won == 1
    assert os.listdir(tmp_path) == ["sealing.key"]
