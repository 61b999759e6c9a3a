"""The nouns of Kubernetes: what they share."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.model.base import decode_object, without_nulls

TEXTS = st.sampled_from(["a", "b", 'x":null', ',"a":null', '{"a":null', "null", "\\", '"', "a/b.c-d", "é", ""])
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200)
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_nulls_are_dropped_from_maps_and_nothing_else_is(value):
    assert decode_object(msgspec.json.encode(value)) == without_nulls(value)
    assert decode_object(msgspec.json.format(msgspec.json.encode(value))) == without_nulls(value)
