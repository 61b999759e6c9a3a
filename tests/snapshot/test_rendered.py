"""The tools that render charts and kustomizations: what is said where one fails, and what it is kept from."""

import time

import pytest

from kscan.snapshot import rendered
from kscan.snapshot.manifests import open_source


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'a warning' >&2; printf 'Error: one\\n  two\\n' >&2; exit 1", "does not render: one two"),
        ("exit 3", "it ended with code 3"),
        ("printf '\\377'", "no UTF-8 text"),
        ("sleep 20 & sleep 20", "took longer than 1 s"),
    ],
)
def test_a_tool_that_fails_is_told_in_one_line_and_in_time(chart, tools, monkeypatch, script, words):
    monkeypatch.setattr(rendered, "_SECONDS", 1)
    tools("helm", f"#!/bin/sh\n{script}\n")
    started = time.monotonic()
    (gap,) = open_source(chart.parent).unread
    assert words in gap.detail and "\n" not in gap.detail
    assert time.monotonic() - started < 4


def test_a_tool_that_does_not_start_is_told(chart, tools):
    tools("helm", "#!/no/such/program\n")
    (gap,) = open_source(chart.parent).unread
    assert "does not render: No such file" in gap.detail


def test_a_tool_is_kept_from_the_network(chart, tools):
    tools(
        "helm",
        '#!/bin/sh\necho "Error: ${HTTPS_PROXY#http://} ${https_proxy#http://} $GIT_ALLOW_PROTOCOL" >&2\nexit 1\n',
    )
    (gap,) = open_source(chart.parent).unread
    assert "127.0.0.1:9 127.0.0.1:9 none" in gap.detail


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Error: one 'https://example.com/a.yaml': Get: proxyconnect tcp: dial tcp 127.0.0.1:9: refused",
            "it wants https://example.com/a.yaml from the network",
        ),
        (
            "Error: git fetch ssh://git@example.com/a HEAD: fatal: transport 'ssh' not allowed",
            "it wants ssh://git@example.com/a from the network",
        ),
        ("W: 1\nerror: " + "a" * 200 + "b" * 200, "a" * 140 + " … " + "b" * 140),
        ("no word of it", "no word of it"),
        (
            '# Warning: it is old.\nE1129 16:18:29.0 1 run.go:72] "command failed" err="no \\"a\\"\\nfor a patch"',
            'no "a" for a patch',
        ),
        ('E1129 16:18:29.0 1 run.go:72] "command failed" err="one \\x00"', "one \\x00"),
        ("# Warning: it is old.\nWarning: and slow\nW1129 16:18:29.0 1 a.go:72] odd\nno such thing", "no such thing"),
        ("# Warning: it is old.", "# Warning: it is old."),
    ],
)
def test_an_error_is_told_in_one_line(text, words):
    assert rendered._one_line(text) == words
