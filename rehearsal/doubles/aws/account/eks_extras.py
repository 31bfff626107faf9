"""The part of EKS's API that moto 5.2.5 lacks: add-ons, access entries, pod identity, cluster and node versions.

Kept on moto's own cluster object, and served through moto's own routes, so that any AWS client sees it.
"""

import datetime
import uuid

import moto.eks.urls as urls
from moto.core.responses import ActionResult, EmptyResult
from moto.eks.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.eks.models import Cluster
from moto.eks.responses import EKSResponse


def _now():
    return datetime.datetime.now(datetime.timezone.utc)


def _params(response):
    """The call's parameters under the names of AWS's model, wherever the protocol put them."""
    response.parse_parameters(response.normalized_request)
    return dict(response.params)


def _cluster(response, name):
    return response.eks_backend.describe_cluster(name)


class Shelf:
    """One kind of thing a cluster has: made, read, changed and deleted by name."""

    def __init__(self, kind, key, wrapper, unique, complete):
        self.kind, self.key, self.wrapper, self.unique, self.complete = kind, key, wrapper, unique, complete

    def on(self, cluster):
        return vars(cluster).setdefault(self.kind, {})

    def put(self, cluster, params):
        things = self.on(cluster)
        if self.unique(params) in [self.unique(thing) for thing in things.values()]:
            taken = f"{self.kind}: {self.unique(params)} is already in use on cluster {cluster.name}."
            raise ResourceInUseException(message=taken)
        thing = {"tags": {}} | params | {"createdAt": _now(), "modifiedAt": _now()}
        thing |= self.complete(cluster, thing)
        things[thing[self.key]] = thing
        return thing

    def _one(self, response):
        params = _params(response)
        things = self.on(_cluster(response, params["clusterName"]))
        name = params.pop(self.key)
        if name not in things:
            raise ResourceNotFoundException(message=f"{self.kind}: no {name} on cluster {params['clusterName']}.")
        return things, name, params

    def create(self, response):
        params = _params(response)
        return ActionResult({self.wrapper: self.put(_cluster(response, params["clusterName"]), params)})

    def describe(self, response):
        things, name, _ = self._one(response)
        return ActionResult({self.wrapper: things[name]})

    def update(self, response):
        things, name, params = self._one(response)
        things[name] |= params | {"modifiedAt": _now()}
        return ActionResult({self.wrapper: things[name], "update": _update()})

    def delete(self, response):
        things, name, _ = self._one(response)
        return ActionResult({self.wrapper: things.pop(name)})

    def list(self, response):
        return ActionResult({f"{self.wrapper}s": list(self.on(_cluster(response, _params(response)["clusterName"])).values())})


def _update():
    return {"id": str(uuid.uuid4()), "status": "Successful", "type": "ConfigUpdate", "params": [], "createdAt": _now(), "errors": []}


def _arn(cluster, kind, *parts):
    return ":".join([*cluster.arn.split(":")[:5], "/".join([kind, cluster.name, *parts])])


def _addon(cluster, thing):
    version = {"addonVersion": thing["addonVersion"]} if "addonVersion" in thing else {}
    return {"status": "ACTIVE", "addonArn": _arn(cluster, "addon", thing["addonName"], str(uuid.uuid4())), **version}


def _entry(cluster, thing):
    kind = thing.get("type", "STANDARD")
    name = thing["principalArn"].split("/")[-1]
    return {"type": kind, "accessEntryArn": _arn(cluster, "access-entry", "role", cluster.arn.split(":")[4], name, str(uuid.uuid4()))}


def _identity(cluster, thing):
    name = f"a-{uuid.uuid4().hex[:17]}"
    return {"associationId": name, "associationArn": _arn(cluster, "podidentityassociation", name)}


ADDONS = Shelf("addons", "addonName", "addon", lambda thing: thing["addonName"], _addon)
ENTRIES = Shelf("access entries", "principalArn", "accessEntry", lambda thing: thing["principalArn"], _entry)
IDENTITIES = Shelf(
    "pod identity associations",
    "associationId",
    "association",
    lambda thing: f"{thing['namespace']}/{thing['serviceAccount']}",
    _identity,
)
POLICIES = "access policies"


def _policies(response):
    things, name, params = ENTRIES._one(response)
    return things[name].setdefault(POLICIES, {}), params


def _associate(response):
    policies, params = _policies(response)
    policy = {"policyArn": params["policyArn"], "accessScope": params["accessScope"], "associatedAt": _now(), "modifiedAt": _now()}
    policies[params["policyArn"]] = policy
    return ActionResult({"clusterName": params["clusterName"], "associatedAccessPolicy": policy})


def _disassociate(response):
    policies, params = _policies(response)
    if policies.pop(params["policyArn"], None) is None:
        raise ResourceNotFoundException(message=f"No association with {params['policyArn']}")
    return EmptyResult()


def _associated(response):
    policies, _ = _policies(response)
    return ActionResult({"associatedAccessPolicies": list(policies.values())})


def _cluster_version(response):
    params = _params(response)
    _cluster(response, params["name"]).version = params["version"]
    return ActionResult({"update": _update()})


def _cluster_config(response):
    """moto puts the new network settings in place of all of them, and drops the rest."""
    params = _params(response)
    cluster = _cluster(response, params["name"])
    cluster.resources_vpc_config = cluster.resources_vpc_config | params.get("resourcesVpcConfig", {})
    if "logging" in params:
        cluster.logging = params["logging"]
    return ActionResult({"update": _update()})


def _node_version(response):
    params = _params(response)
    group = response.eks_backend.describe_nodegroup(params["clusterName"], params["nodegroupName"])
    for attribute, key in (("version", "version"), ("release_version", "releaseVersion"), ("launch_template", "launchTemplate")):
        if key in params:
            setattr(group, attribute, params[key])
    return ActionResult({"update": _update()})


def _tags_of(response, arn):
    """moto tags clusters only."""
    for cluster in response.eks_backend.clusters.values():
        if cluster.arn == arn:
            return cluster.tags
        for group in cluster.nodegroups.values():
            if group.arn == arn:
                return group.tags
        for shelf in (ADDONS, ENTRIES, IDENTITIES):
            for thing in shelf.on(cluster).values():
                if arn in thing.values():
                    return thing["tags"]
    raise ResourceNotFoundException(message=f"Resource was not found: {arn}")


def _tag(response):
    params = _params(response)
    _tags_of(response, params["resourceArn"]).update(params["tags"])
    return EmptyResult()


def _list_tags(response):
    return ActionResult({"tags": _tags_of(response, _params(response)["resourceArn"])})


def _untag(response):
    params = _params(response)
    tags = _tags_of(response, params["resourceArn"])
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return EmptyResult()


METHODS = {
    "create_addon": ADDONS.create, "describe_addon": ADDONS.describe, "update_addon": ADDONS.update, "delete_addon": ADDONS.delete,
    "create_access_entry": ENTRIES.create, "describe_access_entry": ENTRIES.describe, "update_access_entry": ENTRIES.update,
    "delete_access_entry": ENTRIES.delete, "associate_access_policy": _associate, "disassociate_access_policy": _disassociate,
    "list_associated_access_policies": _associated,
    "create_pod_identity_association": IDENTITIES.create, "describe_pod_identity_association": IDENTITIES.describe,
    "update_pod_identity_association": IDENTITIES.update, "delete_pod_identity_association": IDENTITIES.delete,
    "list_pod_identity_associations": IDENTITIES.list,
    "tag_resource": _tag, "untag_resource": _untag, "list_tags_for_resource": _list_tags,
    "update_cluster_version": _cluster_version, "update_nodegroup_version": _node_version,
    "update_cluster_config": _cluster_config,
}  # fmt: skip
ROUTES = [
    "/addons", "/addons/(?P<addonName>[^/]+)", "/access-entries", "/access-entries/(?P<principalArn>.+)/access-policies",
    "/access-entries/(?P<principalArn>.+)/access-policies/(?P<policyArn>.+)", "/access-entries/(?P<principalArn>.+)",
    "/pod-identity-associations", "/pod-identity-associations/(?P<associationId>[^/]+)", "/updates",
    "/node-groups/(?P<nodegroupName>[^/]+)/update-version",
]  # fmt: skip


def install():
    """Adds the operations and their routes to moto's EKS."""
    for name, method in METHODS.items():
        # moto looks for plain functions, so that a bound method would not be found.
        setattr(EKSResponse, name, lambda response, method=method: method(response))
    for route in ROUTES:
        urls.url_paths["{0}/clusters/(?P<name>[^/]+)" + route + "$"] = urls.response.dispatch
