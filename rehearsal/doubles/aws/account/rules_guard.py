"""What Lambda, EventBridge Scheduler and Budgets refuse and moto 5.2.5 accepts."""

import base64
import binascii
import io
import json
import zipfile

from backends import backend, role
from model import Refused

# Of all variables together: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LARGEST_ENVIRONMENT = 4096


def _trusts(region, arn, service, refusal):
    """The refusal, unless the role's trust policy names the service."""
    try:
        document = json.loads(role(region, arn).assume_role_policy_document)
    except Refused:
        raise refusal from None
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal", {}).get("Service", [])
        if service in ([named] if isinstance(named, str) else named):
            return
    raise refusal


def _function_role(region, params):
    if "Role" in params:
        refusal = Refused("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")
        _trusts(region, params["Role"], "lambda.amazonaws.com", refusal)


def _environment(_region, params):
    variables = params.get("Environment", {}).get("Variables", {})
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > LARGEST_ENVIRONMENT:
        raise Refused("InvalidParameterValueException", f"Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit: {size} bytes")


def _code(_region, params):
    """Calls come as JSON, so bytes are in base64; what reaches moto are the bytes themselves."""
    holder = params.get("Code", params)
    try:
        code = base64.b64decode(holder["ZipFile"], validate=True)
        zipfile.ZipFile(io.BytesIO(code)).testzip()
    except (binascii.Error, zipfile.BadZipFile):
        raise Refused("InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again.") from None
    holder["ZipFile"] = code


def _schedule(region, params):
    group = params.get("GroupName", "default")
    if group not in backend("scheduler", region).schedule_groups:
        raise Refused("ResourceNotFoundException", f"Schedule group {group} does not exist.")
    refusal = Refused("ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
    _trusts(region, params["Target"]["RoleArn"], "scheduler.amazonaws.com", refusal)


def _budget(region, params):
    for name, values in params["Budget"].get("CostFilters", {}).items():
        wrong = [value for value in values if name == "TagKeyValue" and not (value.startswith(("user:", "aws:")) and "$" in value)]
        if wrong:
            raise Refused("InvalidParameterException", f"Unable to create budget - the filter TagKeyValue takes values like user:Key$value, not {wrong[0]}")
    for told in params.get("NotificationsWithSubscribers", []):
        for subscriber in told["Subscribers"]:
            if subscriber["SubscriptionType"] == "SNS":
                _may_publish(region, subscriber["Address"])


def _may_publish(region, arn):
    """Budgets tries the topic when it is named."""
    topic = backend("sns", region).topics.get(arn)
    statements = json.loads(topic.policy)["Statement"] if topic else []
    if not any("budgets.amazonaws.com" in json.dumps(one.get("Principal")) and one["Effect"] == "Allow" for one in statements):
        raise Refused("InvalidParameterException", f"Unable to create notification - the topic {arn} does not let budgets.amazonaws.com publish")


RULES = {
    ("lambda", "CreateFunction"): [_function_role, _environment, _code],
    ("lambda", "UpdateFunctionConfiguration"): [_function_role, _environment],
    ("lambda", "UpdateFunctionCode"): [_code],
    ("scheduler", "CreateSchedule"): [_schedule],
    ("scheduler", "UpdateSchedule"): [_schedule],
    ("budgets", "CreateBudget"): [_budget],
}
