"""Read the core system's files: bytes in; rows and quarantine, or a refusal, out.

The source of every rule in this package is the interface agreement with the core collection
system (核心征管系统). A file is read once, from front to back, in constant memory:

    reader = FeedReader(parse_name(name), parse_marker(marker), stream, expected_count=2)
    for batch in reader.batches():
        stage(batch)
    if reader.refusal: ...  # forget what was staged
    else: reader.summary

What needs the database is not decided here: CHANGED, AGENT, CONFLICT, and whether a file is a
repeat (ask `reader.sha256`).
"""

from reconciliation.feed.lines import LINE_LIMIT
from reconciliation.feed.naming import (
    FeedKind,
    FeedName,
    Marker,
    parse_marker,
    parse_name,
)
from reconciliation.feed.payments import NotOurs, PaymentKind, PaymentRow, parse_payment
from reconciliation.feed.reader import Batch, FeedReader, Summary
from reconciliation.feed.refusals import FileRefusal, Reason, RefusalCode, Refused
from reconciliation.feed.registrations import RegistrationRow, parse_registration
from reconciliation.feed.rows import QuarantinedLine, RowCode, Share, Tally

__all__ = [
    "LINE_LIMIT",
    "Batch",
    "FeedKind",
    "FeedName",
    "FeedReader",
    "FileRefusal",
    "Marker",
    "NotOurs",
    "PaymentKind",
    "PaymentRow",
    "QuarantinedLine",
    "Reason",
    "RefusalCode",
    "Refused",
    "RegistrationRow",
    "RowCode",
    "Share",
    "Summary",
    "Tally",
    "parse_marker",
    "parse_name",
    "parse_payment",
    "parse_registration",
]
