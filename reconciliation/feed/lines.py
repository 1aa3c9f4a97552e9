"""From bytes to lines, hashing on the way (section 1 of the agreement, "text")."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from typing import Protocol

from reconciliation.feed.refusals import FileRefusal, Reason, RefusalCode

# No row of the agreement comes near it; a longer line is not kept in memory but counts as
# one that cannot be read. Bytes, without the LF.
LINE_LIMIT = 1 << 20

# Stands for a line over the limit. No line can be like it.
TOO_LONG = "\n"

_ENCODING = "gb18030"
_CHUNK = 1 << 18


class Stream(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes: ...


class LineReader:
    """Reads a stream once: `blocks()` gives its lines, then hash, size and fault are known.

    The lines stop where the bytes cease to be GB18030; the hash covers the whole all the same.
    """

    def __init__(self, stream: Stream, *, chunk: int = _CHUNK) -> None:
        self.size = 0
        self.fault: FileRefusal | None = None
        self._stream = stream
        self._chunk = chunk
        self._hash = hashlib.sha256()
        self._lines = 0

    @property
    def sha256(self) -> str:
        """Return the SHA-256, lower-case hex, of what was read."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[list[str]]:
        """Yield the lines in lists of bounded size, without their ends; read to the end."""
        rest = b""
        # Checks a line over the limit piece by piece; None between such lines.
        checker: codecs.IncrementalDecoder | None = None
        for chunk in self._chunks():
            if self.fault:
                continue
            if checker:
                end = chunk.find(b"\n")
                self._check(chunk if end < 0 else chunk[:end], checker, final=end >= 0)
                if self.fault or end < 0:
                    continue
                checker = None
                self._lines += 1
                yield [TOO_LONG]
                chunk = chunk[end + 1 :]
            rest += chunk
            # LF is never part of a GB18030 character, so bytes can be cut there, and only there.
            end = rest.rfind(b"\n") + 1
            if end:
                lines = self._decode(rest[:end])
                if not self.fault:
                    self._lines += len(lines)
                    yield lines
                rest = rest[end:]
            if len(rest) > LINE_LIMIT and not self.fault:
                checker = codecs.getincrementaldecoder(_ENCODING)()
                self._check(rest, checker, final=False)
                rest = b""
        if self.fault:
            return
        if checker:
            self._check(b"", checker, final=True)
            if not self.fault:
                yield [TOO_LONG]
            return
        # One CR at the very end goes, be it all that follows the last LF: then no line is left.
        rest = rest.removesuffix(b"\r")
        if rest:
            lines = self._decode(rest + b"\n", keep_cr=True)
            if not self.fault:
                yield lines

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._stream.read(self._chunk):
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk

    def _decode(self, block: bytes, *, keep_cr: bool = False) -> list[str]:
        """Return the lines of a block of whole lines, or set the fault."""
        try:
            text = block.decode(_ENCODING)
        except UnicodeDecodeError as error:
            nul = block.find(b"\0", 0, error.start)
            if nul < 0:
                self._refuse(Reason.NOT_GB18030, block.count(b"\n", 0, error.start))
                return []
        else:
            nul = block.find(b"\0")
        if nul >= 0:
            self._refuse(Reason.NUL, block.count(b"\n", 0, nul))
            return []
        if "\r" in text and not keep_cr:
            text = text.replace("\r\n", "\n")
        lines = text.split("\n")
        lines.pop()
        if len(block) > LINE_LIMIT:
            raw = block.split(b"\n")
            lines = [
                TOO_LONG if len(raw[at]) > LINE_LIMIT else line for at, line in enumerate(lines)
            ]
        return lines

    def _check(self, piece: bytes, checker: codecs.IncrementalDecoder, *, final: bool) -> None:
        try:
            checker.decode(piece, final)
        except UnicodeDecodeError:
            self._refuse(Reason.NOT_GB18030, 0)
        else:
            if b"\0" in piece:
                self._refuse(Reason.NUL, 0)

    def _refuse(self, reason: Reason, lines_before: int) -> None:
        line = self._lines + lines_before + 1
        self.fault = FileRefusal(RefusalCode.ENCODING, reason, line)
