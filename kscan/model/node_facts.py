"""What `kscan node` tells of one node: files with their modes and owners, flags, policies; never a file's secrets."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from kscan.model.base import Noun

KIND, API_VERSION = "NodeFacts", "kscan.dev/v1"
# How a ConfigMap that holds one is known, and under which key.
LABEL, LABEL_VALUE, CONFIG_MAP_KEY = "app.kubernetes.io/name", "kscan-node", "node.json"
# What may be the name of a node.
NODE_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")

Why = Literal["", "missing", "denied", "cut off", "unreadable"]


class NodeFile(Noun, frozen=True):
    """One path: for what it stands and by which way each was found, and who may do what with it."""

    path: str
    roles: Mapping[str, str]
    type: str = ""
    # In octal digits.
    mode: Annotated[str, msgspec.Meta(pattern="^[0-7]{0,5}$")] = ""
    uid: int = -1
    gid: int = -1
    user: str = ""
    group: str = ""
    # Where the path is a symbolic link: what it leads to, which is what mode and owner are of.
    target: str = ""
    gap: Why = ""
    detail: str = ""

    @property
    def owner(self) -> str:
        """The owner as people write it: by name where the node's own passwd has one, else by number."""
        return f"{self.user or self.uid}:{self.group or self.gid}"

    def __str__(self) -> str:
        return f"{self.mode} {self.owner}"


class Program(Noun, frozen=True):
    """A program of the cluster and its flags; `complete` where a flag that is not listed is not given."""

    name: str
    via: str
    flags: Mapping[str, str] = {}
    complete: bool = True
    # The account that its process runs as, where one was seen.
    uid: int = -1


class Layout(Noun, frozen=True):
    """A distribution whose files are on the node, and the sign of it."""

    name: str
    sign: str


class Audit(Noun, frozen=True):
    """What the audit policy logs: for each area the least level, and who is left out of it."""

    path: str = ""
    gap: Why = ""
    detail: str = ""
    levels: Mapping[str, str] = {}
    left_out: Mapping[str, tuple[str, ...]] = {}
    catch_all: str = ""


class EncryptedResources(Noun, frozen=True):
    """The providers of some resources, in the order in which they are tried; of their keys nothing."""

    resources: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


class EncryptionFile(Noun, frozen=True):
    """The encryption configuration."""

    path: str
    gap: Why = ""
    detail: str = ""
    rules: tuple[EncryptedResources, ...] = ()


class NodeFacts(Noun, frozen=True, kw_only=True):
    """Everything that was found on one node."""

    kind: str = KIND
    api_version: str = API_VERSION
    node: str
    taken: str = ""
    kscan: str = ""
    layouts: tuple[Layout, ...] = ()
    # By which sign it runs a part of the control plane; empty where nothing says so.
    control_plane: str = ""
    files: tuple[NodeFile, ...] = ()
    programs: tuple[Program, ...] = ()
    # The kubelet's configuration file with its drop-ins merged, without what may hold a credential.
    kubelet_configuration: Mapping[str, object] = {}
    audit: Audit | None = None
    encryption: EncryptionFile | None = None
    # The kinds of plugins that connect its pods.
    network_plugins: tuple[str, ...] = ()
    # What was left out, and why.
    notes: tuple[str, ...] = ()

    def of(self, *roles: str) -> Iterator[NodeFile]:
        """The files that stand for one of the roles."""
        return (one for one in self.files if any(role in one.roles for role in roles))

    def program(self, name: str) -> Program | None:
        """A program by its name."""
        return next((one for one in self.programs if one.name == name), None)


def encoded(facts: NodeFacts) -> bytes:
    """The document as it is printed: its kind first, one line."""
    lead = msgspec.json.encode({"kind": facts.kind, "apiVersion": facts.api_version})[:-1]
    return lead + b"," + msgspec.json.encode(facts)[1:] + b"\n"
