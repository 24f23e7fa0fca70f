"""JSON values and texts: what is equal, what is strict, how numbers are written."""

import json
import math
import re
from decimal import Decimal

NUMERAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Unreadable(Exception):
    """Not JSON as RFC 8259 and our reader have it."""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(left, right):
    """Equal as JSON: `true` is no 1."""
    if is_number(left) and is_number(right):
        return left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    return left == right


def sort_members(value):
    if isinstance(value, dict):
        return {name: sort_members(value[name]) for name in sorted(value)}
    return [sort_members(element) for element in value] if isinstance(value, list) else value


def integer_of(digits):
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else float(digits)


def strict_members(pairs):
    if len({name for name, _ in pairs}) < len(pairs):
        raise Unreadable("a member twice")
    return dict(pairs)


def strict_float(digits):
    number = float(digits)
    if math.isinf(number):
        raise Unreadable("a number that is not finite")
    return number


def strict_constant(word):
    raise Unreadable(word)


def float_as_text(number):
    """The shortest digits, plain from 1e-5 up to 1e16, and exponents without leading zeros."""
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    if digits == "0":
        text = "0"
    elif len(digits) <= point <= 16:
        text = digits + "0" * (point - len(digits)) + ".0"
    elif 0 < point <= 16:
        text = digits[:point] + "." + digits[point:]
    elif -5 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{point - 1:+}"
    return "-" * sign + text


def check_text(value):
    if re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
        raise Unreadable("half of a surrogate pair")
