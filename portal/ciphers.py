"""How a text is sealed for a place of the database, opened there, and indexed without its content.

A sealed value is stored as

    cipher (1 byte, S or A) · key id (1 byte) · nonce (12) · ciphertext · tag (16)

under SM4-GCM (GB/T 32907), or AES-256-GCM with `SEALING_CIPHER = "aes"`; both kinds open at any
time. Table, column and the row's `public_id` are authenticated with it, so a value that was moved
to another row does not open.

A blind index is a keyed digest (HMAC-SM3, always): equal for equal values, and telling nothing
without the key. It has one key for each kind of identifier, shared by all tables, so that one
person can be found in all of them.
"""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache
from typing import NamedTuple, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.keys import Keyring, SealingError, keyring

NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = 2 + NONCE_BYTES
SHORTEST = HEADER_BYTES + TAG_BYTES
INDEX_BYTES = 32

_SM4 = ord("S")
_AES = ord("A")
_MARKS = {"sm4": _SM4, "aes": _AES}


class Place(NamedTuple):
    """Where a sealed value stands; it opens nowhere else."""

    table: str
    column: str
    row: UUID


class SealIsBroken(SealingError):
    """A stored value is not what was sealed for this table, column and row."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            f"The sealed value of {place.table}.{place.column}, row {place.row}, does not open:"
            " it was changed, or moved from another place."
        )


def seal(plain: str, *, table: str, column: str, row: UUID) -> bytes:
    """Seal a text for one place, with the newest key."""
    keys = keyring()
    mark = _mark(getattr(settings, "SEALING_CIPHER", "sm4"))
    nonce = os.urandom(NONCE_BYTES)
    sealed = _box(keys, mark, keys.newest).seal(nonce, plain.encode(), _aad(table, column, row))
    return bytes((mark, keys.newest)) + nonce + sealed


def open_sealed(stored: bytes, *, table: str, column: str, row: UUID) -> str:
    """Open a value that was sealed for this place, whichever key and cipher it has.

    KeyIsMissing when its key is not there; SealIsBroken when the bytes or the place are not those
    that were sealed. Counted by nobody: for code that computes with the value and does not show it.
    """
    if len(stored) < SHORTEST or stored[0] not in _MARKS.values():
        raise SealIsBroken(Place(table, column, row))
    box = _box(keyring(), stored[0], stored[1])
    try:
        plain = box.open(stored[2:HEADER_BYTES], stored[HEADER_BYTES:], _aad(table, column, row))
    except InvalidTag:
        raise SealIsBroken(Place(table, column, row)) from None
    return plain.decode()


def blind_index(kind: str, *parts: str) -> bytes:
    """Return the 32 bytes by which equal identifiers of a kind are found.

    Each part is folded (NFKC), trimmed and put into upper case; whatever else makes two spellings
    the same thing (15 and 18 digits) is for the caller to do first.
    """
    digest = _index_hmac(keyring(), kind).copy()
    # Lengths, because a separator could stand in a part; any text has an index, even one that
    # no column would take: this is what a stranger typed.
    folded = map(_normalised, parts)
    digest.update("".join(f"{len(part)}:{part}" for part in folded).encode(errors="surrogatepass"))
    return digest.finalize()


class _Box(Protocol):
    """A cipher with its key: ciphertext and tag stand together."""

    def seal(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes: ...

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes: ...


class SM4Box:
    """SM4-GCM (RFC 8998). `cryptography` has no one-call form of it."""

    KEY_BYTES = 16

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def seal(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        encryptor = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        mode = modes.GCM(nonce, sealed[-TAG_BYTES:])
        decryptor = Cipher(self._algorithm, mode).decryptor()
        decryptor.authenticate_additional_data(aad)
        return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()


class AESBox:
    """AES-256-GCM."""

    KEY_BYTES = 32

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        return self._cipher.encrypt(nonce, plain, aad)

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        return self._cipher.decrypt(nonce, sealed, aad)


@lru_cache(maxsize=64)
def _box(keys: Keyring, mark: int, key_id: int) -> _Box:
    if mark == _SM4:
        return SM4Box(keys.sealing_key(key_id, "sm4", SM4Box.KEY_BYTES))
    return AESBox(keys.sealing_key(key_id, "aes", AESBox.KEY_BYTES))


@lru_cache(maxsize=64)
def _index_hmac(keys: Keyring, kind: str) -> hmac.HMAC:
    return hmac.HMAC(keys.index_key(kind), hashes.SM3())


@lru_cache(maxsize=8)
def _mark(cipher: str) -> int:
    try:
        return _MARKS[cipher.lower()]
    except KeyError:
        raise ImproperlyConfigured(
            f"SEALING_CIPHER is {cipher!r} and must be sm4 or aes."
        ) from None


def _aad(table: str, column: str, row: UUID) -> bytes:
    return f"{table}\0{column}\0".encode() + row.bytes


def _normalised(part: str) -> str:
    return unicodedata.normalize("NFKC", part).strip().upper()
