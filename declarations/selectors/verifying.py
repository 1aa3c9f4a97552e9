"""Whether a receipt is genuine: told to anybody, with nothing of what it is about."""

from __future__ import annotations

from hmac import compare_digest

from declarations.models import Declaration
from declarations.selectors.checking import digest_of
from portal.keys import SealingError


def is_genuine_receipt(receipt_number: str, digest: str) -> bool:
    """Tell whether a digest is that of the declaration with a receipt number, as it is stored now.

    The digest is computed anew, so a change behind the portal's back shows. A version that was
    superseded or withdrawn still has a genuine receipt. Two queries; one if the digest is wrong,
    which costs no computing.
    """
    declaration = (
        Declaration.objects.filter(receipt_number=receipt_number)
        .select_related("agent_month__agent")
        .first()
    )
    if declaration is None or not compare_digest(declaration.digest, digest):
        return False
    try:
        return compare_digest(digest_of(declaration), digest)
    except (SealingError, ValueError):
        # What can no longer be read is not what was filed.
        return False
