"""Folding loses nothing, and objects are kept as they came."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscan.snapshot.fold import Marks, fold, unfold
from kscan.snapshot.pages import decode_page, keep
from tests.snapshot.builders import LIKELY, MALFORMED, POD, SPECS, WORDS, kept, listing


@settings(max_examples=150)
@given(LIKELY | SPECS)
def test_unfolding_gives_back_what_was_folded(spec):
    content = msgspec.json.encode(spec)
    assert unfold(*fold(content)) == content


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=12).map(lambda words: '"'.join(words).encode(errors="replace")))
def test_folding_is_exact_for_any_bytes(content):
    assert unfold(*fold(content)) == content


def test_what_differs_between_pods_of_one_owner_is_folded_away():
    def spec(node, host, token):
        claim = {"persistentVolumeClaim": {"claimName": f"data-{host}"}}
        volumes = [{"name": "data", **claim}, {"name": f"kube-api-access-{token}"}]
        return msgspec.json.encode({"nodeName": node, "hostname": host, "volumes": volumes})

    one, two = fold(spec("n1", "db-0", "bcdfg")), fold(spec("n2", "db-1", "hjklm"))
    assert one[0] == two[0]
    assert one[1] == Marks(b"n1", b"db-0", b"bcdfg")
    assert fold(b'{"a":"*node*","nodeName":"n1"}') == (b'{"a":"*node*","nodeName":"n1"}', Marks())


def test_who_managed_which_field_is_not_kept():
    for pod in (True, False):
        value = POD | {"metadata": {"name": "a", "managedFields": [{"manager": "x"}], "labels": {"b": "c"}}}
        body = msgspec.json.decode(kept(value, pod=pod).body)
        assert body["metadata"] == {"name": "a", "labels": {"b": "c"}}
        assert body["spec"] == POD["spec"]


@pytest.mark.parametrize("pod", [True, False])
@pytest.mark.parametrize("raw", MALFORMED)
def test_a_malformed_object_is_kept_as_it_came(raw, pod):
    item = keep(msgspec.Raw(raw), {}, pod=pod)
    found, given_ = msgspec.json.decode(item.body), msgspec.json.decode(raw)
    if isinstance(given_, dict):
        assert all(found[key] == given_[key] for key in ("metadata", "spec", "status") if key in given_)
    else:
        assert found == given_


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"kind":"Pod"}', b"\xff", b'{"kind":"PodList","items":5}', b"<a>"]
)
def test_what_is_no_list_is_no_page(content):
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        decode_page(content)


def test_pods_that_have_one_spec_share_it():
    pods = listing(*(POD | {"spec": {"nodeName": f"n{number}", "containers": []}} for number in range(5)))
    assert len({id(item.spec) for item in pods.items}) == 1
    assert [msgspec.json.decode(body)["spec"]["nodeName"] for body in pods.bodies()] == [f"n{n}" for n in range(5)]
