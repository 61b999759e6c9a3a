"""What must not leave the cluster: environment values, copies of applied manifests, anything like a credential."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from kscan.model.base import read_json
from kscan.snapshot.entry import Body, Entry, Item, Listing
from kscan.snapshot.snapshot import Snapshot

HIDDEN = "(hidden)"
_HIDDEN_WHOLE = msgspec.json.encode(HIDDEN)
_APPLIED = "last-applied-configuration"
_WORD = r"(?:passw|secret|token|api[-_]?key|credential|private[-_]?key|access[-_]?key)"
_NAME = re.compile(_WORD, re.IGNORECASE)
# The lengths are bounded, so that no text makes the search slow.
_ASSIGNED = re.compile(
    rf"(?i)(?P<key>{_WORD}[\w.-]{{0,80}})(?P<sign>[\"']?[ \t]*[=:][ \t]*[\"']?)(?P<value>[^\s\"'\[{{][^\s\"']*)"
)
_FLAG = re.compile(rf"(?i)--?[\w.-]{{0,80}}{_WORD}[\w.-]{{0,80}}")
# What is named like a credential and is none: a switch, a file, a version, a length of time.
_SETTING_KEY = re.compile(r"(?i)(?:file|path|dir|name|version|ttl|expiration)$")
_SETTING = re.compile(r"(?i)/.*|true[,;)]?|false[,;)]?", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)[,;)]?")
_CREDENTIAL = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*"  # PEM
    r"|\beyJ[\w-]{8,1024}\.[\w-]{8,65536}\.[\w-]+"  # JSON web token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[pousr]_\w{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{18,}"  # GitHub, GitLab
    r"|\bxox[abprs]-[\w-]{10,}"  # Slack
    r"|\bAIza[\w-]{35}\b"  # Google
    r"|://[^/\s:@]+:[^/\s@]+@"  # password in a URL
    r"|(?i:\bbearer)\s+[\w.~+/-]{16,}=*",
    re.DOTALL,
)


_KINDS = (
    (re.compile(r"^$"), ""),
    (re.compile(r"PRIVATE KEY-----"), "(hidden PRIVATE KEY-----)"),
    (re.compile(r"://[^/@: ]*:[^/@ $]+@"), "(hidden)://hidden:hidden@"),
    (re.compile(r"[$][({]"), "$(hidden)"),
    (re.compile(r"^[0-9]+(?:[.][0-9]+)?(?:ns|us|ms|s|m|h|d)?$"), "(hidden number)"),
    (
        re.compile(
            r"^(?:(?:vault|file|op|arn|ref[+][a-z]+):.*|projects/.*|/[a-z][\w.-]*/[\w./-]+"
            r"|(?i:true|false|yes|no|on|off|enabled|disabled|none|null))$"
        ),
        "(hidden setting)",
    ),
)


_DATA = {"data", "binaryData"}
# Of a config map, whose values are often whole files.
_DATA_KINDS = (
    (re.compile(r"PRIVATE KEY-----"), "(hidden PRIVATE KEY-----)"),
    (re.compile(r"://[^/@:\s]*:[^/@ $<{\s]+@"), "(hidden)://hidden:hidden@"),
    (re.compile(r"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{30}|github_pat_\w{30}|glpat-[\w-]{18}|xox[abprs]-[\w-]{10}"
                r"|AIza[\w-]{35}"), "(hidden known form)"),
    (re.compile(r"(?im)^[ \t]*(?:export )?[a-z0-9_.-]*(?:passw(?:or)?d|passphrase|(?:api|secret|access)[_-]?key)"
                r"[ \t]*=[ \t]*[\"']?[a-z_.+@-]*[0-9][^\s\"'(),;]{3,}[\"']?[ \t]*$"), "hidden_password=hidden1"),
    (re.compile(r"\n"), "(hidden lines)"),
    (re.compile(r"[{][{]"), "{{hidden}}"),
    (re.compile(r"^(?:vault|file|op|arn|ref[+][a-z]+):"), "(hidden setting)"),
    (re.compile(r"://"), HIDDEN),
)  # fmt: skip
_MARKS = {mark for _, mark in (*_KINDS, *_DATA_KINDS)}


def safe(text: str) -> str:
    """The text with everything that looks like a credential hidden."""
    return _short(text) if len(text) < _SHORT else _without_credentials(text)


def _without_credentials(text: str) -> str:
    return _ASSIGNED.sub(_hidden, _CREDENTIAL.sub(HIDDEN, text))


# What is not known is so of many objects for one reason.
_SHORT = 500
_short = lru_cache(maxsize=512)(_without_credentials)


def _hidden(found: re.Match[str]) -> str:
    if _is_setting(found["key"], found["value"]):
        return found[0]
    return found["key"] + found["sign"] + HIDDEN


def _is_setting(key: str, value: str) -> bool:
    if _SETTING_KEY.search(key) or _SETTING.fullmatch(value):
        return True
    return "passw" not in key.lower() and bool(_NUMBER.fullmatch(value))


def redacted(snapshot: Snapshot) -> Snapshot:
    """The snapshot with nothing in it that must not leave the cluster."""
    specs: dict[bytes, bytes] = {}
    return Snapshot(snapshot.about, {path: _entry(entry, specs) for path, entry in snapshot.entries.items()})


def _entry(entry: Entry, specs: dict[bytes, bytes]) -> Entry:
    if isinstance(entry, Listing):
        one = _config_map if entry.kind == "ConfigMap" else _item
        return msgspec.structs.replace(entry, items=tuple(_told_or_hidden(one, item, specs) for item in entry.items))
    if isinstance(entry, Body):
        try:
            content = _json(entry.content) if "json" in entry.media_type else _text(entry.content)
        except RecursionError:
            content = _HIDDEN_WHOLE
        return msgspec.structs.replace(entry, content=content)
    return entry


def _told_or_hidden(one: Callable[[Item, dict[bytes, bytes]], Item], item: Item, specs: dict[bytes, bytes]) -> Item:
    """An object without what must be hidden; one that is nested too deep to look through is hidden whole."""
    try:
        return one(item, specs)
    except RecursionError:
        return Item(_HIDDEN_WHOLE)


def _item(item: Item, specs: dict[bytes, bytes]) -> Item:
    if item.spec and item.spec not in specs:
        specs[item.spec] = _json(item.spec)
    return msgspec.structs.replace(item, head=_json(item.head), spec=specs.get(item.spec, b""))


def _config_map(item: Item, specs: dict[bytes, bytes]) -> Item:
    """A config map; of what must be hidden in it, nothing but its kind is left."""
    try:
        body = read_json(item.head, dict[str, Any])
    except msgspec.MsgspecError:
        return _item(item, specs)
    cleaned = clean({key: value for key, value in body.items() if key not in _DATA})
    for field in _DATA & body.keys():
        value = body[field]
        cleaned[field] = (
            {key: _cleaned_data(key, one) for key, one in value.items()} if isinstance(value, dict) else clean(value)
        )
    return msgspec.structs.replace(item, head=msgspec.json.encode(cleaned))


def _cleaned_data(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if clean({key: value}) == {key: value}:
        return value
    text = value.strip() if isinstance(value, str) else str(value or "")
    if text in _MARKS:
        return text
    found = (mark for pattern, mark in _DATA_KINDS if pattern.search(text))
    return next(found, None) or _mark(text)


def _text(content: bytes) -> bytes:
    return safe(content.decode(errors="replace")).encode()


def _json(content: bytes) -> bytes:
    try:
        value = read_json(content, object)
    except msgspec.MsgspecError:
        return _text(content)
    return msgspec.json.encode(clean(value))


def clean(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value without what must be hidden."""
    match value:
        case dict():
            return _clean_map(value)
        case list() if key in ("args", "command"):
            return list(_clean_words(value))
        case list():
            return [_clean_env(one) if key == "env" else clean(one, key) for one in value]
        case str():
            return safe(value)
    return value


def _clean_map(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: HIDDEN if isinstance(member, str) and _hides(key, member) else clean(member, key)
        for key, member in value.items()
    }


def _hides(key: str, member: str) -> bool:
    """Whether a key that a person chose (a Kubernetes field has no dot, dash or underscore) names a credential."""
    chosen = any(mark in key for mark in "._-") or key.lower() in ("password", "token", "secret", "apikey")
    named = chosen and bool(member) and bool(_NAME.search(key)) and not _is_setting(key, member)
    return named or key.endswith(_APPLIED)


def _clean_words(words: Iterable[Any]) -> Iterator[Any]:
    """The words of a command line; a flag such as --password hides the word after it."""
    flag = ""
    for word in words:
        if isinstance(word, str) and flag and not word.startswith("-") and not _is_setting(flag, word):
            yield HIDDEN
        else:
            yield clean(word)
        flag = word if isinstance(word, str) and _FLAG.fullmatch(word) else ""


def _clean_env(one: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(one, dict) and "value" in one:
        return one | {"value": _mark(one["value"])}
    return clean(one)


def _mark(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """What stands for an environment value: nothing of it but its kind, so that checks decide as they would have."""
    text = value if isinstance(value, str) else str(value or "")
    if text in _MARKS:
        return text
    return next((mark for pattern, mark in _KINDS if pattern.search(text)), HIDDEN)
