"""IAM's enforcement for sessions of assumed roles, which an own call switches on.

moto judges a call by its action alone: of every call the resource is "*", which a statement with an ARN never matches, and
conditions on tags are never met. Here the resource is the one that the call names, and tags are those that it has, or those
that the call asks for where it makes something.
"""

import json
import re
from xml.sax.saxutils import escape

from backends import ACCOUNT, PARTITION_REGION, backend
from model import Refused
from moto.core.exceptions import AccessDeniedError, JsonRESTError
from moto.iam.access_control import IAMRequestBase
from moto.iam.exceptions import NotFoundException
from moto.sts.models import sts_backends

STATE = {"on": False, "denialsOf": []}
# Services whose calls are signed with another name than their actions have.
PREFIXES = {"monitoring": "cloudwatch"}


def _enforce_iam(_region, params):
    """`denialsOf`: roles whose Allow statements count for their actions alone, for want of the conditions that these have."""
    if "on" not in params or set(params) - set(STATE):
        raise Refused("ValidationException", "EnforceIam takes `on` and `denialsOf`, and nothing else")
    STATE.update({"denialsOf": []} | params)
    return {}


OWN_CALLS = {"EnforceIam": _enforce_iam}


class Call:
    """One call of AWS: its action, and each resource that it names with its condition keys."""

    def __init__(self, request):
        service, _, operation = request._action.partition(":")
        self.region = request._region
        self.action = f"{PREFIXES.get(service, service)}:{operation}"
        self.path = request._path.partition("?")[0]
        self.form = {key: value[0] if isinstance(value, list) else value for key, value in request._data.items()}
        try:
            body = json.loads(request._body or "{}")
        except ValueError:
            body = {}
        self.body = body if isinstance(body, dict) else {}
        find = RESOURCES.get(self.action)
        # A call without an entry is of everything: only a statement for every resource allows it.
        self.resources = find(self) if find else [("*", {})]

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


def _instances(call):
    ids = [value for key, value in call.form.items() if re.fullmatch(r"InstanceId\.\d+", key)]
    ec2 = backend("ec2", call.region)
    tags = {one: {f"aws:ResourceTag/{tag['key']}": tag["value"] for tag in ec2.describe_tags({"resource-id": [one]})} for one in ids}
    return [(call.arn("ec2", f"instance/{one}"), tags[one]) for one in ids]


def _launched(call):
    """What a launch makes, each kind with the tags that the call asks for it; what it is made from has none of these."""
    made = {}
    for key, value in call.form.items():
        if found := re.fullmatch(r"TagSpecification\.(\d+)\.ResourceType", key):
            made[found[1]] = (call.arn("ec2", f"{value}/*"), {})
    for key, tag in call.form.items():
        if (found := re.fullmatch(r"TagSpecification\.(\d+)\.Tag\.(\d+)\.Key", key)) and found[1] in made:
            # A tag without a value is one all the same, whose key the call has.
            made[found[1]][1][f"aws:RequestTag/{tag}"] = call.form.get(key.removesuffix("Key") + "Value", "")
    return [("*", {}), *made.values()]


def _parameter(call):
    return [(call.arn("ssm", f"parameter/{call.body['Name'].lstrip('/')}"), {})]


def _topic(call):
    return [(call.form.get("TopicArn") or call.body.get("TopicArn"), {})]


def _role(call):
    try:
        return [(backend("iam", call.region).get_role(call.form["RoleName"]).arn, {})]
    except NotFoundException:
        return [(f"arn:aws:iam::{ACCOUNT}:role/{call.form['RoleName']}", {})]


def _node_group(call):
    _, _, cluster, _, group, *_ = call.path.split("/")
    found = backend("eks", call.region).clusters.get(cluster)
    of = found.nodegroups.get(group) if found else None
    # The end of the ARN is made up by EKS; of a group that does not exist nobody's statement holds it.
    return [(of.arn if of else call.arn("eks", f"nodegroup/{cluster}/{group}/none"), {})]


RESOURCES = {
    "ec2:CreateFleet": _launched,
    "ec2:RunInstances": _launched,
    "ec2:TerminateInstances": _instances,
    "ssm:GetParameter": _parameter,
    "ssm:PutParameter": _parameter,
    "sns:Publish": _topic,
    "iam:PutRolePolicy": _role,
    "iam:DeleteRolePolicy": _role,
    "eks:DescribeNodegroup": _node_group,
    "eks:UpdateNodegroupConfig": _node_group,
}


def _many(value):
    return value if isinstance(value, list) else [value]


def _like(patterns, text):
    """IAM's wildcards: `*` for any text, `?` for one character."""
    turned = (re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") for one in _many(patterns))
    return any(re.fullmatch(one, text, re.DOTALL) for one in turned)


OPERATORS = {"StringEquals": lambda wanted, given: given in _many(wanted), "StringLike": _like}


def _holds(condition, context):
    for operator, keys in condition.items():
        if operator not in OPERATORS:
            raise Refused("ValidationException", f"the double knows no condition operator {operator}")
        if not all(key in context and OPERATORS[operator](wanted, context[key]) for key, wanted in keys.items()):
            return False
    return True


def _names(statement, action):
    return _like([one.lower() for one in _many(statement["Action"])], action.lower())


def _matches(statement, action, resource, context):
    return (
        _names(statement, action)
        and _like(statement["Resource"], resource)
        and _holds(statement.get("Condition", {}), context)
    )


def _documents(policies):
    for policy in policies:
        # Inline policies are texts; of an attached one the default version counts.
        yield json.loads(policy if isinstance(policy, str) else next(one.document for one in policy.versions if one.is_default))


def allowed(policies, call, denials_only=False):
    """A matching Deny wins, of whichever resource it is, and each resource needs an Allow; with `denials_only` the action needs one."""
    statements = [one for document in _documents(policies) for one in _many(document["Statement"])]
    if denials_only:
        denials = [one for one in statements if one["Effect"] == "Deny"]
        # A role that has lost its policies and is not yet deleted itself is allowed nothing.
        return any(one["Effect"] == "Allow" and _names(one, call.action) for one in statements) and not any(
            _matches(one, call.action, resource, context) for resource, context in call.resources for one in denials
        )
    for resource, context in call.resources:
        effects = {one["Effect"] for one in statements if _matches(one, call.action, resource, context)}
        if effects != {"Allow"}:
            return False
    return True


def _refusal(who, action):
    """As the service words it; moto answers XML of IAM's whatever was asked, which no client of EKS or SSM can read."""
    service, _, operation = action.partition(":")
    message = f"User: {who} is not authorized to perform: {PREFIXES.get(service, service)}:{operation}"
    if service == "ec2":
        code, message = "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}"
        refusal = JsonRESTError(code, message)
        refusal.code, refusal.content_type = 403, "text/xml"
        refusal.description = f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors><RequestID>rehearsal</RequestID></Response>"
        return refusal
    if service in ("eks", "ssm"):
        refusal = JsonRESTError("AccessDeniedException", message)
        refusal.code = 400 if service == "ssm" else 403
        return refusal
    return AccessDeniedError(user_arn=who, action=action)


def install():
    from moto.core.authorization import ActionAuthenticatorMixin

    of_moto = ActionAuthenticatorMixin._authenticate_and_authorize_action
    judged_by_moto = IAMRequestBase.check_action_permitted

    def authorize(self, iam_request_cls, resource="*"):
        sessions = sts_backends[ACCOUNT][PARTITION_REGION].assumed_roles
        if not STATE["on"] or self.access_key not in [one.access_key_id for one in sessions]:
            return of_moto(self, iam_request_cls, resource)
        iam_request_cls(
            account_id=self.current_account,
            method=self.method,
            path=self.raw_path,
            data=self.data,
            body=self.raw_body,
            headers=self.headers,
            action=self._get_action(),
        ).check_action_permitted(resource)

    def permitted(self, resource):
        if not STATE["on"]:
            return judged_by_moto(self, resource)
        key = self._access_key
        denials_only = key._owner_role_name in STATE["denialsOf"]
        if self._action != "sts:GetCallerIdentity" and not allowed(key.collect_policies(), Call(self), denials_only):
            raise _refusal(self._access_key.arn, self._action)

    ActionAuthenticatorMixin._authenticate_and_authorize_action = authorize
    IAMRequestBase.check_action_permitted = permitted
