"""Folders of manifests, and what is found in them."""

from kscan import data
from kscan.checks.check import by_id, read_checks
from kscan.judge.engine import evaluate
from kscan.judge.origins import located
from kscan.judge.plan import plan

CHECKS = by_id(read_checks(data.folder("checks")))
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  containers:
    - name: app
      image: app:1
      securityContext: {privileged: true}
"""
# A program of ours in the place of helm: it notes its words, and prints what helm prints of a chart.
HELM = """\
#!/bin/sh
for word in "$@"; do echo "$word"; done > "$NOTES"
cat <<'END'
---
# Source: web/crds/thing.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: values}
---
# Source: web/charts/side/templates/pod.yaml
%s
END
"""


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(opened):
    (result,) = located(evaluate(opened.snapshot, plan([CHECKS["privileged-container"]])), opened.origins).results
    return [(str(one.object), one.source) for one in result.findings]
