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


@pytest.fixture(scope="module")
def kubectl(server, assets, tmp_path_factory):
    """What kubectl makes of texts, each a file of its own, in one start."""
    need(assets, "kubectl")

    def run(texts, *how):
        folder = tmp_path_factory.mktemp("manifests")
        for number, text in enumerate(texts):
            (folder / f"{number:03}.yaml").write_bytes(text.encode())
        words = [assets / "kubectl", "--kubeconfig", server.kubeconfig(), *how, "-o", "json", "-f", folder]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def apply(kubectl):
    return lambda text: kubectl([text], "apply", "--dry-run=server")


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
PROBE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a%d, namespace: default}\nprobe:\n"


def probes(texts):
    return [PROBE % number + indent(text, "  ") for number, text in enumerate(texts)]


def objects(printed):
    """What it prints of several objects: a list, or one after the other."""
    while printed := printed.strip():
        found, end = json.JSONDecoder().raw_decode(printed)
        yield from found["items"] if found["kind"] == "List" else [found]
        printed = printed[end:]


def test_a_key_means_what_it_means_to_kubectl(kubectl):
    texts, values = zip(*test_keys.TAKEN, strict=True)
    done = kubectl(probes(texts), *AS_IT_IS)
    assert done.returncode == 0, done.stderr
    taken = {one["metadata"]["name"]: one["probe"] for one in objects(done.stdout)}
    for number, (text, value) in enumerate(zip(texts, values, strict=True)):
        assert taken[f"a{number}"] == value, text


def test_keys_that_kubectl_does_not_read(kubectl):
    # One that is read comes last, so that all before it were tried.
    done = kubectl(probes([*test_keys.REFUSED, "x: y"]), *AS_IT_IS)
    read = [one["metadata"]["name"] for one in objects(done.stdout)]
    assert read == [f"a{len(test_keys.REFUSED)}"], done.stderr


@pytest.fixture(scope="module")
def parted(kubectl):
    texts = [text.replace("evil", f"evil-{number}") for number, text in enumerate(test_parts.TAKEN)]
    return kubectl(texts, *AS_IT_IS).stdout


@pytest.mark.parametrize("number", range(len(test_parts.TAKEN)))
def test_kubectl_finds_what_no_parting_hides(number, parted):
    assert f'"evil-{number}"' in parted, test_parts.TAKEN[number]
