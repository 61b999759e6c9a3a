"""Manifests with tags, as kubectl and the API server take them and as kscan does."""

import json
import subprocess
from textwrap import indent

import pytest

from kscan.snapshot.marked import Broken, marked
from tests.live.conftest import need
from tests.snapshot import test_keys, test_parts
from tests.snapshot.test_unread import REFUSED, TAGGED

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a%d}\ndata:\n  ? %s\n  : %s\n"


@pytest.fixture
def apply(server, assets, tmp_path):
    need(assets, "kubectl")

    def run(text, *how):
        (tmp_path / "all.yaml").write_bytes(text.encode())
        words = [assets / "kubectl", "--kubeconfig", server.kubeconfig(), *(how or ("apply", "--dry-run=server")),
                 "-o", "json", "-f", tmp_path / "all.yaml"]  # fmt: skip
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_a_tag_means_what_it_means_to_kubectl(apply):
    texts = [word for word, value in TAGGED if isinstance(value, str)]
    # As a value, and as a key.
    text = "---\n".join(CONFIG % (number, word, word) for number, word in enumerate(texts))
    done = apply(text)
    assert done.returncode == 0, done.stderr
    taken = [one["data"] for one in json.loads(done.stdout)["items"]]
    assert taken == [one.value["data"] for one in marked(text)]


def test_a_kind_behind_a_tag(apply):
    text = ("apiVersion: v1\nkind: !!binary UG9k\nmetadata: {name: evil, namespace: shop}\n"
            "spec: {!!binary aG9zdFBJRA==: !!bool 'true', containers: [{name: a, image: a}]}\n")  # fmt: skip
    (found,) = marked(text)
    taken = json.loads(apply(text).stdout)
    assert taken["kind"] == found.value["kind"] == "Pod"
    assert taken["spec"]["hostPID"] is found.value["spec"]["hostPID"] is True


@pytest.mark.parametrize("word", REFUSED)
def test_what_kubectl_does_not_read(word, apply):
    text = CONFIG % (0, "k", word)
    assert apply(text).returncode and isinstance(next(marked(text)), Broken)


AS_IT_IS = ("create", "--dry-run=client", "--validate=false")
PROBE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\nprobe:\n"


def test_a_key_means_what_it_means_to_kubectl(apply):
    for text, value in test_keys.TAKEN:
        done = apply(PROBE + indent(text, "  "), *AS_IT_IS)
        assert done.returncode == 0, (text, done.stderr)
        assert json.loads(done.stdout)["probe"] == value, text


def test_keys_that_kubectl_does_not_read(apply):
    for text in test_keys.REFUSED:
        assert apply(PROBE + indent(text, "  "), *AS_IT_IS).returncode, text


@pytest.mark.parametrize("text", test_parts.TAKEN)
def test_kubectl_finds_what_no_parting_hides(text, apply):
    assert '"evil"' in apply(text, *AS_IT_IS).stdout
