"""Pods that are asked for on a real API server as somebody whom kscan means by a case."""

import copy

from kscan.model.admission.cases import ANYBODY, PERSON
from kscan.model.admission.matching import CREATE_POD
from kscan.model.admission.pods import edited
from tests.live.test_rbac import Client


class Tenant:
    """Asks the server as somebody whom kscan means by a case."""

    def __init__(self, server):
        self.client, self.made = Client(server), 0

    def ask(self, place, case, tried, *, dry="?dryRun=All"):
        """Whether the server lets in what is done in some pod."""
        identity = (PERSON if case.requester == ANYBODY else case.requester).identity
        body = self._written(edited(tried.pod, case, place))
        path = f"/api/v1/namespaces/{place}/pods"
        if case.request == CREATE_POD:
            return self._let_in(*self.client.ask(f"{path}{dry}", body, identity=identity))
        # The pod that is debugged is there already, and harmless; whoever made it chose what else it says.
        old = self._written(edited(tried.plain, case, place))
        self.made += 1
        name = f"debugged-{self.made}"
        old["metadata"]["name"] = body["metadata"]["name"] = name
        del old["spec"]["ephemeralContainers"]
        status, answer = self.client.ask(path, old, identity=identity)
        assert status == 201, answer
        answer["spec"]["ephemeralContainers"] = body["spec"]["ephemeralContainers"]
        return self._let_in(
            *self.client.ask(f"{path}/{name}/ephemeralcontainers{dry}", answer, method="PUT", identity=identity)
        )

    @staticmethod
    def _written(pod):
        """As it is sent: without what the server sets."""
        pod = copy.deepcopy(pod)
        metadata = {key: value for key, value in pod["metadata"].items() if key not in ("uid", "creationTimestamp")}
        if "generateName" in metadata:
            del metadata["name"]
        return {**{key: value for key, value in pod.items() if key != "status"}, "metadata": metadata}

    @staticmethod
    def _let_in(status, answer):
        assert status in (200, 201, 403, 422, 500), answer
        assert "cannot create resource" not in answer.get("message", ""), answer
        return status < 300
