"""Values and tests in Rego, as far as they can be read without running them."""

import pytest

from tests.make.peers.rego import Inexact, value, written_tests


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, -2.5, true, null,], # why\n "b": `c"`}', {"a": [1, -2.5, True, None], "b": 'c"'}),
        ('"quote \\" and \\n"', 'quote " and \n'),
        ("[]", []),
    ],
)
def test_rego_values(text, expected):
    assert value(text) == (expected, len(text))


@pytest.mark.parametrize("text", ["[x | x := 1]", '{"a", "b"}', "name", '{"a": f(1)}'])
def test_what_rego_would_have_to_work_out_is_inexact(text):
    with pytest.raises(Inexact):
        value(text)


def test_a_test_that_counts_nothing_is_inexact():
    assert [
        one.problem for one in written_tests('test_x if {\n r := deny with input as {"a": 1}\n r[_].msg == "b"\n}\n')
    ] == ["it does not count what is denied"]
