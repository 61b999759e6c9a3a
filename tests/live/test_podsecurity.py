"""Whom a real API server refuses, at several levels and versions, and what for, is what kscan says."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from kscan.model.podsecurity.level import Level, minor_of
from kscan.model.podsecurity.standards import meets, violations
from tests.live.random_pods import Pods
from tests.live.test_rbac import Client

SEED = int(os.environ.get("KSCAN_SEED", "0")) or int.from_bytes(os.urandom(3), "big")
PODS = 600
LABEL = "pod-security.kubernetes.io/enforce"
OPEN = "pods-open"
LEVELS = (Level.BASELINE, Level.RESTRICTED)
POLICIES = [
    (level, version)
    for level in LEVELS
    for version in (
        "v1.0",
        "v1.8",
        "v1.18",
        "v1.19",
        "v1.22",
        "v1.24",
        "v1.25",
        "v1.28",
        "v1.30",
        "v1.31",
        "v1.34",
    )
]
# How a refusal calls what it is for.
CONTROLS = {
    "allowPrivilegeEscalation != false": "privilege-escalation",
    "forbidden AppArmor profile": "app-armor",
    "forbidden AppArmor profiles": "app-armor",
    "forbidden sysctls": "sysctls",
    "host namespaces": "host-namespaces",
    "hostPath volumes": "volumes",
    "hostPort": "host-ports",
    "hostProcess": "host-process",
    "non-default capabilities": "capabilities",
    "privileged": "privileged",
    "probe or lifecycle host": "hook-hosts",
    "procMount": "proc-mount",
    "restricted volume types": "volumes",
    "runAsNonRoot != true": "run-as-non-root",
    "runAsUser=0": "run-as-user",
    "seLinuxOptions": "selinux",
    "seccompProfile": "seccomp",
    "unrestricted capabilities": "capabilities",
}


def namespace(level, version):
    return f"pods-{level}-{version.replace('.', '-')}"


@pytest.fixture(scope="module")
def client(server):
    client = Client(server)
    every = {*POLICIES, *((level, "latest") for level in LEVELS)}
    labels = {namespace(level, version): {LABEL: level, f"{LABEL}-version": version} for level, version in every}
    for name, own in {OPEN: {LABEL: "privileged"}, **labels}.items():
        server.write("/api/v1/namespaces", {"metadata": {"name": name, "labels": own}})
        server.write(f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "default"}})
    return client


@pytest.fixture(scope="module")
def newest(client):
    """The minor that latest means to the server."""
    _, version = client.ask("/version", None, method="GET")
    return int(re.match(r"\d+", version["minor"])[0])


@pytest.fixture(scope="module")
def pods(client):
    """Random pods, as they were written and as the server shows them; those that it calls invalid are left out."""
    print(f"seed {SEED}: KSCAN_SEED={SEED} asks the same again")
    generator = Pods(SEED)
    written = [generator.pod(f"random-{index}") for index in range(PODS)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pod: create(client, OPEN, pod), written))
    assert {status for status, _ in answers} <= {201, 422}, [
        body for status, body in answers if status not in (201, 422)
    ][:2]
    return [(pod, body) for pod, (status, body) in zip(written, answers, strict=True) if status == 201]


def create(client, place, pod):
    """The answer to a creation that is only tried."""
    return client.ask(f"/api/v1/namespaces/{place}/pods?dryRun=All", pod)


def controls(message):
    """What a refusal is for."""
    reasons = re.sub(r" \([^()]*\)", "", message.partition('": ')[2])
    return {CONTROLS[reason] for reason in reasons.split(", ")}


@pytest.mark.parametrize(("level", "version"), POLICIES)
def test_the_server_refuses_the_same_pods_for_the_same_controls(client, pods, newest, level, version):
    compare(client, pods, newest, level, version)


@pytest.mark.every_version
@pytest.mark.parametrize("level", LEVELS)
def test_so_it_does_at_its_own_version(client, pods, newest, level):
    compare(client, pods, newest, level, "latest")


def compare(client, pods, newest, level, version):
    # Half of them for each, and not the same half for those beside it.
    pods = pods[(LEVELS.index(level) + minor_of(version, latest=newest)) % 2 :: 2]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda pair: create(client, namespace(level, version), pair[0]), pods))
    assert {status for status, _ in answers} == {201, 403}
    minor = minor_of(version, latest=newest)
    for (written, shown), (status, body) in zip(pods, answers, strict=True):
        theirs = controls(body["message"]) if status == 403 else set()
        ours = {one.control for one in violations(shown, level, minor)}
        assert ours == theirs, f"seed {SEED}: {written}: {body.get('message')}"
        assert bool(violations(written, level, minor)) == bool(theirs), f"seed {SEED}: {written}"


def test_an_ephemeral_container_counts(client, server):
    """It cannot be created with its pod, so this one is written."""
    place = f"/api/v1/namespaces/{namespace(Level.BASELINE, 'latest')}/pods"
    server.write(place, {"metadata": {"name": "debugged"}, "spec": {"containers": [{"name": "app", "image": "i"}]}})
    for context in ({"privileged": True}, {"privileged": False}, {"capabilities": {"add": ["NET_RAW"]}}):
        _, pod = client.ask(f"{place}/debugged", None, method="GET")
        pod["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "i", "securityContext": context}]
        status, _ = client.ask(f"{place}/debugged/ephemeralcontainers?dryRun=All", pod, method="PUT")
        assert status == (403 if violations(pod, Level.BASELINE) else 200)


def test_the_pods_are_worth_asking_about(pods, newest):
    levels = [meets(shown, newest) for _, shown in pods]
    assert len(pods) > PODS // 2
    assert all(levels.count(level) > PODS // 20 for level in Level)
    alone = [{one.control for one in violations(shown, Level.RESTRICTED, newest)} for _, shown in pods]
    assert {*CONTROLS.values()} == set().union(*alone)
