"""How much of one object is judged: beyond it costs time and memory that all others would have to wait for."""

from typing import Any

# The runtime of expressions makes a list anew for each member that it adds: of 10,000 it takes gigabytes.
MOST_ITEMS = 2000
MOST_VALUES = 20_000
# Of subjects that hold the same by the same bindings, one more says nothing more.
MOST_ALIKE = 200
# Of names that the same roles allow the same for.
MOST_NAMES = 20
# What is shown of a rule, which may name ten thousands of words, or long ones, and stands in many findings.
MOST_WORDS = 60
MOST_LETTERS = 2000
# Changes that a sentence tells.
MOST_CHANGES = 30
# So many bytes of JSON hold no such list: each item takes two.
SMALL = 2 * MOST_ITEMS


def too_much(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Why an object is more than is judged; empty where it is not."""
    values, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, list) and len(one) > MOST_ITEMS:
            return f"it holds a list of {len(one):,} items, and kscan judges {MOST_ITEMS:,} at most"
        values += len(one)
        if values > MOST_VALUES:
            return f"it holds more than {MOST_VALUES:,} values, and kscan judges no more"
        left += [each for each in (one.values() if isinstance(one, dict) else one) if isinstance(each, dict | list)]
    return ""
