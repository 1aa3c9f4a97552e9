"""人民币大写: an amount in the figures that nobody can alter, as forms and cheques have it.

正确填写票据和结算凭证的基本规定 (Annex 1 of the 支付结算办法, Yinfa 1997 No. 393), articles 1 to 5.
"""

from __future__ import annotations

from decimal import Decimal

LIMIT = Decimal(10**16)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def in_capitals(amount: Decimal) -> str:
    """Return yuan to the fen in words: 1,409.50 is 壹仟肆佰零玖元伍角整. Not below 0, nor 10^16."""
    fen = int((amount * 100).to_integral_exact())
    if not 0 <= amount < LIMIT:
        raise ValueError("An amount in capital figures is from 0 to below 10^16 yuan.")
    whole, jiao, fen = fen // 100, fen // 10 % 10, fen % 10
    text = f"{_whole(whole)}元" if whole or not (jiao or fen) else ""
    if not jiao and not fen:
        return f"{text}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    return f"{text}{_DIGITS[fen]}分" if fen else f"{text}整"


def _whole(number: int) -> str:
    """Write a whole number: zeros in a row are one 零, none at the end of a group of four."""
    if not number:
        return _DIGITS[0]
    text, has_gap = "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if has_gap else "") + _DIGITS[digit] + _PLACES[place % 4]
        has_gap = not digit and bool(text)
        if not place % 4 and number // 10**place % 10**4:
            text += _group(place // 4, number)
    return text


def _group(group: int, number: int) -> str:
    # 万亿 loses its 亿 when a group of 亿 follows: 壹万零壹亿.
    if group == 3 and number // 10**8 % 10**4:
        return "万"
    return _GROUPS[group]
