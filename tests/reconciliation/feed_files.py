"""Builders of the core system's files, and what comes of reading them."""

import hashlib
import io

from reconciliation.feed import FeedReader, Marker, parse_name

PAYMENTS = "JKRK_20060402_001.txt"
REGISTRATIONS = "SWDJ_20060402_001.txt"
HEADER = "H|JKRK|1.0|20060402|001|1"


def payment(amount="10.00", *, tax="10106", period="20060301|20060331", bank="工商银行"):
    return (
        f"D|V1|1|11020009|{tax}|01|{period}|1|{amount}|20060402|20060403|1100|{bank}|110103"
        "|I|20060402180000"
    )


def registration(name="北京第1扣缴单位有限公司"):
    return (
        f"D|11020001|||{name}|01|110103190410288220|01|1101|所|员|街|100000|010|5.00|20060301010000"
    )


def file_of(*lines, end="\n"):
    return "".join(line + end for line in lines).encode("gb18030")


def marker_of(content):
    return Marker(hashlib.sha256(content).hexdigest(), len(content))


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a slow disk may."""

    def __init__(self, content, step):
        self._content = io.BytesIO(content)
        self._step = step

    def read(self, size=-1):
        return self._content.read(min(self._step, size))


def read(content, name=PAYMENTS, *, marker=None, expected_count=None, stream=None):
    reader = FeedReader(
        parse_name(name),
        marker or marker_of(content),
        stream or io.BytesIO(content),
        expected_count,
    )
    return reader, list(reader.batches())


def refusal_of(content, name=PAYMENTS, **how):
    reader, _ = read(content, name, **how)
    assert (reader.refusal is None) is (reader.summary is not None)
    return reader.refusal


def fault_of(content, name=PAYMENTS, **how):
    """Return code, reason and line of the refusal, None for an accepted file."""
    refusal = refusal_of(content, name, **how)
    return refusal and (refusal.code, refusal.reason, refusal.line)
